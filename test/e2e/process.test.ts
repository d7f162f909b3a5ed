import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';

describe('the service as a process', () => {
  let folder: string;
  let emulator: Emulator;
  const running: ServiceProcess[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-process-'));
    emulator = await startEmulator();
    writeFileSync(join(folder, 'ca.pem'), emulator.caPem ?? '');
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.stop('SIGKILL');
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (environment: Record<string, string> = {}): Promise<ServiceProcess> => {
    const pushes = { PUSH_ALLOWED_HOSTS: emulator.allowedHost, PUSH_CA_FILE: join(folder, 'ca.pem') };
    const service = await startServiceProcess({ folder, environment: { ...pushes, ...environment } });
    running.push(service);
    return service;
  };

  const subscribe = async (call: SignedClient, userId: string, behaviour = [{}]) => {
    const device = emulator.createDevice({ behaviour });
    const answer = await call('POST', '/v1/subscriptions', { body: { user_id: userId, ...device.subscription } });
    expect(answer.status).toBe(201);
    return device;
  };

  const send = async (call: SignedClient, userId: string): Promise<string> => {
    const body = { type: 'test', title: 'SECRET-TITLE', user_ids: [userId], topic: 'SECRET-TOPIC' };
    const answer = await call('POST', '/v1/notifications', { body });
    expect(answer.status).toBe(202);
    return String(answer.body.id);
  };

  it('keeps its secrets in the data folder, for the owner only, and has the same ones after a restart', async () => {
    const first = await start();
    expect(first.secretFiles.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(await first.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const second = await start();
    expect(second.publicKey).toBe(first.publicKey);
    expect(second.secret).toBe(first.secret);
  });

  it('warns of a name that is nearly that of a setting', async () => {
    const { log } = await start({ VAPID_SUBJET: 'mailto:ops@example.com' });
    const warnings = log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    expect(warnings).toContainEqual(expect.stringMatching(/^VAPID_SUBJET is no setting.* VAPID_SUBJECT meant/));
  });

  it('on SIGTERM lets a push in flight end, and takes in nothing more', async () => {
    const service = await start();
    const call = signedClient(service.address, service.secret);
    const device = await subscribe(call, 'ada', [{ delayMs: 700 }]);
    await send(call, 'ada');
    await device.nextRequest();
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(device.received).toHaveLength(1);
    const settled = service.log.find((line) => line.event === 'delivery.settled');
    expect(settled).toMatchObject({ state: 'delivered', http_status: 201 });
    await expect(call('GET', '/healthz')).rejects.toThrow();
  });

  it('while it drains, answers callers and probes that it is stopping', async () => {
    const service = await start();
    const call = signedClient(service.address, service.secret);
    const device = await subscribe(call, 'ada', [{ delayMs: 1500 }]);
    await send(call, 'ada');
    await device.nextRequest();
    const stopped = service.stop('SIGTERM');
    let ready = await call('GET', '/readyz');
    while (ready.status === 200) ready = await call('GET', '/readyz');
    expect([ready.status, ready.body.status]).toEqual([503, 'not_ready']);
    const refused = await call('POST', '/v1/notifications', { body: { type: 't', title: 't', user_ids: ['ada'] } });
    expect([refused.status, refused.body.code]).toEqual([503, 'shutting_down']);
    expect((await stopped).code).toBe(0);
    expect(device.received).toHaveLength(1);
  });

  it('refuses a .env that cannot be read, in one clear line', async () => {
    mkdirSync(join(folder, '.env'));
    const refused = await start().catch((error: Error) => error.message);
    expect(refused).toMatch(/\.env in this folder cannot be read \(EISDIR\)/);
    expect(refused).not.toMatch(/at .*:\d+:\d+/);
  });

  it('logs a line for each request and each attempt, and never an endpoint, key, secret or payload', async () => {
    const service = await start({ LOG_LEVEL: 'trace' });
    const call = signedClient(service.address, service.secret);
    const device = await subscribe(call, 'ada', [{ status: 403, body: '{"reason":"BadJwtToken"}' }]);
    const notificationId = await send(call, 'ada');
    await device.nextRequest();
    await call('GET', `/v1/notifications/${notificationId}`);
    await service.stop('SIGTERM');
    expect(service.log.filter((line) => line.event === 'http.request').map((line) => line.status)).toEqual([
      201, 202, 200,
    ]);
    const requests = service.log.filter((line) => line.event === 'http.request');
    expect(requests.slice(1).map((line) => line.resource_id)).toEqual([notificationId, notificationId]);
    const attempts = service.log.filter((line) => line.event === 'delivery.settled');
    expect(attempts).toMatchObject([{ state: 'failed', attempt: 1, http_status: 403, outcome: 'misconfigured' }]);
    const text = JSON.stringify(service.log);
    const { endpoint, keys } = device.subscription;
    const vapid = JSON.parse(readFileSync(join(folder, 'data', 'vapid.json'), 'utf8')) as { privateKey: string };
    const secrets = [new URL(endpoint).pathname, keys.p256dh, keys.auth, service.secret, vapid.privateKey];
    for (const secret of [...secrets, 'SECRET-TITLE', 'SECRET-TOPIC']) expect(text).not.toContain(secret);
  });

  it('refuses a data folder that another process holds, in one clear line', async () => {
    await start();
    await expect(start()).rejects.toThrow(/Bellhop does not start\..*another Bellhop process/is);
  });

  it('refuses a port that is taken, in one clear line', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(start({ PORT: String(port) })).rejects.toThrow(/PORT .* cannot be listened on \(EADDRINUSE\)/);
    taken.close();
  });

  it('refuses a faulty configuration, all problems in one message and no stack trace', async () => {
    const refused = await start({ PORT: 'x', BELLHOP_FOO: '1' }).catch((error: Error) => error.message);
    expect(refused).toMatch(/2 problems/);
    expect(refused).toMatch(/BELLHOP_FOO is not a setting/);
    expect(refused).not.toMatch(/at .*:\d+:\d+/);
  });

  it('takes new API secrets on SIGHUP, and keeps the old ones where the file is of no use', async () => {
    const file = join(folder, 'keys');
    const [old, fresh] = ['shop:an-old-secret-of-the-shop-0123456789', 'shop:a-new-secret-of-the-shop-0123456789'];
    const keep = (text: string) => writeFileSync(file, text, { mode: 0o600 });
    keep(`# the shop's\n${old}\nboard[read]:the-secret-of-the-board-0123456789\n`);
    const service = await start({ API_KEYS_FILE: file });
    const statusWith = async (key: string) => {
      const answer = await fetch(`${service.address}/v1/notifications`, {
        headers: { Authorization: `Bearer ${key.split(':')[1]}` },
      });
      return answer.status;
    };
    const hangUp = async (words: string) => {
      service.signal('SIGHUP');
      await until(words, () => service.log.some((line) => String(line.msg).startsWith(words)));
    };
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([200, 401]);
    keep('not a key');
    await hangUp('API keys stay as they were. ');
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([200, 401]);
    keep(`${fresh}\n`);
    await hangUp('API keys were read again: shop');
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([401, 200]);
    expect(JSON.stringify(service.log)).not.toMatch(/not a key|-secret-of-the-/);
  });

  it('reads a .env file, and lets the environment go first', async () => {
    writeFileSync(join(folder, '.env'), 'HMAC_SECRET=from-the-file-0123456789-0123456789\nLOG_LEVEL=silent\n');
    const service = await start({ LOG_LEVEL: 'info', API_KEYS: 'default:from-the-file-0123456789-0123456789x' });
    const call = signedClient(service.address, 'from-the-file-0123456789-0123456789');
    expect((await call('GET', '/v1/notifications')).status).toBe(200);
  });
});

describe('npm start', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));

  /** The script as npm runs it: a shell, which must hand its place to the service. */
  it('is reached by the signal that its supervisor sends to npm', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-npm-'));
    const npm = spawn('npm', ['start'], {
      cwd: root,
      env: { ...process.env, PORT: '0', HMAC_SECRET: '', DATA_DIR: folder, npm_config_loglevel: 'error' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const seen = (text: string): Promise<void> =>
      new Promise((resolve) => {
        output.on('line', (line) => {
          if (line.includes(text)) resolve();
        });
      });
    const output = createInterface({ input: npm.stdout });
    const ready = seen('Bellhop is ready');
    const stopped = seen('"stopped"');
    await ready;
    npm.kill('SIGTERM');
    await stopped;
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);
});
