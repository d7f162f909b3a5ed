import { type ChildProcess, spawn } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type ReplicaSet, startReplicaSet } from '../../scripts/servers/replica-set.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { atFullSize } from '../support/full-size.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

/** A thousand a second where nothing else runs. */
const SLOW_MACHINE_MS = 60_000;

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Lines of browsers that nobody has, quickly made: all have one point of the curve. */
function madeUp(count: number, vapidKey: string): string {
  const p256dh = createECDH('prime256v1').generateKeys('base64url');
  const line = (at: number) => ({
    user_id: `user-${at}`,
    endpoint: `https://fcm.googleapis.com/fcm/send/${randomBytes(20).toString('base64url')}`,
    keys: { p256dh, auth: randomBytes(16).toString('base64url') },
    vapid_public_key: vapidKey,
  });
  return Array.from({ length: count }, (_, at) => `${JSON.stringify(line(at))}\n`).join('');
}

function importSuite(many: number, environment: () => Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-import-'));
  const old = generateVapidKeys();
  let emulator: Emulator;
  let settings: Record<string, string>;
  let service: ServiceProcess;
  let call: SignedClient;

  beforeAll(async () => {
    emulator = await startEmulator();
    settings = { ...trusting(emulator, folder), PORT: String(await freePort()), ...environment() };
    service = await startServiceProcess({ folder, environment: settings });
    call = signedClient(service.address, service.secret);
    writeFileSync(join(folder, 'old-keys.json'), JSON.stringify(old));
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGKILL');
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (args: readonly string[], heapMb = 128, command = 'import'): ChildProcess => {
    const { PATH = '' } = process.env;
    const env = { ...settings, PATH, DATA_DIR: join(folder, 'data') };
    return spawn(process.execPath, [`--max-old-space-size=${heapMb}`, BUILT, command, ...args], { cwd: folder, env });
  };
  const ended = async (child: ChildProcess, input = ''): Promise<Ended> => {
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    child.stdin?.on('error', () => {}).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...texts };
  };
  const run = (...args: string[]) => ended(start(args));
  const save = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const countOf = async (userId: string) =>
    ((await call('GET', `/v1/subscriptions?user_id=${userId}`)).body.items as unknown[]).length;
  const count = async () => {
    const { items } = (await call('GET', '/v1/push/vapid-keys')).body as { items: { active_subscriptions: number }[] };
    return items.reduce((sum, { active_subscriptions: active }) => sum + active, 0);
  };

  it('brings subscriptions and their key along, so that a push arrives', async () => {
    const device = emulator.createDevice({ applicationServerKey: old.publicKey });
    const { endpoint, keys } = device.subscription;
    save(
      'ada.csv',
      `endpoint;p256dh;auth;uid;region\r\n"${endpoint}";${keys.p256dh};${keys.auth};ada;Europe/Berlin\r\n`,
    );
    const without = await run('ada.csv', '--vapid-key', old.publicKey);
    expect(without).toMatchObject({ code: 1, stderr: '' });
    expect(without.stdout).toContain(`unknown_vapid_key (line 2)`);
    expect(without.stdout).toContain(old.publicKey);

    const dry = await run('ada.csv', '--vapid-keys', 'old-keys.json', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/1 lines of CSV, in a dry run: nothing was written.*\n\n +1 {2}added\n/);
    expect(await countOf('ada')).toBe(0);
    expect(readFileSync(join(folder, 'data', 'vapid.json'), 'utf8')).not.toContain(old.publicKey);

    const real = await run('ada.csv', '--vapid-keys', 'old-keys.json', '--report', 'report.ndjson');
    expect(real).toMatchObject({ code: 0, stderr: '' });
    expect(real.stdout).toContain('Not taken along: region.');
    const report = JSON.parse(readFileSync(join(folder, 'report.ndjson'), 'utf8'));
    expect(report).toMatchObject({ line: 2, result: 'added', code: null, reason: null });
    const again = await run('ada.csv', '--vapid-keys', 'old-keys.json');
    expect(again.stdout).toMatch(/ 1 {2}unchanged\n/);
    for (const { stdout } of [without, dry, real, again]) {
      for (const secret of [endpoint, keys.p256dh, keys.auth, old.privateKey]) expect(stdout).not.toContain(secret);
    }

    await call('POST', '/v1/notifications', { body: { type: 't', title: 'Hello', user_ids: ['ada'] } });
    const push = await device.nextPush();
    expect(push.vapid?.publicKey).toBe(old.publicKey);
    expect(JSON.parse(push.payload ?? '')).toMatchObject({ title: 'Hello' });
  });

  it('reads a pipe, and reports each line with its number', async () => {
    const { subscription } = emulator.createDevice();
    const lines = [
      { user_id: 'ben', ...subscription },
      { user_id: 'ben', ...subscription, endpoint: 'https://permanently-removed.invalid/x' },
      { user_id: 'ben', ...subscription, endpoint: 'https://192.168.0.1/x' },
      { user_id: 'ben', ...subscription, keys: { p256dh: 'x', auth: 'y' } },
      { user_id: 'eve', ...subscription },
      { user_id: 'ben', token: 'x:APA91bx' },
    ];
    const input = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{oops\n`;
    const { code, stdout, stderr } = await ended(start(['-', '--vapid-key', 'current', '--report', '-']), input);
    expect(code).toBe(1);
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; code: string | null });
    expect(told.sort((one, other) => one.line - other.line).map(({ line, code: why }) => [line, why])).toEqual([
      [1, null],
      [2, 'invalid_endpoint'],
      [3, 'endpoint_not_allowed'],
      [4, 'invalid_subscription_keys'],
      [5, 'endpoint_taken'],
      [6, 'invalid_endpoint'],
      [7, 'malformed_json'],
    ]);
    expect(stderr).toContain('6  refused');
    expect(await countOf('ben')).toBe(1);
  });

  it('does nothing, and says so, with what it cannot use', async () => {
    save('list.json', '[{"a": 1}]');
    save('x.ndjson', madeUp(1, old.publicKey));
    for (const [args, says] of [
      [['none.csv'], 'none.csv: It cannot be read (ENOENT)'],
      [['list.json'], 'jq -c'],
      [['x.ndjson', '--format', 'xml'], '--format is ndjson or csv'],
      [['x.ndjson', '--map', 'user'], '--map takes FIELD=COLUMN'],
      [['x.ndjson', '--vapid-keys', 'x.ndjson'], 'has no VAPID pair'],
      [['x.ndjson', '--vapid-key', 'short'], '--vapid-key is a VAPID public key'],
      [['x.ndjson', '--dry'], 'Did you mean --dry-run?'],
      [[], 'needs FILE'],
    ] as const) {
      const { code, stderr } = await run(...args);
      expect([code, stderr], args.join(' ')).toEqual([2, expect.stringContaining(says)]);
    }
  });

  it('takes over what bellhop export writes: a round trip', async () => {
    const said = { preferences: { news: false }, quiet_hours: { from: '22:00', until: '07:00' }, tags: ['beta'] };
    expect((await call('PATCH', '/v1/users/ada', { body: said })).status).toBe(200);
    expect((await call('PATCH', '/v1/users/zoe', { body: { preferences: { news: false } } })).status).toBe(200);
    const exported = (...args: string[]) => ended(start(args, 48, 'export'));
    const sorted = (text: string): unknown[] =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .sort()
        .map((line) => JSON.parse(line));
    expect(await exported('--with-keys', 'all.ndjson')).toMatchObject({ code: 0, stdout: '' });
    const whole = sorted(readFileSync(join(folder, 'all.ndjson'), 'utf8'));
    expect(whole).toContainEqual(
      expect.objectContaining({ user_id: 'ada', tags: ['beta'], vapid_public_key: old.publicKey }),
    );
    expect(whole).toContainEqual({ user_id: 'zoe', user: { preferences: { news: false } } });
    expect((await exported('-')).stdout).not.toContain('p256dh');
    expect(await exported('all.ndjson')).toMatchObject({ code: 1, stderr: expect.stringContaining('EEXIST') });
    for (const user of ['ada', 'ben', 'zoe']) expect((await call('DELETE', `/v1/users/${user}`)).status).toBe(200);
    expect((await exported('-')).stdout).toBe('');
    expect(await run('all.ndjson')).toMatchObject({ code: 0 });
    expect(sorted((await exported('--with-keys', '-')).stdout)).toEqual(whole);
  });

  it('goes on after kill -9 of either side, in little memory', async () => {
    const before = await count();
    save('many.ndjson', madeUp(many, old.publicKey));
    const first = start(['many.ndjson']);
    await until('some are in', async () => (await count()) >= before + 1000, SLOW_MACHINE_MS);
    first.kill('SIGKILL');
    await once(first, 'close');

    const second = ended(start(['many.ndjson'], 48));
    await until('more are in', async () => (await count()) >= before + 4000, SLOW_MACHINE_MS);
    await service.stop('SIGKILL');
    service = await startServiceProcess({ folder, environment: settings });
    const { code, stdout } = await second;
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${many} lines of NDJSON`)]);
    expect(await count()).toBe(before + many);
  }, 180_000);

  it('does nothing where no Bellhop runs', async () => {
    await service.stop('SIGTERM');
    const { code, stderr } = await run('x.ndjson');
    expect([code, stderr]).toEqual([2, expect.stringContaining('start it first')]);
    service = await startServiceProcess({ folder, environment: settings });
  });
}

describe('bellhop import, on the embedded store', () => importSuite(atFullSize(20_000, 8000), () => ({})));

describeWithMongod('bellhop import, on MongoDB', () => {
  let mongo: ReplicaSet;
  beforeAll(async () => {
    mongo = await startReplicaSet({ members: 1 });
  }, 60_000);
  afterAll(() => mongo.stop());
  importSuite(atFullSize(20_000, 4000), () => ({ MONGODB_URL: freshDatabase(mongo.url) }));
});
