import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SubscriptionJson } from '../../src/emulator/device.ts';
import { type Standalone, startStandalone } from '../../src/emulator/standalone.ts';
import { otherVapid, type PushParts, postTls, vapid } from './push-request.ts';

let standalone: Standalone;
let folder: string;
let ca: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-emulator-'));
  const caFile = join(folder, 'made', 'ca.pem');
  standalone = await startStandalone({ controlPort: 0, ports: { fcm: 0, mozilla: 0, apple: 0, wns: 0 }, caFile });
  ca = readFileSync(caFile, 'utf8');
});
afterEach(async () => {
  await standalone.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As much of the answers as the tests reach into. */
type Answer = {
  status: number;
  location: string | null;
  body: Partial<SubscriptionJson> & {
    error?: string;
    devices?: { name: string }[];
    pushes?: { receivedAt: string }[];
    services?: unknown[];
  };
};

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const init =
    body === undefined ? { method } : { method, body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${standalone.controlOrigin}${path}`, init);
  const text = await response.text();
  return {
    status: response.status,
    location: response.headers.get('location'),
    body: text === '' ? {} : JSON.parse(text),
  };
}

async function makeDevice(options: object): Promise<{ subscription: SubscriptionJson }> {
  const { status, body } = await call('POST', '/devices', options);
  expect(status).toBe(201);
  return { subscription: body as SubscriptionJson };
}

const push = (device: { subscription: SubscriptionJson }, parts: PushParts = {}): Promise<number> =>
  postTls(device, ca, parts);

describe('a device', () => {
  test('is made as its browser describes itself, and pushed to', async () => {
    const wanted = { profile: 'apple', name: 'phone', applicationServerKey: vapid.publicKey };
    const made = await call('POST', '/devices', wanted);
    expect([made.status, made.location]).toEqual([201, '/devices/phone']);
    expect(made.body).toEqual({
      endpoint: expect.stringMatching(new RegExp(`^${standalone.emulators.apple.origin}/Q`)),
      expirationTime: null,
      keys: { p256dh: expect.any(String), auth: expect.any(String) },
    });
    const device = { subscription: made.body as SubscriptionJson };
    expect(await push(device, { payload: 'é 🛎', headers: { Topic: 'abcd' } })).toBe(201);
    expect(await push(device, { keys: otherVapid })).toBe(400);
    const { body } = await call('GET', '/devices/phone/pushes');
    expect(body.pushes).toMatchObject([
      { device: 'phone', profile: 'apple', payload: 'é 🛎', status: 201, topic: 'abcd', headers: { ttl: '60' } },
      { payload: null, status: 400, refusal: { kind: 'other_key' } },
    ]);
    expect(body.pushes?.[0]?.receivedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect((await call('GET', '/devices')).body.devices).toMatchObject([{ name: 'phone', requests: 2, received: 1 }]);
  });

  test('behaves as it is told, from the start and later', async () => {
    const device = await makeDevice({ profile: 'fcm', behaviour: [{ status: 429, retryAfterSeconds: 3 }] });
    expect(await push(device)).toBe(429);
    const changed = await call('PUT', '/devices/fcm-1/behaviour', [{ status: 410 }, {}]);
    expect(changed.body).toMatchObject({ name: 'fcm-1', behaviour: [{ status: 410 }, {}] });
    expect([await push(device), await push(device)]).toEqual([410, 201]);
  });

  test('has a name of its own among all services', async () => {
    await makeDevice({ profile: 'fcm', name: 'wns-1' });
    await makeDevice({ profile: 'wns' });
    const taken = await call('POST', '/devices', { profile: 'apple', name: 'wns-2' });
    expect([taken.status, taken.body.error]).toEqual([409, expect.stringContaining('choose another name')]);
    const names = (await call('GET', '/devices')).body.devices?.map(({ name }) => name);
    expect(names).toEqual(['wns-1', 'wns-2']);
  });
});

describe('a service', () => {
  test('behaves as it is told, and the others do not', async () => {
    const [fcm, wns] = [await makeDevice({ profile: 'fcm' }), await makeDevice({ profile: 'wns' })];
    const rules = [{ step: { status: 429 }, nextRequests: 1 }];
    expect((await call('PUT', '/services/fcm/behaviour', rules)).body).toMatchObject({
      profile: 'fcm',
      behaviour: rules,
    });
    expect([await push(wns), await push(fcm), await push(fcm)]).toEqual([201, 429, 201]);
  });

  test('is listed with its origin', async () => {
    const { body } = await call('GET', '/');
    const { mozilla } = standalone.emulators;
    expect(body.services).toHaveLength(4);
    expect(body.services).toContainEqual({
      profile: 'mozilla',
      origin: mozilla.origin,
      allowedHost: `127.0.0.1:${mozilla.port}`,
      devices: 0,
      behaviour: [],
    });
  });
});

describe('the books', () => {
  test('are kept by service, device and status, until a reset', async () => {
    const [fcm, apple] = [await makeDevice({ profile: 'fcm' }), await makeDevice({ profile: 'apple' })];
    await push(fcm);
    await push(fcm, { headers: { TTL: undefined } });
    await push(apple);
    expect((await call('GET', '/counts')).body).toMatchObject({
      fcm: { requests: 2, received: 1, byStatus: { 201: 1, 400: 1 }, byDevice: { 'fcm-1': { requests: 2 } } },
      apple: { requests: 1, received: 1, byStatus: { 201: 1 } },
      wns: { requests: 0 },
    });
    const found = async (query: string) => (await call('GET', `/pushes?${query}`)).body.pushes?.length;
    const queries = [
      '',
      'profile=fcm',
      'device=apple-1',
      'status=201',
      'status=201&profile=fcm',
      'limit=1',
      'status=none',
    ];
    const counts = [];
    for (const query of queries) counts.push(await found(query));
    expect(counts).toEqual([3, 2, 1, 2, 1, 1, 0]);
    expect((await call('POST', '/reset')).status).toBe(204);
    expect((await call('GET', '/devices')).body.devices).toEqual([]);
    expect((await call('GET', '/pushes')).body.pushes).toEqual([]);
    expect(await push(fcm)).toBe(404);
  });
});

describe('bad input is answered with what to do', () => {
  test.each<[string, string, unknown, string]>([
    ['POST', '/devices', '{', 'The body is not JSON: send it with -d'],
    ['POST', '/devices', [], 'The input must be of type object.'],
    ['POST', '/devices', {}, '“profile” must be one of fcm, mozilla, apple, wns.'],
    ['POST', '/devices', { profile: 'gcm' }, '“profile” must be one of fcm, mozilla, apple, wns.'],
    ['POST', '/devices', { profile: 'fcm', key: 'x' }, 'The input has no “key”: leave it out'],
    ['POST', '/devices', { profile: 'fcm', name: 'a b' }, '“name” must be 1 to 64 letters'],
    [
      'POST',
      '/devices',
      { profile: 'fcm', applicationServerKey: 'BB' },
      '“applicationServerKey” must be a VAPID public key',
    ],
    ['POST', '/devices', { profile: 'fcm', behaviour: {} }, '“behaviour” must be of type array.'],
    ['POST', '/devices', { profile: 'fcm', behaviour: [{ status: 99 }] }, '“behaviour.0.status” must be at least 200.'],
    ['POST', '/devices', { profile: 'fcm', behaviour: [{ status: 600 }] }, '“behaviour.0.status” must be at most 599.'],
    [
      'POST',
      '/devices',
      { profile: 'fcm', behaviour: [{ fault: 'x' }] },
      '“behaviour.0.fault” must be one of hang, reset',
    ],
    [
      'POST',
      '/devices',
      { profile: 'fcm', behaviour: [{ delayMs: 0.5 }] },
      '“behaviour.0.delayMs” must be a whole number.',
    ],
    [
      'POST',
      '/devices',
      { profile: 'fcm', behaviour: [{ headers: { A: 'b\r\nC: d' } }] },
      '“behaviour.0.headers.A” must be one line of Latin-1',
    ],
    ['POST', '/devices', { profile: 'fcm', behaviour: [{ headers: { 'A b': '' } }] }, 'must be the name of a header'],
    ['PUT', '/services/fcm/behaviour', [{ status: 429 }], '“0.step” is missing: it must be of type object.'],
    ['PUT', '/services/fcm/behaviour', [{ step: {}, shareOfDevices: 2 }], '“0.shareOfDevices” must be at most 1.'],
    ['GET', '/pushes?status=ok', undefined, '“status” must be a status such as 201, or none.'],
    ['GET', '/pushes?limit=0', undefined, '“limit” must be a whole number from 1 to 9999.'],
    ['GET', '/pushes?since=1', undefined, 'The input has no “since”'],
  ])('%s %s %j', async (method, path, body, sentence) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining(sentence)]);
  });

  test.each([
    ['PUT', '/services/generic/behaviour', [], 'one of fcm, mozilla, apple, wns'],
    ['PUT', '/devices/nobody/behaviour', [], 'GET /devices lists'],
    ['GET', '/devices/nobody', undefined, 'GET /devices lists'],
    ['DELETE', '/devices', undefined, 'docs/emulator.md has the routes'],
  ])('%s %s leads nowhere', async (method, path, body, sentence) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body.error]).toEqual([404, expect.stringContaining(sentence)]);
  });
});
