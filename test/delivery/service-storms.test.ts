import { afterEach, describe, expect, it } from 'vitest';
import { deliveryId } from '../../src/domain/ids.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { ProfileName } from '../../src/emulator/profile.ts';
import { type Engine, type EngineOptions, startEngine } from '../support/engine.ts';
import { startService } from '../support/services.ts';
import { until } from '../support/until.ts';

let engine: Engine;
let service: Emulator;

afterEach(async () => {
  // Each of these ends by itself: a promise or a connection left hanging runs into the hook's limit.
  await engine.dispose();
  await service.disconnected();
  await service.close();
});

/** One notification to this many users, with a device each at one service that treats them all so. */
async function sendToMany(
  profile: ProfileName,
  count: number,
  behaviour: Parameters<Emulator['setBehaviour']>[0],
  options: EngineOptions = {},
) {
  service = await startService(profile);
  service.setBehaviour(behaviour);
  engine = await startEngine({ ...options, otherEmulators: [service] });
  await engine.start();
  const subscribed = [];
  const users = Array.from({ length: count }, (_, index) => `user-${index}`);
  for (const user of users) subscribed.push(await engine.subscribe(user, {}, service));
  const notification = await engine.notify(users, { ttlSeconds: 86_400 });
  const ids = subscribed.map(({ subscription }) => deliveryId(notification.id, subscription.id));
  return async () => {
    const deliveries = await Promise.all(ids.map((id) => engine.store.deliveries.get(id)));
    return deliveries.filter((delivery) => delivery !== null);
  };
}

const SLOW_RETRIES = { maxRetries: 3, baseMs: 3_600_000, maxMs: 3_600_000 };
const DAY_MS = 86_400_000;

describe('a whole service', () => {
  it('that throttles is left alone for as long as it says, and every request made is on record', async () => {
    const step = { status: 429, retryAfterSeconds: 3600 };
    const deliveries = await sendToMany('fcm', 150, [{ step }], {
      policy: SLOW_RETRIES,
      pace: { maxInFlightPerService: 8 },
    });
    const { untilMs } = await engine.when('origin.paused');
    await until('each delivery waits for the end of the pause', async () => {
      const all = await deliveries();
      return all.length === 150 && all.every(({ state, dueAtMs }) => state !== 'sending' && (dueAtMs ?? 0) >= untilMs);
    });
    const all = await deliveries();
    const tried = all.filter(({ attempts }) => attempts.length > 0);
    expect(service.pushes).toHaveLength(tried.length);
    expect(tried.length).toBeLessThan(150);
    for (const { state, attempts } of tried) {
      expect(state).toBe('retrying');
      expect(attempts).toMatchObject([
        { httpStatus: 429, outcome: 'throttled', remedy: expect.stringMatching(/again/) },
      ]);
    }
    for (const { state, attemptCount } of all.filter(({ attempts }) => attempts.length === 0)) {
      expect([state, attemptCount]).toEqual(['pending', 0]);
    }
    expect(engine.told.filter(({ type }) => type === 'origin.paused')).toHaveLength(1);
  });

  it('that calls all its devices gone costs no more of them than the guard allows', async () => {
    const pruneGuard = { windowSize: 50, maxShare: 0.2, maxCount: 5 };
    const deliveries = await sendToMany('fcm', 40, [{ step: { status: 404 } }], { pruneGuard });
    await until('each delivery has ended', async () => {
      const all = await deliveries();
      return all.length === 40 && all.every(({ endedAtMs }) => endedAtMs !== null);
    });
    const all = await deliveries();
    const pruned = all.filter(({ state }) => state === 'pruned');
    expect(pruned.length).toBeLessThanOrEqual(5);
    for (const { state, reason, attempts } of all) {
      expect(attempts).toMatchObject([{ httpStatus: 404, outcome: 'gone' }]);
      expect(attempts[0]?.error).toContain('unsubscribed or expired');
      const isPruned = state === 'pruned';
      expect([state, reason]).toEqual(isPruned ? ['pruned', 'subscription_gone'] : ['failed', 'pruning_on_hold']);
      expect(attempts[0]?.remedy).toMatch(isPruned ? /retired/ : /prune-holds/);
    }
    const kept = await Promise.all(all.map(({ subscriptionId }) => engine.store.subscriptions.get(subscriptionId)));
    expect(kept.filter((subscription) => subscription?.retired === null)).toHaveLength(40 - pruned.length);
    expect(service.pushes).toHaveLength(40);
  });

  it('that finds this machine’s clock wrong costs no subscription, nor a quarantine', async () => {
    const step = { status: 403, body: 'permission denied: invalid JWT provided\n' };
    const deliveries = await sendToMany('fcm', 30, [{ step }], { quarantine: { retryMs: DAY_MS, retireAfterMs: 1 } });
    await engine.when('lane.closed');
    await until('none is under way', async () => (await deliveries()).every(({ state }) => state !== 'sending'));
    const all = await deliveries();
    const ended = all.filter(({ attempts }) => attempts.length > 0);
    expect(ended.length).toBeGreaterThanOrEqual(10);
    for (const { state, reason, attempts, subscriptionId } of ended) {
      expect([state, reason]).toEqual(['failed', 'misconfigured']);
      expect(attempts).toMatchObject([{ httpStatus: 403, remedy: expect.stringContaining('clock') }]);
      const subscription = await engine.store.subscriptions.get(subscriptionId);
      expect(subscription).toMatchObject({ retired: null, quarantine: null });
    }
  });

  it.each([
    ['hang', 'no answer within the attempt timeout'],
    ['reset', 'the connection broke before an answer'],
  ] as const)('that answers all with %s holds up no other, and leaves nothing open', async (fault, error) => {
    const deliveries = await sendToMany('mozilla', 30, [{ step: { fault } }], {
      policy: SLOW_RETRIES,
      attemptTimeoutMs: 1000,
      pace: { maxInFlightPerService: 5 },
    });
    const other = await engine.subscribe('grace');
    await service.waitFor(() => true);
    const delivered = await engine.ended(await engine.notify(['grace']), other.subscription);
    expect(delivered).toMatchObject({ state: 'delivered', attemptCount: 1 });
    await engine.when('lane.closed', ({ origin }) => origin === service.origin);
    await until('none is under way', async () => (await deliveries()).every(({ state }) => state !== 'sending'));
    const tried = (await deliveries()).filter(({ attempts }) => attempts.length > 0);
    expect(tried.length).toBeGreaterThanOrEqual(10);
    for (const { state, attempts } of tried) {
      expect(state).toBe('retrying');
      expect(attempts).toMatchObject([{ httpStatus: null, outcome: 'retryable', error }]);
    }
  });
});
