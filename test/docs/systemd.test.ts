import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { parseConfig } from '../../src/config/config.ts';
import { itInterprets } from '../support/interpreters.ts';

const UNIT_TEXT = readFileSync(new URL('../../deploy/bellhop.service', import.meta.url), 'utf8');
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const run = promisify(execFile);

let folder: string;
let running: ChildProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-systemd-'));
});
afterEach(() => {
  running?.kill('SIGKILL');
  running = null;
  rmSync(folder, { recursive: true, force: true });
});

/** All values of a directive, in order. */
function directive(name: string): readonly string[] {
  const lines = UNIT_TEXT.split('\n').filter((line) => line.startsWith(`${name}=`));
  return lines.map((line) => line.slice(name.length + 1));
}

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** Where there is no systemd, as in most containers, nothing can be installed that would bring it. */
const itWithSystemd = (name: string, test: () => void): void => {
  if (hasSystemd) it(name, test);
  else it.skip(`${name} (skipped: no systemd-analyze here)`);
};

/** As it is, but for the Node of this machine: systemd looks whether the program is there. */
function installedUnit(name = 'bellhop.service'): string {
  const path = join(folder, name);
  writeFileSync(path, UNIT_TEXT.replaceAll('/usr/bin/node ', `${process.execPath} `));
  return path;
}

describe('deploy/bellhop.service', () => {
  itWithSystemd('is what systemd takes, under another name, too', () => {
    for (const name of ['bellhop.service', 'bellhop-shop.service']) {
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', installedUnit(name)], { encoding: 'utf8' });
      expect([status, stderr.split('\n').filter((line) => line.includes(name))]).toEqual([0, []]);
    }
    const wrong = join(folder, 'wrong.service');
    writeFileSync(wrong, `${UNIT_TEXT}\n[Service]\nProtectSystm=strict\n`);
    expect(spawnSync('systemd-analyze', ['verify', wrong], { encoding: 'utf8' }).stderr).toContain('ProtectSystm');
  });

  itWithSystemd('leaves little open, as systemd judges', () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=15', installedUnit()];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    // Older ones than 250 judge only what runs.
    if (/unrecognized option|unknown option/i.test(stderr)) return;
    expect([status, stdout.split('\n').at(-2)]).toEqual([0, expect.stringContaining('exposure level')]);
  });

  it('sets what Bellhop knows, and listens to this machine alone', () => {
    const set = Object.fromEntries(
      directive('Environment').flatMap((line) => line.split(' ').map((pair) => pair.split('=') as [string, string])),
    );
    const { NODE_ENV, ...settings } = set;
    expect(NODE_ENV).toBe('production');
    expect(parseConfig(settings, () => '')).toMatchObject({ host: '127.0.0.1', port: 8080, dataDir: '%S/%N' });
    expect(directive('StateDirectory')).toEqual(['%N']);
    expect(directive('EnvironmentFile')).toEqual(['-/etc/bellhop/%N.env']);
  });

  const commandOf = (name: string): string => String(directive(name)[0]);

  /** As systemd runs it: a program, and for its shell a text with dollars of its own. */
  const waitUntilStarted = (environment: Record<string, string>) => {
    const [, text = ''] = /^\/bin\/sh -c '(.+)'$/.exec(commandOf('ExecStartPost')) ?? [];
    const env = { PATH: process.env.PATH ?? '', ...environment };
    return run('/bin/sh', ['-c', text.replaceAll('$$', '$')], { env });
  };

  async function start() {
    const PORT = String(await freePort());
    mkdirSync(join(folder, 'bellhop'), { mode: 0o700 });
    const { PATH = '' } = process.env;
    const env = { PATH, HOST: '127.0.0.1', PORT, DATA_DIR: join(folder, 'bellhop') };
    const [program = '', ...args] = commandOf('ExecStart')
      .replace('/usr/bin/node', process.execPath)
      .replace('/opt/bellhop/node_modules/bellhop/dist', DIST)
      .split(' ');
    const child = spawn(program, args, { cwd: join(folder, 'bellhop'), env, stdio: ['ignore', 'pipe', 'inherit'] });
    running = child;
    await waitUntilStarted({ HOST: '127.0.0.1', PORT, MAINPID: String(child.pid) });
    const secret = readFileSync(join(folder, 'bellhop', 'hmac-secret'), 'utf8').trim();
    return { child, call: signedClient(`http://127.0.0.1:${PORT}`, secret) };
  }

  async function stop(child: ChildProcess): Promise<void> {
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }

  itInterprets('sh', 'starts, is ready when it says so, reads keys again and stops', async () => {
    const { child, call } = await start();
    expect((await call('GET', '/v1/notifications')).status).toBe(200);
    expect(statSync(join(folder, 'bellhop', 'vapid.json')).mode & 0o777).toBe(0o600);
    const reload = commandOf('ExecReload').replace('$MAINPID', String(child.pid));
    execFileSync('sh', ['-c', reload]);
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('API keys were read again: default')) break;
    }
    await stop(child);
  });

  itInterprets('sh', 'does not wait for a service that has ended', async () => {
    const ended = spawnSync('true').pid;
    const waited = waitUntilStarted({ HOST: '127.0.0.1', PORT: String(await freePort()), MAINPID: String(ended) });
    await expect(waited).rejects.toMatchObject({ code: 1 });
  });
});
