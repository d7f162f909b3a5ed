import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createPruneGuard, type PruneGuard } from '../../src/delivery/prune-guard.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { PruneHold } from '../../src/domain/pruning/prune-hold.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { createPruneHolds } from '../../src/intake/prune-holds.ts';
import type { PruneHoldStore } from '../../src/store/prune-hold-store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { type Engine, startEngine } from '../support/engine.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { NOW_MS, sampleSubscription } from '../support/samples.ts';

const POLICY = { windowSize: 50, maxShare: 0.2, maxCount: 5 };

let engine: Engine;
afterEach(() => engine?.dispose());

const operator = () => createPruneHolds({ store: engine.store, events: engine.events, clock: systemClock });

/** A push service that calls this many subscriptions gone, one after the other; their deliveries. */
async function callGone(count: number, userId = 'ada', status = 410) {
  const ended: { delivery: Delivery; subscriptionId: string }[] = [];
  for (let made = 0; made < count; made += 1) {
    const { subscription } = await engine.subscribe(`${userId}-${made}`, { behaviour: [{ status }, { status: 201 }] });
    const delivery = await engine.ended(await engine.notify([`${userId}-${made}`]), subscription);
    ended.push({ delivery, subscriptionId: subscription.id });
  }
  return ended;
}

const activeOnes = async (ids: readonly string[]) => {
  const found = await Promise.all(ids.map((id) => engine.store.subscriptions.get(id)));
  return found.filter((one) => one !== null && one.retired === null).length;
};

async function begin() {
  engine = await startEngine({ pruneGuard: POLICY, policy: { maxRetries: 0, baseMs: 1, maxMs: 1 } });
  await engine.start();
}

it('stops pruning when too many are called gone, and says so', async () => {
  await begin();
  const ended = await callGone(10);
  const { holdId, goneCount, answerCount } = await engine.when('prune_hold.opened', ({ scope }) => scope === 'origin');
  expect([goneCount, answerCount]).toEqual([6, 6]);
  expect(ended.map(({ delivery }) => delivery.state)).toEqual([
    ...Array.from({ length: 5 }, () => 'pruned'),
    ...Array.from({ length: 5 }, () => 'failed'),
  ]);
  const onHold = ended.slice(5);
  for (const { delivery, subscriptionId } of onHold) {
    expect(delivery).toMatchObject({ reason: 'pruning_on_hold', attempts: [{ outcome: 'gone', httpStatus: 410 }] });
    expect(delivery.attempts[0]?.remedy).toContain('/v1/prune-holds');
    expect(await engine.store.subscriptions.get(subscriptionId)).toMatchObject({
      retired: null,
      suspectedByHoldId: holdId,
    });
  }
  expect(await operator().get(holdId)).toMatchObject({ scope: 'origin', subject: engine.emulator.origin });
  // Of the origin, and none of the VAPID key that all of them share: one thing to decide.
  expect(engine.told.filter(({ type }) => type === 'prune_hold.opened')).toHaveLength(1);
  expect((await operator().get(holdId)).retiredIds).toEqual(ended.slice(0, 5).map((one) => one.subscriptionId));
});

it('sees what one VAPID key meets at many push services', async () => {
  const others = await Promise.all([startEmulator(), startEmulator(), startEmulator()]);
  engine = await startEngine({
    otherEmulators: others,
    pruneGuard: POLICY,
    policy: { maxRetries: 0, baseMs: 1, maxMs: 1 },
  });
  await engine.start();
  const ended: Delivery[] = [];
  for (const [index, at] of [...others, ...others, ...others].entries()) {
    const { subscription } = await engine.subscribe(`user-${index}`, { behaviour: [{ status: 410 }] }, at);
    ended.push(await engine.ended(await engine.notify([`user-${index}`]), subscription));
  }
  const [hold, ...more] = await operator().list('open');
  expect([hold?.scope, more]).toEqual(['vapid_key', []]);
  expect(ended.map(({ state }) => state).slice(4)).toEqual(['pruned', 'failed', 'failed', 'failed', 'failed']);
  await Promise.all(others.map((each) => each.close()));
});

it('confirmed, retires those that were kept, and holds nothing more for a day', async () => {
  await begin();
  const ended = await callGone(9);
  for (const { id } of await operator().list('open')) await operator().confirm(id);
  expect(await activeOnes(ended.map(({ subscriptionId }) => subscriptionId))).toBe(0);
  await engine.pruneGuard.tick();
  const more = await callGone(10, 'grace');
  expect(more.every(({ delivery }) => delivery.state === 'pruned')).toBe(true);
  expect(await operator().list('open')).toEqual([]);
});

it('dismissed, brings back those retired before it, and their failed deliveries arrive when replayed', async () => {
  await begin();
  const ended = await callGone(9);
  const ids = ended.map(({ subscriptionId }) => subscriptionId);
  expect(await activeOnes(ids)).toBe(4);
  let restored = 0;
  for (const { id } of await operator().list('open')) restored += (await operator().dismiss(id)).subscriptions;
  expect(restored).toBe(5);
  expect(await activeOnes(ids)).toBe(9);
  await engine.pruneGuard.tick();
  const user = 'ada-0';
  const again = await engine.notify([user]);
  const [subscription] = (
    await engine.store.subscriptions.list({ userId: user, includeRetired: false, cursor: null, limit: 1 })
  ).items;
  expect((await engine.ended(again, subscription!)).state).toBe('delivered');
  expect((await engine.store.subscriptions.get(ids[8]!))?.suspectedByHoldId).toBeNull();
  // The next wave is judged anew.
  const next = await callGone(6, 'grace');
  expect(next.map(({ delivery }) => delivery.state).slice(-1)).toEqual(['failed']);
});

it('a success clears the suspicion by itself', async () => {
  await begin();
  const ended = await callGone(7);
  const { subscriptionId } = ended[6]!;
  expect((await engine.store.subscriptions.get(subscriptionId))?.suspectedByHoldId).not.toBeNull();
  const notification = await engine.notify(['ada-6']);
  const subscription = (await engine.store.subscriptions.get(subscriptionId))!;
  expect((await engine.ended(notification, subscription)).state).toBe('delivered');
  expect((await engine.store.subscriptions.get(subscriptionId))?.suspectedByHoldId).toBeNull();
});

it('goes on in another process, and after a restart', async () => {
  await begin();
  const ended = await callGone(7);
  const subscription = (await engine.store.subscriptions.get(ended[6]!.subscriptionId))!;
  const other = createPruneGuard({
    store: engine.store.pruneHolds,
    events: engine.events,
    clock: systemClock,
    random: Math.random,
    policy: POLICY,
  });
  expect(await other.holdFor(subscription)).toBeNull();
  await other.tick();
  expect(await other.holdFor(subscription)).toBe(subscription.suspectedByHoldId);
  for (const { id } of await operator().list('open')) await operator().dismiss(id);
  await other.tick();
  expect(await other.holdFor(subscription)).toBeNull();
});

it('holds though the store cannot keep the hold now, and keeps it later', async () => {
  let isAway = true;
  engine = await startEngine({
    pruneGuard: POLICY,
    policy: { maxRetries: 0, baseMs: 1, maxMs: 1 },
    wrapStore: (store) => ({
      ...store,
      pruneHolds: {
        ...store.pruneHolds,
        open: (hold) => (isAway ? Promise.reject(new Error('away')) : store.pruneHolds.open(hold)),
      },
    }),
  });
  await engine.start();
  const ended = await callGone(7);
  expect(ended[6]?.delivery).toMatchObject({ state: 'failed', reason: 'pruning_on_hold' });
  expect(await operator().list(null)).toEqual([]);
  isAway = false;
  await engine.pruneGuard.tick();
  const suspected = await engine.store.subscriptions.get(ended[6]!.subscriptionId);
  expect((await operator().list('open')).map(({ id }) => id)).toContain(suspected?.suspectedByHoldId);
});

it('ordinary losses among many that arrive are pruned as ever', async () => {
  await begin();
  const many = Array.from({ length: 40 }, (_, index) => `many-${index}`);
  for (const userId of many) await engine.subscribe(userId);
  const notification = await engine.notify(many);
  await engine.when('notification.fanned_out', (event) => event.notificationId === notification.id);
  await engine.emulator.waitFor(() => engine.emulator.pushes.length === 40);
  const ended = await callGone(7, 'ada', 404);
  expect(ended.every(({ delivery }) => delivery.state === 'pruned')).toBe(true);
  expect(await operator().list(null)).toEqual([]);
});

describe('one user', () => {
  const PRODUCTION = { windowSize: 500, maxShare: 0.2, maxCount: 50 };

  /** A guard alone, with the holds that it opened. */
  const guardAlone = () => {
    const opened: PruneHold[] = [];
    const events = createEvents((error) => {
      throw error;
    });
    const store = {
      open: async (hold: PruneHold) => {
        opened.push(hold);
        return hold;
      },
      current: async () => [],
    } as unknown as PruneHoldStore;
    const guard = createPruneGuard({
      store,
      events,
      clock: createFakeClock(NOW_MS),
      random: Math.random,
      policy: PRODUCTION,
    });
    return { guard, opened };
  };
  const note = (guard: PruneGuard, userId: string, isGone: boolean, endpoint?: string) => {
    const subscription = sampleSubscription({ userId, ...(endpoint !== undefined && { endpoint }) });
    guard.note(subscription, isGone);
    return subscription;
  };

  it('with many that are gone has all of them pruned, and opens no hold', async () => {
    await begin();
    const ended: Delivery[] = [];
    for (let made = 0; made < 12; made += 1) {
      const { subscription } = await engine.subscribe('ada', { behaviour: [{ status: 410 }] });
      ended.push(await engine.ended(await engine.notify(['ada']), subscription));
    }
    expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(['pruned']));
    expect(await operator().list(null)).toEqual([]);
    const [other] = await callGone(1, 'ben');
    expect(other?.delivery.state).toBe('pruned');
  });

  it.each([51, 400, 10_000])('with %s that are gone opens no hold for the others', async (count) => {
    const { guard, opened } = guardAlone();
    for (let answered = 0; answered < count; answered += 1) note(guard, 'ada', true);
    expect(opened).toEqual([]);
    expect(await guard.holdFor(note(guard, 'ben', true))).toBeNull();
  });

  it('cannot hide 51 others whose subscriptions are called gone in good answers', async () => {
    const { guard, opened } = guardAlone();
    for (let user = 0; user < 51; user += 1) {
      for (let answered = 0; answered < 500; answered += 1) note(guard, 'ada', false);
      note(guard, `user-${user}`, true);
    }
    expect(opened).toMatchObject([{ scope: 'origin', goneCount: 51, answerCount: 52 }]);
  });

  it('cannot make it forget a push service by endpoints at thousands of hosts', async () => {
    const { guard, opened } = guardAlone();
    for (let user = 0; user < 51; user += 1) {
      note(guard, `user-${user}`, true);
      for (let host = 0; host < 60; host += 1) {
        note(guard, 'ada', false, `https://h${user}-${host}.notify.windows.com/w/?token=a`);
      }
    }
    expect(opened).toMatchObject([{ scope: 'origin', subject: 'https://push.example.net', goneCount: 51 }]);
  });
});
