import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagedBinary } from '../../scripts/registry-binary.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOST_OCTETS = 200_000;
const run = promisify(execFile);

const USE = `
const [url, secret] = process.argv.slice(2);
const client = createClient({ url, secret });
client.send({ type: 'packed', title: 'From its own package', user_ids: ['ada'] })
  .then(({ id }) => client.notifications.get(id))
  .then(({ title }) => console.log(title, typeof BellhopError));
`;

const TYPED = `
import { BellhopError, type Client, createClient, eachItem } from 'bellhop-client';
const client: Client = createClient({ url: 'https://push.example.com', secret: 'a secret' });
export const sent: Promise<{ id: string }> = client.send({ type: 't', title: 't', user_ids: ['ada'], priority: 'high' });
export const failed = eachItem((cursor) => client.notifications.deliveries('ntf_1', { state: 'failed', cursor }));
export const codeOf = (error: unknown): string | null => (error instanceof BellhopError ? error.code : null);
// @ts-expect-error: a title is text
export const wrong = (client: Client) => client.send({ type: 't', title: 1, user_ids: ['ada'] });
`;

/** The last TypeScript that resolves packages as Node 10 did, which many projects still have. */
function olderCompiler(): string | null {
  try {
    return packagedBinary({ packageName: 'typescript', version: '5.9.3', file: 'lib/tsc.js' });
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return null;
  }
}

describe('bellhop-client, a package of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-own-package-'));
  const project = join(folder, 'project');
  const installed = join(project, 'node_modules', 'bellhop-client');
  let service: ServiceProcess;

  /** Packed in a copy, so that nothing comes and goes in the folder that other tests read. */
  async function pack(): Promise<string> {
    const clone = join(folder, 'clone');
    for (const path of ['src/client', 'scripts/client-package.cjs', 'LICENSE', 'tsconfig.json']) {
      cpSync(join(ROOT, path), join(clone, path), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: join(clone, 'src/client'),
    });
    expect(readdirSync(join(clone, 'src/client')).sort()).toEqual(readdirSync(join(ROOT, 'src/client')).sort());
    return join(folder, stdout.trim());
  }

  beforeAll(async () => {
    const archive = await pack();
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'shop', version: '1.0.0' }));
    await run('npm', ['install', '--offline', '--silent', archive], { cwd: project });
    service = await startServiceProcess({ folder });
  }, 60_000);
  afterAll(async () => {
    await service?.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('is small, needs nothing else, and has the version of the service', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const octets = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
    expect(octets).toBeLessThan(MOST_OCTETS);
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'bellhop-client',
    ]);
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const versionIn = (path: string): string => JSON.parse(readFileSync(path, 'utf8')).version;
    expect(versionIn(join(installed, 'package.json'))).toBe(versionIn(join(ROOT, 'package.json')));
  });

  it.each([
    ['imported', 'program.mjs', `import { BellhopError, createClient } from 'bellhop-client';${USE}`],
    ['required', 'program.cjs', `const { BellhopError, createClient } = require('bellhop-client');${USE}`],
  ])('is %s and used', async (_, name, program) => {
    writeFileSync(join(project, name), program);
    const done = await run(process.execPath, [name, service.address, service.secret], { cwd: project });
    expect(done).toEqual({ stdout: 'From its own package function\n', stderr: '' });
  });

  const node10 = ['--module', 'commonjs', '--moduleResolution', 'node10', 'typed.ts'];
  const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler', 'typed.ts'];
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const older = olderCompiler();

  const compilers: [who: string, compiler: string, options: string[]][] = [
    ['this TypeScript, for Node', tsc, ['--module', 'nodenext', 'typed.mts', 'typed.cts']],
    ['this TypeScript, for a bundler', tsc, bundler],
  ];
  if (older === null) it.skip('skipped: no TypeScript 5 here, and none to be had from the registry');
  else {
    compilers.push(
      ['TypeScript 5, for Node 10', older, node10],
      ['TypeScript 5, for Node 16', older, ['--module', 'node16', 'typed.mts', 'typed.cts']],
      ['TypeScript 5, for a bundler', older, bundler],
    );
  }

  it.each(compilers)(
    'is typed by %s',
    async (_, compiler, options) => {
      for (const name of ['typed.ts', 'typed.mts', 'typed.cts']) writeFileSync(join(project, name), TYPED);
      const args = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', ...options];
      const done = await run(process.execPath, [compiler, ...args], { cwd: project }).catch((error) => error);
      expect(done.stdout).toBe('');
    },
    60_000,
  );
});
