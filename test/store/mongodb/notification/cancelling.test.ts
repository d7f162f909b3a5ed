import { beforeEach, expect, it } from 'vitest';
import { endCancelledPage } from '../../../../src/delivery/cancelling.ts';
import { type Audience, namedIn, usersNamed } from '../../../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../../../src/domain/delivery/delivery-filter.ts';
import { type SendAt, timingOf } from '../../../../src/domain/notification/send-at.ts';
import { newUser, patched } from '../../../../src/domain/user/user.ts';
import { mongoDeliveries } from '../../../../src/store/mongodb/delivery/deliveries.ts';
import { mongoFanOuts } from '../../../../src/store/mongodb/notification/fan-outs.ts';
import { mongoNotifications } from '../../../../src/store/mongodb/notification/notifications.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import type { Store } from '../../../../src/store/store.ts';
import { claimOf, everyPage } from '../../../contract/fresh-store.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { sendWaves } from '../../../support/fan-out-at.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { collectionsWithStep } from '../../../support/mongodb-steps.ts';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../../../support/samples.ts';

const HOUR_MS = 3_600_000;
const USERS = ['u-1', 'u-2', 'no device', 'opts out', 'u-5', 'u-6'];
const AUDIENCES: Readonly<Record<string, Audience>> = {
  everyone: { kind: 'everyone', excludedIds: [] },
  'a list': usersNamed(USERS),
};
const TIMES: Readonly<Record<string, SendAt | null>> = {
  'at once': null,
  'at an instant': { kind: 'instant', atMs: NOW_MS + HOUR_MS },
  'in waves': { kind: 'local', wallMs: NOW_MS + 20 * HOUR_MS, ifPassed: 'skip' },
};
const KINDS = Object.entries(AUDIENCES).flatMap(([whom, audience]) =>
  Object.entries(TIMES).map(([when, sendAt]) => ({ whom, audience, when, sendAt })),
);
/** At each write of the fan-out, up to one that it never gets to. */
const STEPS = Array.from({ length: 14 }, (_, step) => step);
const CASES = KINDS.flatMap((kind) => STEPS.map((step) => ({ ...kind, step })));

describeWithMongod('calling off what another process is at', () => {
  const suite = mongoForSuite();
  beforeEach(async () => {
    const { store, collections } = suite;
    for (const collection of Object.values(collections)) await collection.deleteMany({});
    await store.typeRules.put('*', { cap: { limit: 5, perSeconds: 14 * 86_400 } });
    for (const [index, id] of USERS.entries()) {
      const timeZone = index < 4 ? 'Asia/Tokyo' : 'Europe/Berlin';
      const preferences = id === 'opts out' ? { '*': false } : {};
      await store.users.change(newUser(id, NOW_MS), (user) => patched(user, { timeZone, preferences }, NOW_MS));
      if (id !== 'no device') await store.subscriptions.register(sampleSubscription({ userId: id }));
    }
  });

  async function accepted(audience: Audience, sendAt: SendAt | null) {
    const timing = timingOf(sendAt, NOW_MS);
    const status = sendAt === null ? 'accepted' : 'scheduled';
    const userCount = namedIn(audience).length;
    const notification = sampleNotification({ acceptedAtMs: NOW_MS, userCount, status, ...timing });
    await suite.store.notifications.accept(sampleAcceptance(notification, [], { audience }));
    return notification;
  }
  function processWith(step: number, atStep: () => Promise<void>): Store {
    const collections = collectionsWithStep(suite.collections, step, atStep);
    const operations = trackOperations(5000);
    return {
      ...suite.store,
      fanOuts: mongoFanOuts(collections, operations),
      notifications: mongoNotifications(collections, operations),
      deliveries: mongoDeliveries(collections, operations, createFakeClock(NOW_MS)),
    };
  }
  async function ended(store: Store, id: string, nowMs: number): Promise<void> {
    const clock = createFakeClock(nowMs);
    while (await endCancelledPage({ store, events: { publish: () => {} }, clock }, id));
  }
  async function deliveriesOf(notificationId: string) {
    const query = { notificationId, userId: null, attempted: false, filter: ANY_DELIVERY, cursor: null, limit: 50 };
    return (await suite.store.deliveries.listByNotification(query)).items;
  }
  /** Whoever claims one of its deliveries is told that it is called off. */
  async function expectNothingToSend(id: string): Promise<void> {
    for (const delivery of await deliveriesOf(id)) {
      const [claimed] = await suite.store.deliveries.claimMany([claimOf(delivery.id, 1)]);
      if (claimed === 'busy' || claimed === null || claimed === undefined) continue;
      expect(claimed.notification.cancelledAtMs).not.toBeNull();
      throw new Error('it was still waiting');
    }
  }
  async function expectTrueNumbers(id: string, audience: Audience): Promise<void> {
    const { store } = suite;
    const list = (cursor: string | null) =>
      store.suppressions.list({ notificationId: id, reason: null, cursor, limit: 3 });
    const suppressed = (await everyPage(list)).items;
    const reached = [...new Set((await deliveriesOf(id)).map(({ userId }) => userId))];
    const all = [...reached, ...suppressed.map(({ userId }) => userId)];
    expect(all.toSorted(), 'once each').toEqual([...new Set(all)].toSorted());
    if (audience.kind === 'user_ids') expect(all.toSorted()).toEqual(USERS.toSorted());
    const kept = await store.notifications.get(id);
    const released = all.length - suppressed.filter(({ reason }) => reason === 'cancelled').length;
    expect([kept?.userCount, kept?.dueAtMs, kept?.status]).toEqual([all.length, null, 'cancelled']);
    expect(kept?.releasedUsers).toBe(kept?.sendAt === null ? null : released);
    const states = await store.deliveries.countByState(id);
    expect(states.cancelled).toBe(Object.values(states).reduce((sum, count) => sum + count));
  }

  it.each(CASES)(
    '$when to $whom, held up at write $step while it is called off',
    async ({ step, audience, sendAt }) => {
      const { store } = suite;
      const notification = await accepted(audience, sendAt);
      const { id } = notification;
      let cancelledAtMs = 0;
      const cancel = async () => {
        cancelledAtMs = NOW_MS + 20 * HOUR_MS;
        expect(await store.notifications.cancel(id, cancelledAtMs)).toMatchObject({ kind: 'cancelled' });
        await ended(store, id, cancelledAtMs);
      };
      await sendWaves(processWith(step, cancel), notification, NOW_MS);
      if (cancelledAtMs === 0) await cancel();
      expect(await store.fanOuts.get(id)).toBeNull();
      await ended(store, id, cancelledAtMs + 60_000);
      await expectNothingToSend(id);
      await expectTrueNumbers(id, audience);
    },
  );

  it.each(CASES)('$when to $whom, after a death at write $step', async ({ step, audience, sendAt }) => {
    const { store } = suite;
    const notification = await accepted(audience, sendAt);
    const dying = processWith(step, async () => {
      throw new Error('it died');
    });
    await sendWaves(dying, notification, NOW_MS).catch((error: Error) => expect(error.message).toBe('it died'));
    const cancelledAtMs = NOW_MS + 20 * HOUR_MS;
    await store.notifications.cancel(notification.id, cancelledAtMs);
    for (const ms of [0, 0, 60_000]) await ended(store, notification.id, cancelledAtMs + ms);
    await expectNothingToSend(notification.id);
    await expectTrueNumbers(notification.id, audience);
  });

  const ENDINGS = KINDS.flatMap((kind) => [0, 1, 2, 3, 4, 5].map((step) => ({ ...kind, step })));

  it.each(ENDINGS)(
    '$when to $whom, by a process that dies at write $step of it',
    async ({ step, audience, sendAt }) => {
      const { store } = suite;
      const notification = await accepted(audience, sendAt);
      const { id } = notification;
      // The fan-out is in the middle of its first page with deliveries.
      const stopped = processWith(8, async () => {
        throw new Error('it died');
      });
      await sendWaves(stopped, notification, NOW_MS).catch((error: Error) => expect(error.message).toBe('it died'));
      const cancelledAtMs = NOW_MS + 20 * HOUR_MS;
      const dying = processWith(step, async () => {
        throw new Error('it died');
      });
      const callOff = async () => {
        await dying.notifications.cancel(id, cancelledAtMs);
        await ended(dying, id, cancelledAtMs);
        await ended(dying, id, cancelledAtMs + 60_000);
      };
      await callOff().catch((error: Error) => expect(error.message).toBe('it died'));
      await store.notifications.cancel(id, cancelledAtMs);
      const [due] = await store.fanOuts.due(cancelledAtMs + 60_000, 5);
      if (due !== undefined) expect(due.id).toBe(id);
      for (const ms of [0, 60_000]) await ended(store, id, cancelledAtMs + ms);
      expect(await store.fanOuts.due(9e15, 5)).toEqual([]);
      await expectNothingToSend(id);
      await expectTrueNumbers(id, audience);
    },
  );
});
