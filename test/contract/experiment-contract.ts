import { expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { assign } from '../../src/domain/experiment/assignment.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { Store } from '../../src/store/store.ts';
import { inExperiment, samplePlan, sharesOf, TEST_PLAN, USERS } from '../support/experiments.ts';
import { fanOutAt } from '../support/fan-out-at.ts';
import { endingAs, NOW_MS, sampleAcceptance, sampleSubscription } from '../support/samples.ts';
import { claimed, everyPage, freshStore, type OpenStore } from './fresh-store.ts';

const MINUTE_MS = 60_000;

/** Experiments: who gets what, what came of it, and deciding. */
export function experimentContract(open: OpenStore): void {
  const fresh = freshStore(open);

  const register = (users: readonly string[] = USERS, devicesEach = 1) =>
    Promise.all(
      Array.from({ length: devicesEach }, () => users).flatMap((all) =>
        all.map((userId) => fresh.store.subscriptions.register(sampleSubscription({ userId }))),
      ),
    );
  const accept = (notification: Notification, users: readonly string[] = USERS) =>
    fresh.store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(users) }));
  const send = async (notification: Notification, users: readonly string[] = USERS, nowMs = NOW_MS) => {
    expect(await accept(notification, users)).toMatchObject({ kind: 'accepted' });
    await fanOutAt(fresh.store, notification, { nowMs, pageSize: 7 });
  };
  const deliveriesOf = async (id: string) => {
    const filter = ANY_DELIVERY;
    const query = { notificationId: id, userId: null, attempted: false, filter, limit: 50 };
    return (await everyPage((cursor) => fresh.store.deliveries.listByNotification({ ...query, cursor }))).items;
  };
  const suppressedOf = async (id: string) => {
    const query = { notificationId: id, reason: null, limit: 50 };
    return (await everyPage((cursor) => fresh.store.suppressions.list({ ...query, cursor }))).items;
  };
  const deliver = async (store: Store, ids: readonly string[]) => {
    const leases = await Promise.all(ids.map((id) => claimed(store, id)));
    expect(await store.deliveries.settleMany(leases.map((lease) => endingAs('delivered', lease)))).toEqual(
      ids.map(() => true),
    );
  };
  const drain = async () => {
    while ((await fresh.store.events.relay(100)) > 0);
    return (await fresh.store.events.after(0, 1000)).filter(({ type }) => type === 'experiment.decided');
  };

  it('gives each user the variant that is theirs, or nothing, and counts each once', async () => {
    const plan = samplePlan();
    const shares = sharesOf(plan);
    await register(USERS, 2);
    const notification = inExperiment(plan);
    await send(notification);
    const deliveries = await deliveriesOf(notification.id);
    for (const { userId, variant } of deliveries) {
      expect(variant).toEqual({ key: (assign(plan, userId) as { key?: string }).key, experimentKey: 'greeting' });
    }
    const suppressed = await suppressedOf(notification.id);
    expect(suppressed.map(({ userId }) => userId).sort()).toEqual(shares('holdout').toSorted());
    for (const { reason, detail } of suppressed)
      expect({ reason, detail }).toEqual({ reason: 'holdout', detail: { experiment: 'greeting', percent: 20 } });
    expect(new Set(deliveries.map(({ userId }) => userId)).size + suppressed.length).toBe(USERS.length);
    expect(deliveries).toHaveLength(2 * (USERS.length - suppressed.length));
    const counts = () => fresh.store.experiments.counts('greeting');
    const nothing = { delivered: 0, shown: 0, clicked: 0 };
    expect(Object.fromEntries(await counts())).toEqual({
      a: { users: shares('a').length, ...nothing },
      b: { users: shares('b').length, ...nothing },
    });
    const [first, ...others] = deliveries.filter(({ variant }) => variant?.key === 'b');
    const second = others.find(({ userId }) => userId === first?.userId);
    await deliver(fresh.store, [first!.id]);
    expect((await counts()).get('b')).toMatchObject({ delivered: 1 });
    await deliver(fresh.store, [second!.id]);
    expect((await (await fresh.reopen()).experiments.counts('greeting')).get('b')).toMatchObject({ delivered: 1 });
    expect((await fresh.store.deliveries.get(first!.id))?.variant).toEqual(first!.variant);
  });

  it('adds up over the notifications that use it, a user once, and what devices tell', async () => {
    const plan = samplePlan({ holdoutPercent: 0 });
    await register();
    const some = USERS.slice(0, 20);
    const [one, two] = [inExperiment(plan), inExperiment(plan, { acceptedAtMs: NOW_MS + 1 })];
    await send(one, some);
    await send(two, USERS);
    const of = async (id: string, userId: string) =>
      (await deliveriesOf(id)).find((delivery) => delivery.userId === userId)!;
    const [userId = ''] = sharesOf(plan, some)('a');
    const [first, second] = [await of(one.id, userId), await of(two.id, userId)];
    expect(first.variant).toEqual(second.variant);
    await deliver(fresh.store, [first.id]);
    const told = [first, second].flatMap(({ id: deliveryId }) =>
      ['shown', 'clicked', 'clicked '].map((name) => ({
        deliveryId,
        name,
        atMs: NOW_MS,
        isInExperiment: true as const,
      })),
    );
    for (let again = 0; again < 2; again += 1)
      await Promise.all([told, told.slice(0, 2)].map((marks) => fresh.store.receipts.keep(marks)));
    const users = sharesOf(plan)('a').length;
    const counts = await fresh.store.experiments.counts('greeting');
    expect(counts.get('a')).toEqual({ users, delivered: 1, shown: 1, clicked: 1 });
    // Told before the push service’s answer was on record: it was delivered all the same.
    const [other = ''] = sharesOf(plan, some)('b');
    const early = await of(one.id, other);
    await fresh.store.receipts.keep([{ deliveryId: early.id, name: 'shown', atMs: NOW_MS, isInExperiment: true }]);
    expect((await fresh.store.experiments.counts('greeting')).get('b')).toMatchObject({ delivered: 1, shown: 1 });
    await deliver(fresh.store, [early.id]);
    expect((await fresh.store.experiments.counts('greeting')).get('b')).toMatchObject({ delivered: 1, shown: 1 });
    expect((await fresh.store.experiments.ofUser(userId)).map(({ stage }) => stage).sort()).toEqual([
      'clicked',
      'delivered',
      'shown',
      'users',
    ]);
    expect(await fresh.store.experiments.get('greeting')).toMatchObject({
      notificationId: null,
      createdAtMs: NOW_MS,
      usedUntilMs: NOW_MS + 1 + 3_600_000,
      decided: null,
    });
  });

  it('refuses a key that is another’s, and keeps nothing then', async () => {
    const plan = samplePlan();
    expect(await accept(inExperiment(plan))).toMatchObject({ kind: 'accepted' });
    const others = [
      samplePlan({ holdoutPercent: 10 }),
      samplePlan({ variants: [...plan.variants].reverse() }),
      samplePlan({ metric: 'shown' }),
      samplePlan(TEST_PLAN),
    ];
    for (const other of others) {
      const refused = inExperiment(other, { acceptedAtMs: NOW_MS + 1 });
      expect(await accept(refused)).toEqual({ kind: 'experiment_used' });
      expect(await fresh.store.notifications.get(refused.id)).toBeNull();
    }
    const test = samplePlan({ key: 'test', ...TEST_PLAN });
    const tested = inExperiment(test, { acceptedAtMs: NOW_MS + 2 });
    expect(await accept(tested)).toMatchObject({ kind: 'accepted' });
    expect(await accept(inExperiment(test, { acceptedAtMs: NOW_MS + 3 }))).toEqual({ kind: 'experiment_used' });
    const listed = await everyPage((cursor) => fresh.store.experiments.list({ cursor, limit: 1 }));
    expect(listed.items.map(({ terms, notificationId }) => [terms.key, notificationId])).toEqual([
      ['test', tested.id],
      ['greeting', null],
    ]);
    expect(await fresh.store.experiments.get('none')).toBeNull();
  });

  it.each([
    ['the winner', { winner: 'a', sends: 'a' }],
    ['the heaviest', { winner: null, sends: 'b' }],
    ['nothing', { winner: null, sends: null }],
  ])('sends the test first, and %s to the others once it is decided', async (_, decided) => {
    const plan = samplePlan(TEST_PLAN);
    const shares = sharesOf(plan);
    await register();
    const notification = inExperiment(plan, { userCount: USERS.length + 1 });
    await send(notification, [...USERS, 'nobody']);
    const tested = [...shares('a'), ...shares('b')].sort();
    const reached = async () => (await deliveriesOf(notification.id)).map(({ userId }) => userId).sort();
    expect(await reached()).toEqual(tested);
    const waveAtMs = NOW_MS + 600_000;
    expect(await fresh.store.notifications.get(notification.id)).toMatchObject({
      status: 'sending',
      dueAtMs: waveAtMs,
    });
    expect(await fresh.store.fanOuts.due(waveAtMs, 5)).toMatchObject([{ id: notification.id, dueAtMs: waveAtMs }]);
    // Nobody else is due before.
    await fanOutAt(fresh.store, notification, { nowMs: waveAtMs - 1 });
    expect(await reached()).toEqual(tested);

    const about = { experimentKey: 'greeting', notificationId: notification.id, waveAtMs };
    expect(
      await fresh.store.experiments.decide({ ...about, waveAtMs: NOW_MS, outcome: { ...decided, atMs: waveAtMs } }),
    ).toBeNull();
    const outcomes = [decided, { winner: 'b', sends: 'b' }, decided].map((one, index) => {
      return { ...one, atMs: waveAtMs + index };
    });
    const [first] = outcomes;
    const answers = [await fresh.store.experiments.decide({ ...about, outcome: first! })];
    answers.push(
      ...(await Promise.all(outcomes.map((outcome) => fresh.store.experiments.decide({ ...about, outcome })))),
    );
    expect(answers).toEqual([
      { outcome: first, isNew: true },
      ...outcomes.map(() => ({ outcome: first, isNew: false })),
    ]);
    await fresh.reopen();
    expect(await fresh.store.notifications.get(notification.id)).toMatchObject({ decided: first });
    expect(await fresh.store.experiments.get('greeting')).toMatchObject({ decided: first });

    await fanOutAt(fresh.store, notification, { nowMs: waveAtMs, pageSize: 9 });
    const deliveries = await deliveriesOf(notification.id);
    const waited = new Set(shares('waiting'));
    for (const { userId, variant, deadlineAtMs } of deliveries) {
      expect(variant).toEqual(
        waited.has(userId)
          ? { key: decided.sends }
          : { key: (assign(plan, userId) as { key?: string }).key, experimentKey: 'greeting' },
      );
      expect(deadlineAtMs).toBe(NOW_MS + 3_600_000);
    }
    const suppressed = await suppressedOf(notification.id);
    const reasons = new Map(suppressed.map(({ userId, reason }) => [userId, reason]));
    for (const userId of shares('holdout')) expect(reasons.get(userId)).toBe('holdout');
    for (const userId of waited)
      expect(reasons.get(userId)).toBe(decided.sends === null ? 'experiment_inconclusive' : undefined);
    expect(new Set(deliveries.map(({ userId }) => userId)).size + suppressed.length).toBe(USERS.length + 1);
    expect(await fresh.store.fanOuts.get(notification.id)).toBeNull();
    // Whoever got it since takes no part.
    const counts = await fresh.store.experiments.counts('greeting');
    expect([counts.get('a')?.users, counts.get('b')?.users]).toEqual([shares('a').length, shares('b').length]);
    expect(await drain()).toMatchObject([
      { data: { experimentKey: 'greeting', notificationId: notification.id, ...decided } },
    ]);
  });

  it('counts as long as a reader waits, and says whether that was all', async () => {
    await register();
    await send(inExperiment(samplePlan()));
    const read = () => fresh.store.experiments.countsWithin('greeting', 0);
    let found = await read();
    for (; !found.isWhole; found = await read()) expect(found.counts.get('a')?.users ?? 0).toBeLessThan(USERS.length);
    expect(found.counts).toEqual(await fresh.store.experiments.counts('greeting'));
  });

  it('decides nothing once it is called off, and whoever waited is told so', async () => {
    const plan = samplePlan(TEST_PLAN);
    const shares = sharesOf(plan);
    await register();
    const notification = inExperiment(plan);
    await send(notification);
    const waveAtMs = NOW_MS + 600_000;
    expect(await fresh.store.notifications.cancel(notification.id, NOW_MS + 1)).toMatchObject({ kind: 'cancelled' });
    const outcome = { winner: 'a', sends: 'a', atMs: waveAtMs };
    const about = { experimentKey: 'greeting', notificationId: notification.id, waveAtMs };
    expect(await fresh.store.experiments.decide({ ...about, outcome })).toBeNull();
    for (const atMs of [NOW_MS + 2, NOW_MS + 2 * MINUTE_MS])
      await fresh.store.fanOuts.endCancelled(notification.id, atMs);
    const counts = await fresh.store.suppressions.countByReason(notification.id);
    expect(counts).toMatchObject({ cancelled: shares('waiting').length, holdout: shares('holdout').length });
    expect(await drain()).toEqual([]);
  });

  it('forgets an experiment that nothing has used for long, with what it knew of people', async () => {
    const plan = samplePlan({ holdoutPercent: 0 });
    await register(USERS.slice(0, 3));
    const notification = inExperiment(plan, { acceptedAtMs: NOW_MS - 7_200_000, ttlSeconds: 60 });
    await send(notification, USERS.slice(0, 3));
    await fresh.store.experiments.counts('greeting');
    expect(await fresh.store.retention.forget(NOW_MS - 7_200_000, 10)).toBe(0);
    expect(await fresh.store.experiments.get('greeting')).not.toBeNull();
    const deliveries = await deliveriesOf(notification.id);
    await deliver(
      fresh.store,
      deliveries.map(({ id }) => id),
    );
    expect(await fresh.store.retention.forget(NOW_MS, 10)).toBe(1);
    expect(await fresh.store.experiments.get('greeting')).toBeNull();
    expect(await fresh.store.experiments.ofUser('user-0')).toEqual([]);
    expect((await fresh.store.experiments.counts('greeting')).size).toBe(0);
    expect(await accept(inExperiment(samplePlan()))).toMatchObject({ kind: 'accepted' });
  });

  it('knows nothing of a user who was erased, and counts them still', async () => {
    const plan = samplePlan({ holdoutPercent: 0 });
    await register(USERS.slice(0, 3), 2);
    const notification = inExperiment(plan);
    await send(notification, USERS.slice(0, 3));
    const own = (await deliveriesOf(notification.id)).filter(({ userId }) => userId === 'user-0');
    await deliver(fresh.store, [own[0]!.id]);
    const lease = await claimed(fresh.store, own[1]!.id);
    const before = await fresh.store.experiments.counts('greeting');
    const person = { userId: 'user-0', alias: 'erased-1', untilMs: NOW_MS * 2 };
    expect((await fresh.store.erasures.userIds(null)).next === undefined).toBe(false);
    await fresh.store.erasures.detach(
      own.map(({ id }) => id),
      person,
    );
    expect(await fresh.store.erasures.erasePage('experiments', person, null)).toEqual({
      counts: { experiment_marks: 2 },
      next: null,
    });
    await fresh.store.deliveries.settleMany([endingAs('delivered', lease)]);
    await fresh.store.receipts.keep([{ deliveryId: own[0]!.id, name: 'shown', atMs: NOW_MS, isInExperiment: true }]);
    for (const userId of ['user-0', 'erased-1']) expect(await fresh.store.experiments.ofUser(userId)).toEqual([]);
    expect(await fresh.store.experiments.counts('greeting')).toEqual(before);
    expect((await fresh.store.deliveries.get(own[0]!.id))?.variant).toEqual({ key: own[0]!.variant!.key });
  });
}
