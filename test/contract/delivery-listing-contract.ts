import { describe, expect, it } from 'vitest';
import { factsOfKind } from '../../src/domain/delivery/dead-kind.ts';
import { ANY_DEAD_LETTER } from '../../src/domain/delivery/dead-letter-filter.ts';
import { DELIVERY_STATES, type Delivery, isFinal } from '../../src/domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { PRIORITIES } from '../../src/domain/notification/priority.ts';
import type { Store } from '../../src/store/store.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  NOW_MS,
  sampleAcceptance,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, everyPage, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

const byId = (one: Delivery, other: Delivery): number => (one.id < other.id ? -1 : 1);

/** One notification with these deliveries, as they are. */
async function withDeliveries(store: Store, changes: readonly Partial<Delivery>[]): Promise<Delivery[]> {
  const notification = sampleNotification();
  const deliveries = changes.map((change) => sampleDelivery(notification, sampleSubscription(), change));
  await store.notifications.accept(sampleAcceptance(notification, ['a']));
  await commitPage(store, notification, deliveries);
  return deliveries;
}

export function deliveryListingContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('knows nothing of an unknown id', async () => {
    expect(await fresh.store.deliveries.get('dlv_unknown')).toBeNull();
  });

  describe('listByNotification', () => {
    it('gives each of its deliveries once, in order of id, by state and by attempts', async () => {
      const { store } = fresh;
      const changes = Array.from({ length: 21 }, (_, index): Partial<Delivery> => {
        const state = (['pending', 'failed', 'delivered'] as const)[index % 3]!;
        const attempts = index % 2 === 0 ? [] : [sampleAttempt()];
        return { state, attempts, ...(state === 'pending' ? {} : { dueAtMs: null, endedAtMs: NOW_MS }) };
      });
      const mine = (await withDeliveries(store, changes)).sort(byId);
      await withDeliveries(store, changes);
      const { notificationId } = mine[0]!;
      for (const state of [null, 'failed', 'pending', 'expired'] as const)
        for (const attempted of [false, true])
          for (const limit of [2, 21]) {
            const filter = { ...ANY_DELIVERY, state };
            const query = { notificationId, userId: null, attempted, filter, limit };
            const { items } = await everyPage((cursor) => store.deliveries.listByNotification({ ...query, cursor }));
            const wanted = (one: Delivery) =>
              (state === null || one.state === state) && (!attempted || one.attempts.length > 0);
            expect(items).toEqual(mine.filter(wanted));
          }
    });

    it('refuses a cursor it never gave', async () => {
      const [delivery] = await withDeliveries(fresh.store, [{}]);
      const { notificationId } = delivery!;
      const query = { notificationId, userId: null, attempted: false, filter: ANY_DELIVERY, limit: 5 };
      const page = fresh.store.deliveries.listByNotification({ ...query, cursor: 'no such place' });
      await expect(page).rejects.toMatchObject({ code: 'invalid_cursor' });
    });
  });

  describe('dead letters', () => {
    const ALL = { scope: ANY_DEAD_LETTER, kinds: null } as const;

    it('are given once each, newest first, also where instants are equal', async () => {
      const { store } = fresh;
      const failed = Array.from({ length: 14 }, (_, index): Partial<Delivery> => {
        return { state: 'failed', dueAtMs: null, endedAtMs: NOW_MS + (index % 3), reason: 'rejected' };
      });
      const others: Partial<Delivery>[] = [{}, { state: 'expired', dueAtMs: null, endedAtMs: NOW_MS }];
      const deliveries = (await withDeliveries(store, [...failed, ...others])).slice(0, failed.length);
      const expected = deliveries.toSorted((a, b) => b.endedAtMs! - a.endedAtMs! || byId(b, a));
      const { pages } = await everyPage((cursor) => store.deliveries.skimFailed({ ...ALL, cursor, limit: 4 }));
      expect(pages).toBe(4);
      for (const [userId, fromMs, untilMs] of [
        [null, null, null],
        [null, NOW_MS + 1, NOW_MS + 2],
        [expected[0]!.userId, null, NOW_MS + 9],
      ] as const)
        for (const kinds of [null, await store.deliveries.deadKinds(null)]) {
          const scope = { userId, notificationId: null, fromMs, untilMs };
          const { items } = await everyPage((cursor) =>
            store.deliveries.skimFailed({ scope, kinds, cursor, limit: 4 }),
          );
          expect(items).toEqual(
            expected
              .filter((one) => userId === null || one.userId === userId)
              .filter(({ endedAtMs }) => endedAtMs! >= (fromMs ?? 0) && endedAtMs! < (untilMs ?? Infinity))
              .map(({ id, endedAtMs }) => ({ id, endedAtMs })),
          );
        }
    });

    it('are of kinds, by reason, origin, type and last remedy, and are found and counted by those', async () => {
      const { store } = fresh;
      const remedies = ['Wait.', 'Mend the “key”.', null] as const;
      const failed = Array.from({ length: 12 }, (_, index): Partial<Delivery> => {
        const remedy = remedies[index % 3]!;
        const attempts =
          remedy === null ? [] : [sampleAttempt({ remedy: 'No.' }), sampleAttempt({ number: 2, remedy })];
        return { state: 'failed', dueAtMs: null, endedAtMs: NOW_MS + (index % 5), reason: 'rejected', attempts };
      });
      const [mine, others] = [await withDeliveries(store, [...failed, {}]), await withDeliveries(store, failed)];
      const { notificationId, userId, origin } = mine[0]!;
      const [notification] = await store.notifications.getMany([notificationId]);
      const { type } = notification!.content;
      const facts = (remedy: string | null) => ({ reason: 'rejected', origin, type, remedy });
      for (const of of [null, notificationId])
        expect(new Set((await store.deliveries.deadKinds(of)).map(factsOfKind))).toEqual(new Set(remedies.map(facts)));
      expect(await store.deliveries.deadKinds(sampleNotification().id)).toEqual([]);
      const keyed = (await store.deliveries.deadKinds(null)).filter((kind) => factsOfKind(kind).remedy !== 'Wait.');
      const dead = [...mine, ...others].filter(({ state }) => state === 'failed');
      const isKeyed = ({ attempts }: Delivery) => attempts.at(-1)?.remedy !== 'Wait.';
      const byEnd = (a: Delivery, b: Delivery) => b.endedAtMs! - a.endedAtMs! || byId(b, a);
      for (const of of [null, notificationId])
        for (const user of [null, userId])
          for (const fromMs of [null, NOW_MS + 2]) {
            const scope = { userId: user, notificationId: of, fromMs, untilMs: null };
            const expected = dead
              .filter(isKeyed)
              .filter((one) => (of === null || one.notificationId === of) && (user === null || one.userId === user))
              .filter(({ endedAtMs }) => endedAtMs! >= (fromMs ?? 0))
              .toSorted(of === null ? byEnd : byId);
            const { items } = await everyPage((cursor) =>
              store.deliveries.skimFailed({ scope, kinds: keyed, cursor, limit: 3 }),
            );
            expect(items.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
            const { counts, isAtLeast } = await store.deliveries.countFailed({ scope, kinds: keyed, most: 99 });
            expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(expected.length);
            expect(isAtLeast).toBe(false);
          }
      expect(await store.deliveries.countFailed({ scope: ANY_DEAD_LETTER, kinds: keyed, most: 3 })).toMatchObject({
        isAtLeast: true,
      });
      expect((await store.deliveries.skimFailed({ ...ALL, kinds: [], cursor: null, limit: 3 })).items).toEqual([]);
      const stray = { scope: { ...ANY_DEAD_LETTER, notificationId }, kinds: null, cursor: 'bm8', limit: 5 };
      await expect(store.deliveries.skimFailed(stray)).rejects.toMatchObject({ code: 'invalid_cursor' });
    });

    it('are none any more once they are sent again, and are of the kind of their latest failure', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 1);
      const become = async (change: Partial<Delivery>) => {
        const [before] = await store.deliveries.getMany([deliveries[0]!.id, 'dlv_none']);
        const after: Delivery = { ...before!, reason: null, dueAtMs: null, ...change };
        const { version, state: from } = before!;
        expect(await store.deliveries.settleMany([{ version, from, after, change: null, attempt: null }])).toEqual([
          true,
        ]);
      };
      const failWith = (remedy: string) =>
        become({ state: 'failed', reason: 'rejected', endedAtMs: NOW_MS, attempts: [sampleAttempt({ remedy })] });
      const remedies = async () => (await store.deliveries.deadKinds(null)).map((kind) => factsOfKind(kind).remedy);
      await failWith('Wait.');
      expect(await remedies()).toEqual(['Wait.']);
      await become({ state: 'pending', dueAtMs: NOW_MS, endedAtMs: null });
      expect(await store.deliveries.skimFailed({ ...ALL, cursor: null, limit: 5 })).toEqual({ items: [], next: null });
      expect(await remedies()).toEqual([]);
      await failWith('Mend it.');
      expect(await remedies()).toEqual(['Mend it.']);
    });

    it('refuse a cursor that they never gave', async () => {
      const page = fresh.store.deliveries.skimFailed({ ...ALL, cursor: 'bm8', limit: 5 });
      await expect(page).rejects.toMatchObject({ code: 'invalid_cursor' });
    });
  });

  it('counts by state, with a nought for each state nobody is in', async () => {
    const { store } = fresh;
    const changes = DELIVERY_STATES.slice(0, 6).flatMap((state, index) =>
      Array.from({ length: index }, (): Partial<Delivery> => ({ state, dueAtMs: isFinal(state) ? null : NOW_MS })),
    );
    const [first] = await withDeliveries(store, changes);
    await withDeliveries(store, [{}]);
    const expected = Object.fromEntries(DELIVERY_STATES.map((state, index) => [state, index < 6 ? index : 0]));
    expect(await store.deliveries.countByState(first!.notificationId)).toEqual(expected);
    const nothing = Object.fromEntries(DELIVERY_STATES.map((state) => [state, 0]));
    expect(await store.deliveries.countByState(sampleNotification().id)).toEqual(nothing);
  });

  describe('due', () => {
    it('gives what is due of one priority, most overdue first', async () => {
      const { store } = fresh;
      const times = [50, 10, 40, 20, 30];
      const byPriority = new Map<string, Delivery[]>();
      for (const priority of PRIORITIES) {
        const deliveries = await withDeliveries(
          store,
          times.map((ms) => ({ priority, dueAtMs: NOW_MS + ms })),
        );
        byPriority.set(priority, deliveries);
      }
      for (const priority of PRIORITIES) {
        const expected = [10, 20, 30, 40].map((ms) => {
          const { id, userId, origin, deadlineAtMs } = byPriority
            .get(priority)!
            .find(({ dueAtMs }) => dueAtMs === NOW_MS + ms)!;
          return {
            id,
            userId,
            origin,
            priority,
            state: 'pending',
            attemptCount: 0,
            deadlineAtMs,
            dueAtMs: NOW_MS + ms,
          };
        });
        expect(await store.deliveries.due({ priority, untilMs: NOW_MS + 40, limit: 9 })).toEqual(expected);
        expect(await store.deliveries.due({ priority, untilMs: NOW_MS + 40, limit: 2 })).toEqual(expected.slice(0, 2));
        expect(await store.deliveries.due({ priority, untilMs: NOW_MS + 9, limit: 2 })).toEqual([]);
      }
    });

    it('gives each of thousands once, however many are due in the same instant', async () => {
      const { store } = fresh;
      const ids: string[] = [];
      for (const dueAtMs of [NOW_MS, NOW_MS, NOW_MS - 1]) {
        const some = await withDeliveries(
          store,
          Array.from({ length: 850 }, () => ({ dueAtMs })),
        );
        ids.push(...some.map(({ id }) => id));
      }
      const due = await store.deliveries.due({ priority: 'normal', untilMs: NOW_MS, limit: 9999 });
      expect(due.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(due.findIndex(({ dueAtMs }) => dueAtMs === NOW_MS)).toBe(850);
      const some = await store.deliveries.due({ priority: 'normal', untilMs: NOW_MS, limit: 2100 });
      expect(new Set(some.map(({ id }) => id)).size).toBe(2100);
    });

    it('gives of each user a few first, and then more of those who have more', async () => {
      const { store } = fresh;
      const owned = (userId: string, count: number, fromMs: number) =>
        Array.from({ length: count }, (_, index) => ({ userId, dueAtMs: NOW_MS - fromMs + index }));
      await withDeliveries(store, [...owned('mallory', 30, 1000), ...owned('ada', 2, 500), ...owned('grace', 2, 100)]);
      const query = { priority: 'normal', untilMs: NOW_MS, limit: 10 } as const;
      const due = async (share: { fewOfUser?: number; mostRead?: number }) =>
        (await store.deliveries.due({ ...query, ...share })).map(({ userId, dueAtMs }) => [userId, dueAtMs - NOW_MS]);
      const mallorys = (count: number, from = 0) =>
        Array.from({ length: count }, (_, index) => ['mallory', -1000 + from + index]);
      expect(await due({})).toEqual(mallorys(10));
      const all = [...mallorys(3), ['ada', -500], ['ada', -499], ['grace', -100], ['grace', -99], ...mallorys(3, 3)];
      expect(await due({ fewOfUser: 3, mostRead: 100 })).toEqual(all);
      // No further than it may read: what is behind comes with a later page.
      expect(await due({ fewOfUser: 3, mostRead: 31 })).toEqual([...mallorys(3), ['ada', -500], ...mallorys(6, 3)]);
      expect(await due({ fewOfUser: 1, mostRead: 100 })).toHaveLength(10);
    });

    it('gives a lease that ended, never one that runs, never what is final', async () => {
      const { store } = fresh;
      const { deliveries } = await fannedOut(store, 2);
      const [one, two] = deliveries as [Delivery, Delivery];
      await store.deliveries.settleMany([endingAs('delivered', await claimed(store, two.id))]);
      await claimed(store, one.id);
      const until = (untilMs: number) => store.deliveries.due({ priority: 'normal', untilMs, limit: 9 });
      expect(await until(NOW_MS + 59_999)).toEqual([]);
      const { userId, origin, deadlineAtMs } = one;
      const lease = { state: 'sending', attemptCount: 1, dueAtMs: NOW_MS + 60_000 };
      expect(await until(NOW_MS + 60_000)).toEqual([
        { id: one.id, userId, origin, priority: 'normal', deadlineAtMs, ...lease },
      ]);
    });
  });
}
