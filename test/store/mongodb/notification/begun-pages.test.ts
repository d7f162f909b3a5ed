import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../../src/clock.ts';
import { type Audience, usersNamed } from '../../../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../../../src/domain/delivery/delivery-filter.ts';
import type { Notification } from '../../../../src/domain/notification/notification.ts';
import { newUser, patched } from '../../../../src/domain/user/user.ts';
import { collectionsOf } from '../../../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import { mongoFanOuts } from '../../../../src/store/mongodb/notification/fan-outs.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import type { Store } from '../../../../src/store/store.ts';
import { everyPage } from '../../../contract/fresh-store.ts';
import { fanOutAt } from '../../../support/fan-out-at.ts';
import { describeWithMongod, freshDatabase } from '../../../support/mongodb.ts';
import { collectionsWithStep } from '../../../support/mongodb-steps.ts';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../../../support/samples.ts';

const LATER = { nowMs: NOW_MS + 60_000, pageSize: 3 };
const CAP = { limit: 5, perSeconds: 3600 };
const OLD = ['u-10', 'u-11', '$u-12', 'u-13', 'u-14', 'u-15', 'u-16', 'u-17'];
/** Before the first, between two, and after the last. */
const NEW = ['$joins', 'u-05', 'u-105', 'u-125', 'u-99'];
/** At the first of a page's writes, up to one that it never gets to. */
const STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const AUDIENCES: Readonly<Record<string, Audience>> = {
  everyone: { kind: 'everyone', excludedIds: [] },
  'a tag': { kind: 'tags', text: 'a', excludedIds: [] },
  'a list': usersNamed([...OLD, ...NEW]),
};

describeWithMongod('a page of which two tries find other users', () => {
  let server: Mongod;
  let url: string;
  let store: Store;
  let client: MongoClient;

  beforeAll(async () => {
    server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    url = freshDatabase(server.url);
    store = await openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
    client = new MongoClient(url);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    await client.close();
    await server.stop();
  });
  // One database for all: making its indexes takes longer than what is tested.
  beforeEach(async () => {
    await Promise.all((await client.db().collections()).map((collection) => collection.deleteMany({})));
    await store.typeRules.put('*', { cap: CAP });
    for (const userId of OLD) await join(userId);
    await say('$u-12', { preferences: { '*': false } });
    await say('u-15', { preferences: { '*': false } });
  });

  const say = (userId: string, patch: Parameters<typeof patched>[1]) =>
    store.users.change(newUser(userId, NOW_MS), (user) => patched(user, patch, NOW_MS));
  const device = (userId: string) => store.subscriptions.register(sampleSubscription({ userId }));
  async function join(userId: string): Promise<void> {
    await say(userId, { tags: ['a'] });
    if (userId !== 'u-13') await device(userId);
  }
  async function everythingChanges(): Promise<void> {
    for (const userId of NEW) await join(userId);
    for (const userId of ['u-10', 'u-10', 'u-13', '$u-12']) await device(userId);
    await say('u-11', { tags: [] });
    await say('u-14', { preferences: { '*': false } });
    await say('$u-12', { preferences: { '*': true } });
    await say('u-105', { preferences: { '*': false } });
  }
  async function accepted(audience: Audience): Promise<Notification> {
    const userCount = audience.kind === 'user_ids' ? audience.userIds.length : 0;
    const notification = sampleNotification({ acceptedAtMs: NOW_MS, userCount });
    await store.notifications.accept(sampleAcceptance(notification, [], { audience }));
    return notification;
  }

  /** The store of a process that comes to `atStep` at its write of that number, and goes on as that says. */
  function processWith(step: number, atStep: () => Promise<void>): Store {
    const collections = collectionsWithStep(collectionsOf(client.db()), step, atStep);
    return { ...store, fanOuts: mongoFanOuts(collections, trackOperations(5000)) };
  }

  /** Each user is reached, or suppressed, once; a use of the cap goes with each who is reached. */
  async function expectOneOutcomeEach({ id: notificationId }: Notification, audience: Audience): Promise<void> {
    const page = { notificationId, cursor: null, limit: 50 };
    const listed = (await everyPage((cursor) => store.suppressions.list({ ...page, reason: null, cursor }))).items;
    const deliveries = await store.deliveries.listByNotification({
      ...page,
      userId: null,
      attempted: false,
      filter: ANY_DELIVERY,
    });
    const reached = [...new Set(deliveries.items.map(({ userId }) => userId))];
    const suppressed = listed.map(({ userId }) => userId);
    const all = [...reached, ...suppressed];
    expect(all.toSorted(), 'once each').toEqual([...new Set(all)].toSorted());
    expect((await store.notifications.get(notificationId))?.userCount).toBe(all.length);
    const steady = audience.kind === 'user_ids' ? audience.userIds : OLD.filter((userId) => userId !== 'u-11');
    expect(all).toEqual(expect.arrayContaining([...steady]));
    for (const userId of all) {
      const uses = await store.users.capUses(userId, { ...CAP, pattern: '*' }, { atMs: LATER.nowMs, exceptId: null });
      expect(uses.length, userId).toBe(reached.includes(userId) ? 1 : 0);
    }
  }

  const CASES = Object.entries(AUDIENCES).flatMap(([name, audience]) =>
    STEPS.map((step) => [step, name, audience] as const),
  );

  it.each(CASES)('a process that died at write %i, %s: comes to the same users', async (step, _, audience) => {
    const notification = await accepted(audience);
    const dying = processWith(step, async () => {
      throw new Error('it died');
    });
    await fanOutAt(dying, notification, { nowMs: NOW_MS, pageSize: 3 }).catch((error: Error) =>
      expect(error.message).toBe('it died'),
    );
    await everythingChanges();
    await fanOutAt(store, notification, LATER);
    await expectOneOutcomeEach(notification, audience);
  });

  it.each(CASES)('a process held up at write %i, %s, while others finish: the same', async (step, _, audience) => {
    const notification = await accepted(audience);
    const slow = processWith(step, async () => {
      await everythingChanges();
      // Those others come upon the page as it is.
      await fanOutAt(store, notification, LATER);
    });
    await fanOutAt(slow, notification, { nowMs: NOW_MS, pageSize: 3 });
    await expectOneOutcomeEach(notification, audience);
  });
});
