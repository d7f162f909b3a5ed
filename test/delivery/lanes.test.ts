import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import { isFinal } from '../../src/domain/delivery/delivery.ts';
import { CLOSES_AFTER } from '../../src/domain/push-service/lane.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { createBeeQueue } from '../../src/queue/redis/bee-queue.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { describeWithRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

let engine: Engine;
let others: Emulator[] = [];

afterEach(async () => {
  await engine.dispose();
  await Promise.all(others.splice(0).map((each) => each.close()));
});

async function anotherService(): Promise<Emulator> {
  const emulator = await startEmulator();
  others = [...others, emulator];
  return emulator;
}

const users = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind} ${index}`);

const settledOf = (kind: string) =>
  engine.told.filter((event) => event.type === 'delivery.settled' && event.userId.startsWith(kind));

/** From acceptance to the push service, of all of them the slowest but one in a hundred, in milliseconds. */
async function p99Of(emulator: Emulator, count: number): Promise<number> {
  const from = emulator.pushes.length;
  const startedAtMs = Date.now();
  const pair = await engine.notify(users('healthy', count));
  await engine.when('notification.fanned_out', (event) => event.notificationId === pair.id);
  await emulator.waitFor(() => emulator.pushes.length >= from + count);
  const waits = emulator.pushes.slice(from).map(({ receivedAtMs }) => receivedAtMs - startedAtMs);
  return waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? 0;
}

const OPTIONS = { pace: { concurrency: 20 }, attemptTimeoutMs: 5000, policy: { maxRetries: 0, baseMs: 1, maxMs: 1 } };

/** Sends to a healthy service alone, and then again while another one, sent to first, hangs. */
async function compareBesideDead(healthy: Emulator): Promise<void> {
  await engine.start();
  for (const userId of users('healthy', 100)) await engine.subscribe(userId, {}, healthy);
  const aloneMs = await p99Of(healthy, 100);

  const dead = users('dead', 200);
  for (const userId of dead) await engine.subscribe(userId, { behaviour: [{ fault: 'hang' }] });
  await engine.notify(dead, { priority: 'high' });
  // As many hang there as are let.
  await engine.emulator.waitFor(() => engine.emulator.pushes.length === 16);
  const besideMs = await p99Of(healthy, 100);
  // Waiting for one dead push to end would take five seconds.
  expect(settledOf('dead')).toHaveLength(0);
  expect(besideMs).toBeLessThan(10 * aloneMs + 500);
  expect(engine.emulator.pushes).toHaveLength(16);
}

it('a push service that is dead takes nothing from another: its p99 does not move', async () => {
  const healthy = await anotherService();
  engine = await startEngine({ ...OPTIONS, otherEmulators: others });
  await compareBesideDead(healthy);
});

describeWithRedis('with jobs in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  });
  afterAll(() => redis.stop());

  it('a push service that is dead takes nothing from another', async () => {
    const healthy = await anotherService();
    const queue = await createBeeQueue({ url: redis.url, onError: () => {} });
    const isReady = () =>
      queue.ping().then(
        () => true,
        () => false,
      );
    await until('the queue is connected', isReady);
    engine = await startEngine({ ...OPTIONS, otherEmulators: others, queue });
    await compareBesideDead(healthy);
  });
});

it('a push service that fails is left alone but for probes, no attempts are spent, and all arrive once it is well', async () => {
  engine = await startEngine({ pace: { concurrency: 10 }, policy: { maxRetries: 20, baseMs: 50, maxMs: 100 } });
  const subscribed = [];
  for (const userId of users('ada', 60)) {
    subscribed.push(await engine.subscribe(userId, { behaviour: [{ status: 500 }] }));
  }
  await engine.start();
  const notification = await engine.notify(users('ada', 60));
  const { origin, failures } = await engine.when('lane.closed');
  expect(origin).toBe(engine.emulator.origin);
  expect(failures).toBe(CLOSES_AFTER);
  // The first probe fails as well, and costs its delivery no retry.
  const tried = engine.emulator.pushes.length;
  await engine.emulator.waitFor(() => engine.emulator.pushes.length > tried);
  expect(engine.emulator.pushes.length).toBeLessThanOrEqual(CLOSES_AFTER + 8 + 1);
  for (const { device } of subscribed) device.setBehaviour([{ status: 201 }]);
  await engine.when('lane.opened');
  const ended = await Promise.all(subscribed.map(({ subscription }) => engine.ended(notification, subscription)));
  expect(ended.map(({ state }) => state)).toEqual(ended.map(() => 'delivered'));
  const untouched = ended.filter(({ attemptCount }) => attemptCount === 1);
  expect(untouched.length).toBeGreaterThan(40);
});

it('ends what is past its deadline while the lane is closed', async () => {
  engine = await startEngine({ pace: { concurrency: 5 }, policy: { maxRetries: 0, baseMs: 1, maxMs: 1 } });
  const failing = users('ada', CLOSES_AFTER);
  for (const userId of failing) await engine.subscribe(userId, { behaviour: [{ status: 500 }] });
  const late = await engine.subscribe('grace');
  await engine.start();
  await engine.notify(failing);
  await engine.when('lane.closed');
  const notification = await engine.notify(['grace'], { acceptedAtMs: Date.now() - 4900, ttlSeconds: 5 });
  expect(await engine.ended(notification, late.subscription)).toMatchObject({
    state: 'expired',
    reason: 'deadline_passed',
    attempts: [],
  });
  expect(late.device.requests).toHaveLength(0);
});

it('has one user’s next push to a host with a rate wait for few of another’s hundreds', async () => {
  const limited = await anotherService();
  engine = await startEngine({ otherEmulators: others, ratesPerSecond: new Map([[limited.allowedHost, 20]]) });
  for (let count = 0; count < 400; count += 1) await engine.subscribe('mallory', {}, limited);
  const { device } = await engine.subscribe('ada', {}, limited);
  await engine.start();
  const flood = await engine.notify(['mallory']);
  await engine.when('notification.fanned_out', ({ notificationId }) => notificationId === flood.id);
  await limited.waitFor(() => limited.pushes.length >= 20);
  const before = limited.pushes.length;
  await engine.notify(['ada']);
  await device.nextPush();
  // Twenty a second; alone after all of mallory's it would take twenty seconds.
  expect(limited.pushes.length - before).toBeLessThan(40);
});

it('keeps to the rate set for a host', async () => {
  const limited = await anotherService();
  engine = await startEngine({
    otherEmulators: others,
    ratesPerSecond: new Map([[limited.allowedHost, 20]]),
  });
  for (let count = 0; count < 30; count += 1) await engine.subscribe('ada', {}, limited);
  await engine.start();
  const notifiedAtMs = Date.now();
  const notification = await engine.notify(['ada']);
  await limited.waitFor(() => limited.pushes.length === 30);
  // Twenty at once, and the other ten at twenty a second, however slow this machine is.
  expect(Number(limited.pushes.at(-1)?.receivedAtMs) - notifiedAtMs).toBeGreaterThanOrEqual(450);
  await engine.when('delivery.settled', (event) => isFinal(event.state));
  expect((await engine.store.deliveries.countByState(notification.id)).failed).toBe(0);
});
