import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { statusesOfPage } from '../support/page-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const run = promisify(execFile);

/** Nobody: as root, whom no missing right stops, the service is run as this user. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const { PATH = '' } = process.env;

describe('the package, installed by npm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-installed-'));
  const project = join(folder, 'a project of mine');
  const packagePath = join(project, 'node_modules', 'bellhop');
  const prefix = join(folder, 'global');
  const elsewhere = join(folder, 'elsewhere');
  /** Why npm could not install: no packages in its cache, and no registry. On CI there must be one. */
  let missing: string | null = null;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    for (const path of [project, elsewhere]) mkdirSync(path);
    chmodSync(elsewhere, 0o777);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'shop', version: '1.0.0', private: true }));
    const packed = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const archive = join(folder, packed.stdout.trim());
    const npm = (...args: string[]) =>
      run('npm', ['install', '--prefer-offline', '--silent', ...args], { cwd: project });
    try {
      await npm(archive);
      // Of a folder it makes links, and need not fetch all of it again.
      await npm('--global', '--prefix', prefix, packagePath);
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      missing = 'skipped: npm can install nothing here';
    }
  }, 120_000);
  afterAll(() => {
    if (existsSync(packagePath)) setWritable(packagePath, true);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const isInstalled = (context: TestContext): void => {
    if (missing !== null) context.skip(missing);
  };

  it('holds pages whose links all lead to what it holds, and of sources nothing but the maps that a log is told by', (context) => {
    isInstalled(context);
    const files = readdirSync(packagePath, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /(?<!\.d)\.ts$|^(?:src|test|scripts)\b/.test(name))).toEqual([]);
    expect(files.filter((name) => name.endsWith('.map') && !/^dist\/.*\.js\.map$/.test(name))).toEqual([]);
    expect(files).toContain('dist/start.js.map');
    expect(files.filter((name) => /^dist\/(?:client|sdk|pages)\b.*\.map$/.test(name))).toEqual([]);
    const pages = files.filter((name) => name.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/http.md', 'docs/clients.md', 'docs/emulator.md']));
    for (const page of pages) {
      const text = readFileSync(join(packagePath, page), 'utf8');
      for (const [, link = ''] of text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
        expect(existsSync(join(packagePath, dirname(page), link)), `${page} links ${link}`).toBe(true);
      }
    }
  });

  it('starts by npx, on a path with spaces, and serves the demo page with all that it names', async (context) => {
    isInstalled(context);
    const service = await start('npx', ['--no', 'bellhop', 'start'], { cwd: project, env: { DEMO_PAGE: 'true' } });
    const statuses = await statusesOfPage(service.address, '/demo');
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['/demo', '/demo/demo.js', '/sdk/bellhop.js']));
    expect(Object.entries(statuses).filter(([, status]) => status !== 200)).toEqual([]);
    for (const path of ['/healthz', '/sdk/bellhop-sw.js', '/openapi.json']) {
      expect([path, (await fetch(service.address + path)).status]).toEqual([path, 200]);
    }
    await service.stop();
    expect(existsSync(join(project, 'data', 'bellhop.db'))).toBe(true);
  }, 60_000);

  it('starts from another folder, as another user, with no right to write in its own', async (context) => {
    isInstalled(context);
    setWritable(packagePath, false);
    const program = join(packagePath, 'dist', 'main.js');
    const service = await start(process.execPath, [program], { cwd: elsewhere, ...NOBODY });
    expect((await fetch(`${service.address}/readyz`)).status).toBe(200);
    expect(await service.stop()).toBe(0);
    expect(existsSync(join(elsewhere, 'data', 'bellhop.db'))).toBe(true);
    expect(readdirSync(packagePath)).not.toContain('data');
  }, 60_000);

  it('runs as a command of the whole machine', async (context) => {
    isInstalled(context);
    const env = { PATH: `${dirname(process.execPath)}:${PATH}` };
    const told = await run(join(prefix, 'bin', 'bellhop'), ['--version'], { cwd: elsewhere, env });
    expect(told).toEqual({ stdout: `${version}\n`, stderr: '' });
  });
});

type Where = {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly gid?: number;
};

/** Resolves once the service is ready. `stop` ends it and what started it, and gives the exit code of that. */
async function start(command: string, args: string[], { env = {}, ...where }: Where) {
  const child = spawn(command, args, {
    ...where,
    env: { PATH: `${dirname(process.execPath)}:${PATH}`, HOME: where.cwd, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const address = await Promise.race([
    addressOf(child),
    ended.then(([code]) => Promise.reject(new Error(`it ended with ${code} before it was ready`))),
  ]);
  return {
    address,
    async stop() {
      process.kill(-Number(child.pid), 'SIGTERM');
      return (await ended)[0];
    },
  };
}

async function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  stderr?.pipe(process.stderr);
  for await (const text of createInterface({ input: stdout ?? process.stdin })) {
    const line = JSON.parse(text) as { msg?: string; address?: string };
    if (line.msg !== 'Bellhop is ready') continue;
    stdout?.resume();
    return String(line.address);
  }
  throw new Error('it never was ready');
}

/** Lets nobody write there, or its owner again. */
function setWritable(path: string, isWritable: boolean): void {
  const { mode } = statSync(path);
  chmodSync(path, mode | 0o200);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) setWritable(inside, isWritable);
    else if (entry.isFile()) chmodSync(inside, rights(statSync(inside).mode, isWritable));
  }
  chmodSync(path, rights(mode, isWritable));
}

function rights(mode: number, isWritable: boolean): number {
  return isWritable ? mode | 0o200 : mode & 0o555;
}
