import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const DATABASE = 'bellhop.db';

/** Real processes, and the command beside them. */
describe('a backup and its restore', () => {
  let folder: string;
  let port: number;
  let service: ServiceProcess | null;
  let call: SignedClient;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-backup-'));
    port = await freePort();
    service = null;
  });
  afterEach(async () => {
    await service?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const settings = (dataDir = 'data') => ({ PORT: String(port), DATA_DIR: join(folder, dataDir) });
  const start = async (dataDir = 'data', environment: Record<string, string> = {}): Promise<ServiceProcess> => {
    service = await startServiceProcess({ folder, environment: { ...settings(dataDir), ...environment } });
    call = signedClient(service.address, service.secret);
    return service;
  };
  const bellhop = (args: readonly string[], dataDir = 'data', input?: Buffer) => {
    const env = { PATH: process.env.PATH ?? '', ...settings(dataDir) };
    const program = ['--disable-warning=ExperimentalWarning', BUILT, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: folder, env, input });
    return { status, stdout, text: stdout.toString('utf8'), errors: stderr.toString('utf8') };
  };
  const accept = async (count: number): Promise<string> => {
    const body = { type: 'backup', user_ids: ['ada'], title: 'x'.repeat(200) };
    const answers = await Promise.all(Array.from({ length: count }, () => call('POST', '/v1/notifications', { body })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    return String(answers.at(-1)?.body.id);
  };

  it('go through the running process, by a file and by pipes, and start paused', async () => {
    await start();
    const id = await accept(50);
    expect(bellhop(['backup', 'one.db'])).toMatchObject({ status: 0, text: '' });
    const piped = bellhop(['backup', '-']);
    expect([piped.status, piped.stdout.toString('latin1', 0, 15)]).toEqual([0, 'SQLite format 3']);
    expect(bellhop(['backup', join('data', DATABASE)])).toMatchObject({ status: 1 });
    const restored = bellhop(['restore', '-'], 'new', piped.stdout);
    expect([restored.status, restored.errors]).toEqual([0, '']);
    expect(restored.text).toContain('bellhop resume --waiting=drop');
    expect(bellhop(['restore', 'one.db'], 'new').errors).toContain('nothing is written over it');
    await service?.stop('SIGTERM');
    for (const name of ['vapid.json', 'hmac-secret'])
      writeFileSync(join(folder, 'new', name), readFileSync(join(folder, 'data', name)), { mode: 0o600 });
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await start('new');
      expect((await call('GET', '/readyz')).body).toMatchObject({ status: 'paused' });
      expect((await call('GET', `/v1/notifications/${id}`)).status).toBe(200);
      expect(service?.log.some(({ event }) => event === 'sending.paused')).toBe(true);
      await service?.stop(signal);
    }
    await start('new');
    expect(bellhop(['resume'], 'new').status).toBe(2);
    expect(bellhop(['resume', '--waiting=send'], 'new')).toMatchObject({ status: 0 });
    expect((await call('GET', '/readyz')).body).toMatchObject({ status: 'ready' });
  }, 60_000);

  it('is made of the file itself where no process runs, and never beside one that does not answer', async () => {
    await start();
    await accept(20);
    await service?.stop('SIGKILL');
    const alone = bellhop(['backup', 'one.db']);
    expect([alone.status, alone.errors]).toEqual([0, expect.stringContaining('No Bellhop runs here')]);
    await start('data', { PORT: String(await freePort()) });
    const beside = bellhop(['backup', 'two.db']);
    expect([beside.status, beside.errors]).toEqual([1, expect.stringContaining('Another Bellhop process holds')]);
    expect(readdirSync(folder).filter((name) => name.startsWith('two'))).toEqual([]);
  }, 60_000);

  it('leaves nothing wrong where the process is killed in the middle of it', async () => {
    const backups = join(folder, 'backups');
    await start();
    let id = '';
    for (let made = 0; made < 30; made += 1) id = await accept(100);
    for (const afterMs of [5, 60, 150]) {
      const program = ['--disable-warning=ExperimentalWarning', BUILT, 'backup', 'one.db'];
      const env = { PATH: process.env.PATH ?? '', ...settings() };
      const command = spawn(process.execPath, program, { cwd: folder, env, stdio: 'ignore' });
      const ended = once(command, 'exit');
      const body = { destination: 'folder' };
      const making = call('POST', '/v1/backups', { body }).catch(() => null);
      await delay(afterMs);
      await service?.stop('SIGKILL');
      await Promise.all([making, ended]);
      await start('data', { BACKUP_DIR: backups, BACKUP_EVERY_HOURS: '8760' });
      expect((await call('GET', `/v1/notifications/${id}`)).status).toBe(200);
    }
    expect((await call('POST', '/v1/backups', { body: { destination: 'folder' } })).status).toBeLessThan(410);
    await service?.stop('SIGTERM');
    const names = readdirSync(backups);
    expect(names.filter((name) => !name.endsWith('.db'))).toEqual([]);
    for (const name of names) {
      const target = `from-${name}`;
      expect(bellhop(['restore', join('backups', name)], target).errors).toBe('');
    }
  }, 120_000);
});
