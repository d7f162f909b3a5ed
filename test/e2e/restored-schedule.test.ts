import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { freePort } from '../../scripts/servers/free-port.ts';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TTL_SECONDS = 1;

it('a restored backup sends what was scheduled within its TTL, and nothing that is past it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-restored-'));
  const emulator = await startEmulator();
  const environment = { ...trusting(emulator, folder), PORT: String(await freePort()) };
  const inFolder = (name: string) => ({ ...environment, DATA_DIR: join(folder, name) });
  const bellhop = (args: readonly string[], name: string) => {
    const env = { PATH: process.env.PATH ?? '', ...inFolder(name) };
    return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', BUILT, ...args], { cwd: folder, env });
  };
  let service = await startServiceProcess({ folder, environment: inFolder('old') });
  try {
    let call = signedClient(service.address, service.secret);
    const device = emulator.createDevice({ name: 'phone' });
    const registered = { user_id: 'ada', time_zone: 'Etc/UTC', ...device.subscription };
    expect((await call('POST', '/v1/subscriptions', { body: registered })).status).toBe(201);
    // Long enough for a backup of a moment ago, and not for the restore.
    const atMs = Date.now() + 15_000;
    const at = new Date(atMs).toISOString();
    const local = { local: at.slice(0, 19) };
    const accept = async (more: object): Promise<string> => {
      const body = { type: 't', title: 'x', user_ids: ['ada'], ...more };
      const answer = await call('POST', '/v1/notifications', { body });
      expect(answer.status).toBe(202);
      return String(answer.body.id);
    };
    const past = [
      await accept({ send_at: at, ttl_seconds: TTL_SECONDS }),
      await accept({ send_at: local, ttl_seconds: TTL_SECONDS }),
    ];
    const current = [await accept({ send_at: at }), await accept({ send_at: local })];
    expect(bellhop(['backup', 'one.db'], 'old').status).toBe(0);
    await service.stop('SIGKILL');
    expect(bellhop(['restore', 'one.db'], 'new').status).toBe(0);
    for (const name of ['vapid.json', 'hmac-secret'])
      writeFileSync(join(folder, 'new', name), readFileSync(join(folder, 'old', name)), { mode: 0o600 });
    service = await startServiceProcess({ folder, environment: inFolder('new') });
    call = signedClient(service.address, service.secret);
    await wait(Math.max(0, atMs + TTL_SECONDS * 1000 + 1000 - Date.now()));
    expect(emulator.pushes).toEqual([]);
    expect(bellhop(['resume', '--waiting=send'], 'new').status).toBe(0);
    const ended = async (id: string) => {
      const get = async () => (await call('GET', `/v1/notifications/${id}`)).body;
      const isEnded = async () => (await get()).released_user_count === 1 && (await get()).status === 'completed';
      await until(`${id} has ended`, isEnded, 60_000);
      return get();
    };
    for (const id of past)
      expect(await ended(id)).toMatchObject({ counts: { total: 0 }, suppressed: { missed: 1 }, user_count: 1 });
    for (const id of current) expect(await ended(id)).toMatchObject({ counts: { delivered: 1, total: 1 } });
    expect(emulator.pushes).toHaveLength(current.length);
  } finally {
    await service.stop('SIGKILL');
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
