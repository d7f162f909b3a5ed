import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { endCancelledPage } from '../../src/delivery/cancelling.ts';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { EventType, OutboxEvent } from '../../src/domain/event/outbox-event.ts';
import { pruneHoldId } from '../../src/domain/ids.ts';
import type { FanOutPage } from '../../src/store/fan-out-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { pageOf } from '../support/fan-out-page.ts';
import {
  endingAs,
  goneChange,
  NOW_MS,
  sampleAcceptance,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';
import { sampleCommit, sampleSchedule } from './schedule-contract.ts';

/** All that is announced, once what waits for its place has it. */
async function allEvents(store: Store): Promise<readonly OutboxEvent[]> {
  while ((await store.events.relay(100)) > 0);
  return store.events.after(0, 1000);
}

async function told<Type extends EventType>(store: Store, type: Type) {
  const events = (await allEvents(store)).filter((event) => event.type === type);
  return events.map(({ data }) => data);
}

const completed = (notificationId: string) => ({ notificationId, status: 'completed' });

/** Has the store look at what was called off, long after that. */
async function endCancelled(store: Store, id: string, afterMs: number): Promise<void> {
  const clock = createFakeClock(NOW_MS + afterMs);
  while (await endCancelledPage({ store, events: { publish: () => {} }, clock }, id));
}

const HOLD = {
  scope: 'origin',
  subject: 'https://push.example',
  state: 'open',
  goneCount: 60,
  answerCount: 200,
  retiredIds: [],
  openedAtMs: NOW_MS,
  decidedAtMs: null,
} as const;

/** What is announced to others: written with what makes it true, read in one order. */
export function eventContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('announces each subscription that becomes active, and each that is retired, once', async () => {
    const { store } = fresh;
    const { subscriptions } = store;
    const one = sampleSubscription({ createdAtMs: NOW_MS, updatedAtMs: NOW_MS });
    await subscriptions.register(one);
    await subscriptions.register({ ...one, updatedAtMs: one.updatedAtMs + 1 });
    const retire = { kind: 'retire', reason: 'gone', atMs: NOW_MS + 5, deliveryId: null } as const;
    const change = { ...retire, subscriptionId: one.id, notUpdatedSinceMs: NOW_MS + 5 };
    await subscriptions.change([change]);
    await subscriptions.change([change]);
    await subscriptions.restore(one.id, NOW_MS + 6);
    const [imported] = await subscriptions.importMany([{ draft: sampleSubscription(), writtenAtMs: null }], {
      isDryRun: false,
    });
    const moved = sampleSubscription({ endpoint: one.endpoint, endpointHash: one.endpointHash, keys: one.keys });
    await subscriptions.register({ ...moved, userId: 'another', updatedAtMs: NOW_MS + 9 });
    const { id: importedId } = (imported as { subscription: { id: string } }).subscription;
    const created = await told(store, 'subscription.created');
    expect(created).toHaveLength(4);
    expect(created).toEqual(
      expect.arrayContaining([
        { subscriptionId: one.id, cause: 'registered' },
        { subscriptionId: one.id, cause: 'restored' },
        { subscriptionId: importedId, cause: 'imported' },
        { subscriptionId: moved.id, cause: 'registered' },
      ]),
    );
    expect(await told(store, 'subscription.retired')).toEqual([
      { subscriptionId: one.id, reason: 'gone' },
      { subscriptionId: one.id, reason: 'moved' },
    ]);
  });

  it('announces what a subscription had to tell that is deleted right away', async () => {
    const { store } = fresh;
    const [one, two, three] = ['a', 'b', 'b'].map((userId) => sampleSubscription({ userId }));
    for (const subscription of [one!, two!, three!]) await store.subscriptions.register(subscription);
    await store.subscriptions.delete(one!.id);
    await store.subscriptions.deleteOfEndpoint(two!.endpointHash, null);
    await store.subscriptions.deleteOfUser('b', 10);
    expect(await told(store, 'subscription.created')).toHaveLength(3);
    const deleted = [one!, two!, three!].map(({ id: subscriptionId }) => ({ subscriptionId, reason: 'deleted' }));
    expect(await told(store, 'subscription.retired')).toEqual(deleted);
  });

  it('announces once that a subscription gets nothing any more, also where it is deleted afterwards', async () => {
    const { store } = fresh;
    const one = sampleSubscription({ userId: 'a' });
    await store.subscriptions.register(one);
    await store.subscriptions.change([goneChange(one.id)]);
    expect(await store.subscriptions.delete(one.id)).toBe(true);
    expect(await told(store, 'subscription.retired')).toEqual([{ subscriptionId: one.id, reason: 'gone' }]);
  });

  it('announces dead letters and completions, again after a replay', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 2);
    const [one, two] = deliveries;
    const first = endingAs('failed', await claimed(store, one!.id));
    await store.deliveries.settleMany([first, first]);
    expect(await told(store, 'notification.completed')).toEqual([]);
    await store.deliveries.settleMany([endingAs('delivered', await claimed(store, two!.id))]);
    const failed = { deliveryId: one!.id, notificationId: notification.id, subscriptionId: one!.subscriptionId };
    expect(await told(store, 'delivery.failed')).toEqual([
      { ...failed, reason: first.after.reason, outcome: first.after.attempts.at(-1)?.outcome ?? null, attempts: 1 },
    ]);
    expect(await told(store, 'notification.completed')).toEqual([completed(notification.id)]);
    const { version } = (await store.deliveries.get(one!.id))!;
    const again = { ...first.after, state: 'pending', dueAtMs: NOW_MS, endedAtMs: null, reason: null } as const;
    await store.deliveries.settleMany([{ version, from: 'failed', after: again, change: null, attempt: null }]);
    await store.deliveries.settleMany([endingAs('failed', await claimed(store, one!.id, 2))]);
    expect(await told(store, 'delivery.failed')).toHaveLength(2);
    expect(await told(store, 'notification.completed')).toHaveLength(2);
  });

  it('announces once that what was called off has ended, and not before a push under way has', async () => {
    const { store } = fresh;
    const before = sampleNotification();
    await store.notifications.accept(sampleAcceptance(before, ['nobody']));
    await store.notifications.cancel(before.id, NOW_MS);
    await endCancelled(store, before.id, 120_000);
    const { notification, deliveries } = await fannedOut(store, 2);
    const under = await claimed(store, deliveries[0]!.id);
    await store.notifications.cancel(notification.id, NOW_MS);
    await endCancelled(store, notification.id, 120_000);
    const ended = (id: string) => ({ notificationId: id, status: 'cancelled' });
    expect(await told(store, 'notification.completed')).toEqual([ended(before.id)]);
    expect((await store.notifications.milestones(notification.id))?.completedAtMs).toBeNull();
    await store.deliveries.settleMany([endingAs('delivered', under)]);
    await endCancelled(store, notification.id, 180_000);
    await endCancelled(store, notification.id, 240_000);
    expect(await told(store, 'notification.completed')).toEqual([ended(before.id), ended(notification.id)]);
    expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'cancelled', dueAtMs: null });
    expect((await store.notifications.milestones(notification.id))?.completedAtMs).not.toBeNull();
  });

  it('announces once how many got nothing, and why, when nobody is left to decide about', async () => {
    const { store } = fresh;
    const notification = sampleNotification({ userCount: 3 });
    await store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(['a', 'b', 'c']) }));
    const { cursor } = (await store.fanOuts.get(notification.id))!;
    const stops = [
      ['a', 'no_subscription'],
      ['b', 'no_subscription'],
      ['c', 'capped'],
    ] as const;
    const page = (from: string, to: string | null, users: typeof stops | readonly []): FanOutPage => ({
      ...pageOf(notification, [], { from: from as FanOutPage['from'], to: to as FanOutPage['to'] }),
      plan: () => ({
        deliveries: [],
        capUses: [],
        suppressions: users.map(([userId, reason]) => {
          return { notificationId: notification.id, userId, reason, detail: {}, atMs: NOW_MS };
        }),
      }),
    });
    await store.fanOuts.commitPage(page(cursor, 'middle', stops));
    expect(await told(store, 'notification.suppressed')).toEqual([]);
    await store.fanOuts.commitPage(page('middle', null, []));
    await store.fanOuts.commitPage(page('middle', null, []));
    expect(await told(store, 'notification.suppressed')).toEqual([
      { notificationId: notification.id, users: 3, byReason: { no_subscription: 2, capped: 1 } },
    ]);
    expect(await told(store, 'notification.completed')).toEqual([completed(notification.id)]);
  });

  it('says nothing of suppressions where there are none', async () => {
    await fannedOut(fresh.store, 1);
    expect(await told(fresh.store, 'notification.suppressed')).toEqual([]);
  });

  it('announces holds on pruning and what was decided', async () => {
    const { store } = fresh;
    const hold = { ...HOLD, id: pruneHoldId(NOW_MS, Math.random) };
    await store.pruneHolds.open(hold);
    await store.pruneHolds.open({ ...hold, id: pruneHoldId(NOW_MS, Math.random) });
    const { scope, subject, goneCount, answerCount } = hold;
    const opened = { pruneHoldId: hold.id, scope, subject, goneCount, answerCount };
    expect(await told(store, 'prune_hold.opened')).toEqual([opened]);
    await store.pruneHolds.decide(hold.id, 'dismissed', NOW_MS + 1);
    await store.pruneHolds.decide(hold.id, 'confirmed', NOW_MS + 2);
    expect(await store.pruneHolds.get(hold.id)).toEqual({ ...hold, state: 'dismissed', decidedAtMs: NOW_MS + 1 });
    expect(await told(store, 'prune_hold.decided')).toEqual([{ pruneHoldId: hold.id, state: 'dismissed' }]);
  });

  it('announces missed times of a schedule, also of one that is changed or deleted right away', async () => {
    const { store } = fresh;
    await store.schedules.put(sampleSchedule());
    const schedule = (await store.schedules.get('morning'))!;
    const missed = { count: 7, isAtLeast: false, lastAtMs: NOW_MS + 9, instantsMs: [NOW_MS] };
    const sent = sampleCommit(schedule);
    const occurrences = sent.occurrences.map(
      (one) => ({ ...one, status: 'missed', notificationId: null, missed }) as const,
    );
    await store.schedules.commit({ ...sent, made: null, acceptance: null, occurrences });
    await store.schedules.put({ ...(await store.schedules.get('morning'))!, isPaused: true });
    expect(await store.schedules.delete('morning')).toBe(true);
    const { atMs: firstAtMs } = occurrences[0]!;
    expect(await told(store, 'schedule.missed')).toEqual([
      { scheduleKey: 'morning', firstAtMs, lastAtMs: NOW_MS + 9, count: 7, isAtLeast: false },
    ]);
  });

  describe('their order', () => {
    it('numbers all from 1 on, with no gap and nothing twice, however many are at it', async () => {
      const { store } = fresh;
      const subscriptions = Array.from({ length: 60 }, () => sampleSubscription());
      const seen: number[] = [];
      let isDone = false;
      const reader = (async () => {
        // Reads while others write, always from where it was: it may miss nothing.
        while (!isDone || (await store.events.after(seen.at(-1) ?? 0, 10)).length > 0) {
          for (const { sequence } of await store.events.after(seen.at(-1) ?? 0, 10)) seen.push(sequence);
          await setImmediate();
        }
      })();
      const relays = Array.from({ length: 4 }, async () => {
        for (; !isDone; await setImmediate()) await store.events.relay(7);
      });
      await Promise.all(subscriptions.map((one) => store.subscriptions.register(one)));
      const events = await allEvents(store);
      isDone = true;
      await Promise.all([reader, ...relays]);
      expect(events.map(({ sequence }) => sequence)).toEqual(subscriptions.map((_, index) => index + 1));
      expect(new Set(events.map(({ id }) => id)).size).toBe(60);
      expect(seen).toEqual(events.map(({ sequence }) => sequence));
      expect(await store.events.bounds()).toEqual({ first: 1, last: 60 });
    });

    it('is read from a number on, a few at a time', async () => {
      const { store } = fresh;
      expect(await store.events.bounds()).toEqual({ first: 0, last: 0 });
      for (let index = 0; index < 5; index += 1) await store.subscriptions.register(sampleSubscription());
      const events = await allEvents(store);
      expect(await store.events.after(1, 2)).toEqual(events.slice(1, 3));
      expect(await store.events.after(5, 2)).toEqual([]);
    });
  });

  it('forgets those before an instant, but never the last, so that no number is given twice', async () => {
    const { store } = fresh;
    const [old, alsoOld, young] = [0, 1, 1000].map((later) =>
      sampleSubscription({ createdAtMs: NOW_MS + later, updatedAtMs: NOW_MS + later }),
    );
    for (const one of [old!, alsoOld!, young!]) {
      await store.subscriptions.register(one);
      await allEvents(store);
    }
    expect(await store.events.forget(NOW_MS + 1000)).toBe(2);
    expect(await store.events.bounds()).toEqual({ first: 3, last: 3 });
    expect(await store.events.forget(NOW_MS * 2)).toBe(0);
    await store.subscriptions.register(sampleSubscription());
    expect((await allEvents(store)).map(({ sequence }) => sequence)).toEqual([3, 4]);
  });
}
