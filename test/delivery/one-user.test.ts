import { afterEach, describe, expect, it } from 'vitest';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { ProfileName } from '../../src/emulator/profile.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { startService } from '../support/services.ts';
import { until } from '../support/until.ts';

// What one user's subscriptions can do to the pushes of others: nothing that others would notice.

let engine: Engine;
let service: Emulator;

afterEach(async () => {
  await engine.dispose();
  await service.close();
});

const HEALTHY = Array.from({ length: 20 }, (_, index) => `healthy ${index}`);
/** Of a slow machine; a push alone takes some milliseconds. */
const SOON_MS = 5000;

async function open(profile: ProfileName = 'mozilla'): Promise<void> {
  service = await startService(profile);
  engine = await startEngine({ otherEmulators: [service], attemptTimeoutMs: 20_000 });
  for (const userId of HEALTHY) await engine.subscribe(userId, {}, service);
  await engine.start();
}

/** How long the healthy pushes take that are sent now, all together. */
async function timeOfHealthy(): Promise<number> {
  const startedAtMs = performance.now();
  await engine.notify(HEALTHY, { priority: 'high' });
  const delivered = () =>
    engine.told.filter((event) => event.type === 'delivery.settled' && event.userId.startsWith('healthy')).length;
  await until('all healthy pushes are delivered', () => delivered() === HEALTHY.length, SOON_MS);
  return performance.now() - startedAtMs;
}

const statesOf = () =>
  new Set(engine.told.map((event) => (event.type === 'delivery.settled' ? event.state : event.type)));

describe('one user', () => {
  it.each([
    ['mozilla', 401],
    ['fcm', 403],
    ['apple', 400],
    ['wns', 403],
  ] as const)('with 400 subscriptions made with another VAPID key closes no lane: %s, %i', async (profile, refused) => {
    await open(profile);
    const applicationServerKey = generateVapidKeys().publicKey;
    for (let made = 0; made < 400; made += 1) await engine.subscribe('mallory', { applicationServerKey }, service);
    await engine.notify(['mallory'], { priority: 'high' });
    await service.waitFor(({ status }) => status === refused);
    expect(await timeOfHealthy()).toBeLessThan(SOON_MS);
    expect(statesOf()).not.toContain('lane.closed');
  });

  it('with one such endpoint under 300 spellings closes none', async () => {
    await open();
    const applicationServerKey = generateVapidKeys().publicKey;
    const { device } = await engine.subscribe('mallory', { applicationServerKey }, service);
    const { endpoint, keys } = device.subscription;
    const { origin, pathname } = new URL(endpoint);
    for (let made = 1; made < 300; made += 1) {
      await engine.register('mallory', { endpoint: `${origin}${'/.'.repeat(made)}${pathname}`, keys });
    }
    await engine.notify(['mallory'], { priority: 'high' });
    await until('ten were refused', () => device.requests.length >= 10);
    expect(await timeOfHealthy()).toBeLessThan(SOON_MS);
    expect(statesOf()).not.toContain('lane.closed');
  });

  it('with 400 endpoints that hang has a quarter of the places, and narrows no lane', async () => {
    await open();
    for (let made = 0; made < 400; made += 1) {
      await engine.subscribe('mallory', { behaviour: [{ fault: 'hang' }] }, service);
    }
    await engine.notify(['mallory'], { priority: 'high' });
    await service.waitFor(() => service.pushes.length >= 4);
    expect(await timeOfHealthy()).toBeLessThan(SOON_MS);
    // Four fifths of twenty workers are the service's, and a quarter of those one user's.
    expect(service.pushes.filter(({ status }) => status === null)).toHaveLength(4);
  });

  it('whose endpoints fail at once, again and again, narrows no lane', async () => {
    await open();
    for (let made = 0; made < 400; made += 1) {
      await engine.subscribe('mallory', { behaviour: [{ status: 500 }] }, service);
    }
    await engine.notify(['mallory'], { priority: 'high' });
    await until('many have failed', () => service.pushes.length >= 100);
    expect(await timeOfHealthy()).toBeLessThan(SOON_MS);
    expect(statesOf()).not.toContain('lane.closed');
  });
});

describe('one subscription', () => {
  it('has one push under way at a time, however many come at once', async () => {
    await open();
    const { device } = await engine.subscribe('ada', { behaviour: [{ delayMs: 5 }] }, service);
    const sends = Array.from({ length: 60 }, (_, index) =>
      engine.notify(['ada'], { priority: index % 2 === 0 ? 'high' : 'low' }),
    );
    await Promise.all(sends);
    await until('all have come', () => device.received.length === 60);
    expect(device.requests.filter(({ othersUnderWay }) => othersUnderWay > 0)).toEqual([]);
    expect(device.requests).toHaveLength(60);
  });

  it('that hangs keeps none of its user’s others waiting', async () => {
    await open();
    const hanging = await engine.subscribe('ada', { behaviour: [{ fault: 'hang' }] }, service);
    await engine.notify(['ada']);
    await hanging.device.nextRequest();
    const { device } = await engine.subscribe('ada', {}, service);
    for (let sent = 0; sent < 5; sent += 1) await engine.notify(['ada']);
    await until('the other has all', () => device.received.length === 5, SOON_MS);
    expect(hanging.device.requests).toHaveLength(1);
  });
});
