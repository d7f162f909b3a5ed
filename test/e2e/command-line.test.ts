import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { COMMANDS } from '../../src/commands/commands.ts';
import { linkDependencies } from '../support/package.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = join(ROOT, 'dist/main.js');
const PATH = process.env.PATH ?? '';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-command-line-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bellhop(args: readonly string[], { main = BUILT, stdout = 'pipe' as 'pipe' | number, node = [''] } = {}) {
  const given = [...node.filter(Boolean), main, ...args];
  const stdio: ['ignore', 'pipe' | number, 'pipe'] = ['ignore', stdout, 'pipe'];
  const done = spawnSync(process.execPath, given, { cwd: folder, env: { PATH }, stdio, encoding: 'utf8' });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

describe('bellhop', () => {
  it('tells its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(bellhop(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(COMMANDS)('tells of $name, and does nothing', ({ name }) => {
    const told = bellhop([name, '--help']);
    expect(told).toMatchObject({ status: 0, stderr: '' });
    expect(told.stdout).toMatch(`usage: bellhop ${name}`);
    expect(bellhop(['help', name])).toEqual(told);
  });

  it('ends with 2 at a command or an option that there is not, and with the name that was meant', () => {
    const command = bellhop(['docter']);
    expect(command).toMatchObject({ status: 2, stdout: '' });
    expect(command.stderr).toMatch('There is no command "docter". Did you mean doctor?\n');
    const option = bellhop(['doctor', '--ofline']);
    expect(option).toMatchObject({ status: 2, stdout: '' });
    expect(option.stderr).toMatch('bellhop doctor has no option "--ofline". Did you mean --offline?\n');
  });

  it('refuses an option that is a setting, rather than start without it', () => {
    const { status, stderr } = bellhop(['--port', '9000']);
    expect(status).toBe(2);
    expect(stderr).toContain('set PORT in the environment');
  });

  it('goes away without a word with the reader of its output, as SIGPIPE has it', async () => {
    const child = spawn(process.execPath, [BUILT, 'doctor', '--offline'], { cwd: folder, env: { PATH } });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect([code, errors]).toEqual([141, '']);
  });

  it.runIf(existsSync('/dev/full'))('says in one line that its output finds a full disk', () => {
    const { status, stderr } = bellhop(['doctor', '--offline'], { stdout: openSync('/dev/full', 'w') });
    expect([status, stderr]).toEqual([1, 'bellhop: the output cannot be written (ENOSPC).\n']);
  });

  it.runIf(existsSync('/dev/full'))('goes on serving while the disk of its log is full', async () => {
    const port = await freePort();
    const env = { PATH, PORT: String(port), LOG_LEVEL: 'trace' };
    const stdio: ['ignore', number, 'pipe'] = ['ignore', openSync('/dev/full', 'w'), 'pipe'];
    const child = spawn(process.execPath, [BUILT, 'start'], { cwd: folder, env, stdio });
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const closed = once(child, 'close');
    const readyz = () => fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    await until('it is ready', async () => (await readyz())?.status === 200);
    expect((await readyz())?.status).toBe(200);
    child.kill('SIGTERM');
    expect([(await closed)[0], errors]).toEqual([0, '']);
  });

  it.each([
    ["{node:'18.20.8'}", /^Bellhop needs Node 20\.19 or newer, and this is Node 18\.20\.8\./],
    ["{node:'26.3.0',bun:'1.4.5'}", /^Bellhop does not run on Bun /],
  ])('says in clear words that it does not run on %s', (versions, says) => {
    const other = `data:text/javascript,Object.defineProperty(process,'versions',{value:${versions}})`;
    const { status, stderr } = bellhop(['start'], { node: ['--import', other] });
    expect(status).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('bellhop emulator', () => {
  /** The built program, with every package that it declares but these. */
  function copyWithout(packages: readonly string[]): string {
    const app = join(folder, 'app');
    cpSync(join(ROOT, 'dist'), join(app, 'dist'), { recursive: true });
    symlinkSync(join(ROOT, 'package.json'), join(app, 'package.json'));
    linkDependencies(app, app, packages);
    return join(app, 'dist/main.js');
  }

  it('says which package it lacks, and how to have it', () => {
    const { status, stderr } = bellhop(['emulator'], { main: copyWithout(['selfsigned']) });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^The push service emulator does not start: .* npm install selfsigned\n$/);
  });

  it('says that the container image goes without it', () => {
    const main = copyWithout([]);
    rmSync(join(folder, 'app/dist/emulator'), { recursive: true });
    const { status, stderr } = bellhop(['emulator'], { main });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^The push service emulator does not start: .* is not part of this installation.*\n$/);
  });
});
