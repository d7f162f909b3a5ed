import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { post } from './push-request.ts';

let emulator: Emulator;
let nowMs: number;
beforeEach(async () => {
  nowMs = Date.now();
  emulator = await startEmulator({ profile: 'apple', tls: false, nowMs: () => nowMs });
});
afterEach(() => emulator.close());

const makeDevices = (count: number): Device[] => Array.from({ length: count }, () => emulator.createDevice());

async function statusesOf(devices: readonly Device[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const device of devices) statuses.push((await post(device)).status);
  return statuses;
}

describe('a service', () => {
  test('treats every device alike, before their own scripts', async () => {
    const [first, second] = [emulator.createDevice({ behaviour: [{ status: 404 }] }), emulator.createDevice()];
    emulator.setBehaviour([{ step: { status: 503, retryAfterSeconds: 9 } }]);
    const answer = await post(first);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '9']);
    expect(await answer.json()).toEqual({ reason: 'ServiceUnavailable' });
    expect((await post(second)).status).toBe(503);
    expect(first.requests).toHaveLength(1);
    emulator.setBehaviour([]);
    expect(await statusesOf([first, second])).toEqual([404, 201]);
  });

  test('storms with 429 for the next requests, across devices', async () => {
    const devices = makeDevices(3);
    emulator.setBehaviour([{ step: { status: 429, retryAfterSeconds: 1 }, nextRequests: 4 }]);
    expect(await statusesOf([...devices, ...devices])).toEqual([429, 429, 429, 429, 201, 201]);
  });

  test('storms with 429 above a rate, and only as long as it lasts', async () => {
    const [device] = makeDevices(1);
    const five = Array<Device>(5).fill(device!);
    emulator.setBehaviour([{ step: { status: 429 }, abovePerSecond: 3 }]);
    expect(await statusesOf(five)).toEqual([201, 201, 201, 429, 429]);
    nowMs += 999;
    expect(await statusesOf([device!])).toEqual([429]);
    nowMs += 1;
    // What was refused is not counted against the sender.
    expect(await statusesOf(five)).toEqual([201, 201, 201, 429, 429]);
  });

  test.each([404, 410])('loses a share of its devices with %i, the same ones each time', async (status) => {
    const devices = makeDevices(10);
    emulator.setBehaviour([{ step: { status }, shareOfDevices: 0.4 }]);
    const statuses = await statusesOf(devices);
    expect(statuses.filter((one) => one === status)).toHaveLength(4);
    expect(statuses.filter((one) => one === 201)).toHaveLength(6);
    expect(await statusesOf(devices)).toEqual(statuses);
  });

  test('loses none of its devices, or all', async () => {
    const devices = makeDevices(3);
    emulator.setBehaviour([{ step: { status: 410 }, shareOfDevices: 0 }]);
    expect(await statusesOf(devices)).toEqual([201, 201, 201]);
    emulator.setBehaviour([{ step: { status: 410 }, shareOfDevices: 1 }]);
    expect(await statusesOf(devices)).toEqual([410, 410, 410]);
  });

  test('goes by the first rule that holds, and by all conditions of one', async () => {
    const devices = makeDevices(2);
    emulator.setBehaviour([
      { step: { status: 500 }, nextRequests: 1 },
      { step: { status: 410 }, shareOfDevices: 0.5, nextRequests: 1 },
    ]);
    expect(await statusesOf([...devices, ...devices])).toEqual([500, 410, 201, 201]);
  });

  test('may hang, reset or speak nonsense to all', async () => {
    const [device] = makeDevices(1);
    emulator.setBehaviour([
      { step: { fault: 'reset' }, nextRequests: 1 },
      { step: { status: 500, fault: 'reset_mid_body' }, nextRequests: 1 },
      { step: { status: 502, bodyOctets: 65_536 }, nextRequests: 1 },
      { step: { fault: 'hang' }, nextRequests: 1 },
    ]);
    await expect(post(device!)).rejects.toThrow('fetch failed');
    await expect((await post(device!)).text()).rejects.toThrow('terminated');
    expect(await (await post(device!)).text()).toBe('x'.repeat(65_536));
    const hanging = post(device!);
    await emulator.waitFor((push) => push === device?.requests[3]);
    await emulator.close();
    await expect(hanging).rejects.toThrow('fetch failed');
  });

  test('does not count what it refuses as malformed', async () => {
    const [device] = makeDevices(1);
    emulator.setBehaviour([{ step: { status: 429 }, nextRequests: 1 }]);
    expect((await post(device!, { headers: { TTL: undefined } })).status).toBe(400);
    expect(await statusesOf([device!, device!])).toEqual([429, 201]);
  });
});

describe('the books', () => {
  test('count requests by device and status', async () => {
    const devices = [
      emulator.createDevice({ name: 'phone', behaviour: [{}, { status: 410 }, { fault: 'reset' }] }),
      emulator.createDevice(),
    ];
    await statusesOf([devices[0]!, devices[0]!, devices[1]!]);
    await expect(post(devices[0]!)).rejects.toThrow('fetch failed');
    await post(devices[0]!, { path: '/Qnobody' });
    expect(emulator.counts()).toEqual({
      requests: 4,
      received: 2,
      byStatus: { 201: 2, 410: 1, none: 1 },
      unknownDevice: 1,
      byDevice: {
        phone: { requests: 3, received: 1, byStatus: { 201: 1, 410: 1, none: 1 } },
        'apple-2': { requests: 1, received: 1, byStatus: { 201: 1 } },
      },
    });
  });

  test('are empty after a reset, and endpoints lead nowhere', async () => {
    const [device] = makeDevices(1);
    emulator.setBehaviour([{ step: { status: 429 } }]);
    await post(device!);
    emulator.reset();
    expect([emulator.pushes.length, emulator.devices.length, emulator.behaviour()]).toEqual([0, 0, []]);
    expect((await post(device!)).status).toBe(404);
    expect(emulator.counts()).toMatchObject({ requests: 0, byDevice: {}, unknownDevice: 1 });
    expect((await post(emulator.createDevice())).status).toBe(201);
  });
});
