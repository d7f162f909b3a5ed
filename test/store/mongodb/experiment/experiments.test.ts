import { expect, it } from 'vitest';
import { usersNamed } from '../../../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../../../src/domain/delivery/delivery-filter.ts';
import type { ReceiptMark } from '../../../../src/domain/receipt/receipt.ts';
import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { mongoExperiments } from '../../../../src/store/mongodb/experiment/experiments.ts';
import { accept } from '../../../../src/store/mongodb/notification/acceptance.ts';
import { mongoReceipts } from '../../../../src/store/mongodb/receipt/receipts.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import { claimed, everyPage, fannedOut } from '../../../contract/fresh-store.ts';
import { inExperiment, samplePlan, sharesOf, TEST_PLAN, USERS } from '../../../support/experiments.ts';
import { fanOutAt } from '../../../support/fan-out-at.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { collectionsWithStep } from '../../../support/mongodb-steps.ts';
import { endingAs, NOW_MS, sampleAcceptance, sampleSubscription } from '../../../support/samples.ts';

/** At each write of marking and counting, up to one that it never gets to. */
const STEPS = Array.from({ length: 9 }, (_, step) => step);

describeWithMongod('experiments, by several processes', () => {
  const suite = mongoForSuite();
  const operations = trackOperations(5000);
  const processOf = (collections: Collections) => ({
    experiments: mongoExperiments(collections, operations),
    receipts: mongoReceipts(collections, operations),
  });
  const withStep = (step: number, atStep: () => Promise<void>) =>
    processOf(collectionsWithStep(suite.collections, step, atStep));
  let keys = 0;
  const newKey = (): string => {
    keys += 1;
    return `key-${keys}`;
  };

  /** Six users of an experiment, four of them delivered, and what two devices tell. */
  const scene = async () => {
    const { store } = suite;
    const plan = samplePlan({ key: newKey(), holdoutPercent: 0 });
    const { content } = inExperiment(plan);
    const { deliveries } = await fannedOut(store, 6, { notification: { content } });
    const leases = await Promise.all(deliveries.slice(0, 4).map(({ id }) => claimed(store, id)));
    await store.deliveries.settleMany(leases.map((lease) => endingAs('delivered', lease)));
    const told = deliveries
      .slice(3, 5)
      .flatMap(({ id: deliveryId }): ReceiptMark[] =>
        ['shown', 'clicked'].map((name) => ({ deliveryId, name, atMs: NOW_MS, isInExperiment: true })),
      );
    return { key: plan.key, told };
  };
  const sums = async (key: string) => {
    const counts = [...(await suite.store.experiments.counts(key)).values()];
    const sumOf = (stage: 'users' | 'delivered' | 'clicked') => counts.reduce((sum, each) => sum + each[stage], 0);
    return [sumOf('users'), sumOf('delivered'), sumOf('clicked')];
  };

  it.each(STEPS)('count right whoever dies before write %d, or is overtaken there', async (step) => {
    const dying = await scene();
    const dead = withStep(step, () => Promise.reject(new Error('killed')));
    await dead.receipts
      .keep(dying.told)
      .then(() => dead.experiments.counts(dying.key))
      .catch(() => null);
    // The device was not answered, and tells again.
    await suite.store.receipts.keep(dying.told);
    for (let read = 0; read < 2; read += 1) expect(await sums(dying.key)).toEqual([6, 5, 2]);

    const slow = await scene();
    const overtaken = withStep(step, async () => {
      await suite.store.receipts.keep(slow.told);
      await suite.store.experiments.counts(slow.key);
    });
    await overtaken.receipts.keep(slow.told);
    await overtaken.experiments.counts(slow.key);
    expect(await sums(slow.key)).toEqual([6, 5, 2]);
  });

  it('count a delivery that is delivered while its making is being counted', async () => {
    const { store } = suite;
    const plan = samplePlan({ key: newKey(), holdoutPercent: 0 });
    const { deliveries } = await fannedOut(store, 1, { notification: { content: inExperiment(plan).content } });
    const lease = await claimed(store, deliveries[0]!.id);
    // Between the marks and the word that they are there.
    const slow = withStep(1, async () => void (await store.deliveries.settleMany([endingAs('delivered', lease)])));
    await slow.experiments.counts(plan.key);
    expect(await sums(plan.key)).toEqual([1, 1, 0]);
  });

  it('decide once, and send the others one thing, whoever is at it', async () => {
    const { store } = suite;
    const users = USERS.map((userId) => `own-${userId}`);
    await Promise.all(users.map((userId) => store.subscriptions.register(sampleSubscription({ userId }))));
    const plan = samplePlan({ key: newKey(), ...TEST_PLAN, ifInconclusive: 'send_heaviest' });
    const notification = inExperiment(plan);
    await store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(users) }));
    const atOnce = (nowMs: number) =>
      Promise.all([0, 1, 2].map((process) => fanOutAt(store, notification, { nowMs: nowMs + process, pageSize: 9 })));
    await atOnce(NOW_MS);
    const { dueAtMs } = (await store.notifications.get(notification.id))!;
    await atOnce(dueAtMs!);
    const query = { notificationId: notification.id, userId: null, attempted: false, filter: ANY_DELIVERY, limit: 100 };
    const { items } = await everyPage((cursor) => store.deliveries.listByNotification({ ...query, cursor }));
    const shares = sharesOf(plan, users);
    expect(items.map(({ userId }) => userId).sort()).toEqual(
      users.filter((userId) => !shares('holdout').includes(userId)).toSorted(),
    );
    const waited = items.filter(({ userId }) => shares('waiting').includes(userId));
    for (const { variant } of waited) expect(variant).toEqual({ key: 'b' });
    while ((await store.events.relay(100)) > 0);
    const told = (await store.events.after(0, 1000)).filter(({ type }) => type === 'experiment.decided');
    expect(told.filter(({ data }) => 'experimentKey' in data && data.experimentKey === plan.key)).toHaveLength(1);
  });

  it('leave the decision to whoever comes next, and no key behind for long, where a process dies', async () => {
    const { store } = suite;
    const plan = samplePlan({ key: newKey(), ...TEST_PLAN });
    const notification = inExperiment(plan);
    // The experiment is there, and its notification not.
    const dying = collectionsWithStep(suite.collections, 1, () => Promise.reject(new Error('killed')));
    await expect(accept(dying, sampleAcceptance(notification, USERS))).rejects.toThrow('killed');
    const acceptAt = (acceptedAtMs: number) => {
      const other = inExperiment(plan, { acceptedAtMs });
      return store.notifications.accept(sampleAcceptance(other, USERS)).then(({ kind }) => ({ kind, other }));
    };
    expect(await acceptAt(NOW_MS + 1000)).toMatchObject({ kind: 'experiment_used' });
    const { kind, other } = await acceptAt(NOW_MS + 61_000);
    expect(kind).toBe('accepted');
    expect(await acceptAt(NOW_MS + 200_000)).toMatchObject({ kind: 'experiment_used' });

    await fanOutAt(store, other, { nowMs: NOW_MS + 61_000 });
    const waveAtMs = NOW_MS + 661_000;
    const outcome = { winner: 'a', sends: 'a', atMs: waveAtMs };
    const dead = withStep(1, () => Promise.reject(new Error('killed')));
    const about = { experimentKey: plan.key, notificationId: other.id, waveAtMs };
    await expect(dead.experiments.decide({ ...about, outcome })).rejects.toThrow('killed');
    expect(await store.experiments.get(plan.key)).toMatchObject({ decided: outcome });
    expect(await store.experiments.decide({ ...about, outcome: { ...outcome, sends: 'b' } })).toEqual({
      outcome,
      isNew: false,
    });
  });
});
