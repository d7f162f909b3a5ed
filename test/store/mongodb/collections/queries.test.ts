import { type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../../src/clock.ts';
import { usersNamed } from '../../../../src/domain/audience/audience.ts';
import { DELIVERY_STATES, type Delivery, isFinal } from '../../../../src/domain/delivery/delivery.ts';
import { deliveryIdsBetween, notificationIdAt } from '../../../../src/domain/ids.ts';
import { PRIORITIES } from '../../../../src/domain/notification/priority.ts';
import { newUser } from '../../../../src/domain/user/user.ts';
import { type Collections, collectionsOf, QUERIES } from '../../../../src/store/mongodb/collections/collections.ts';
import { type NamedQuery, optionsOf } from '../../../../src/store/mongodb/collections/named-query.ts';
import { toNotificationDocument } from '../../../../src/store/mongodb/collections/notification-document.ts';
import { toSubscriptionDocument } from '../../../../src/store/mongodb/collections/subscription-document.ts';
import { toUserDocument } from '../../../../src/store/mongodb/collections/user-queries.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { useEverything } from '../../../contract/use-everything.ts';
import { describeWithMongod, freshDatabase } from '../../../support/mongodb.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../../support/samples.ts';
import { CONSOLE_QUESTIONS, fillConsole } from './console-questions.ts';
import { deadLetterQuestions, deliveryDocument } from './dead-letter-questions.ts';
import { EVENT_QUESTIONS, fillEvents } from './event-questions.ts';
import { experimentQuestions, fillExperiments } from './experiment-questions.ts';
import { fillPruneHolds, PRUNE_HOLD_QUESTIONS } from './prune-hold-questions.ts';
import { fillReceipts, receiptQuestions } from './receipt-questions.ts';
import { fillSchedules, SCHEDULE_QUESTIONS } from './schedule-questions.ts';
import { fillRollups, TALLY_QUESTIONS, UNLIMITED } from './tally-questions.ts';
import { whenQuestions } from './when-questions.ts';
import { fillWordings, suppressionQuestions, WORDING_QUESTIONS } from './wording-questions.ts';

const NOTIFICATIONS = 500;
const DELIVERIES_EACH = 200;
const PAGE = 50;
const INSERTED_AT_ONCE = 5000;

const subscriptions = Array.from({ length: 5000 }, (_, index) => {
  const retired = index % 5 === 0 ? ({ reason: 'gone', atMs: NOW_MS + index, deliveryId: null } as const) : null;
  const suspectedByHoldId = index % 7 === 1 && retired === null ? `hld_${index % 3}` : null;
  return sampleSubscription({ userId: `user-${index % 1000}`, timeZone: 'UTC', retired, suspectedByHoldId });
});
const notifications = Array.from({ length: NOTIFICATIONS }, (_, index) =>
  sampleNotification({
    content: { type: `type-${index % 7}`, title: 'x' },
    acceptedAtMs: NOW_MS + index * 1000,
    status:
      index % 20 === 18
        ? 'scheduled'
        : index % 20 === 19
          ? 'cancelled'
          : (['accepted', 'sending', 'completed'] as const)[index % 3]!,
    dueAtMs: index % 20 === 18 ? NOW_MS + index : null,
  }),
);
const deliveries = notifications.flatMap((notification, place) =>
  Array.from({ length: DELIVERIES_EACH }, (_, index): Delivery => {
    const state = DELIVERY_STATES[(place + index) % DELIVERY_STATES.length]!;
    const atMs = NOW_MS + place * DELIVERIES_EACH + index;
    return sampleDelivery(notification, subscriptions[(place * 7 + index) % subscriptions.length]!, {
      state,
      priority: PRIORITIES[index % 3]!,
      attempts: index % 2 === 0 ? [sampleAttempt()] : [],
      topic: index % 4 === 0 ? `topic-${index % 3}` : null,
      sentOrder: place % 10 === 3 && index % 4 === 0 ? notificationIdAt(notification.id, atMs) : null,
      dueAtMs: isFinal(state) ? null : atMs,
      endedAtMs: isFinal(state) ? atMs : null,
    });
  }),
);

const [notification, subscription, delivery] = [notifications[250]!, subscriptions[2501]!, deliveries[50_000]!];
const middle = { fromMs: NOW_MS, untilMs: null, after: { atMs: notification.acceptedAtMs, id: notification.id } };
const ids = (of: readonly { readonly id: string }[]) => of.slice(100, 150).map(({ id }) => id);
const after = { userId: 'user-20', subscriptionId: 'sub_' };
const users = Array.from({ length: PAGE }, (_, index) => `user-${index}`).sort();
const reached = deliveries.slice(50_000, 50_000 + PAGE).map(({ userId }) => userId);

const dead = deliveries.find(({ state }) => state === 'failed')!;
const waiting = deliveries.find(({ state }) => state === 'pending')!;
const topical = deliveries.filter((one) => one.topic !== null && one.state === 'retrying').slice(100, 120);
const topic = {
  subscriptionIds: topical.map(({ subscriptionId }) => subscriptionId),
  topics: [...new Set(topical.map((one) => one.topic))],
};

const [atLeast, below] = deliveryIdsBetween(NOW_MS, notifications[400]!.acceptedAtMs);
const span = { atLeast, below };

/** What each query is asked for. */
const ASKED: Readonly<Record<string, unknown>> = {
  'subscription by id': subscription.id,
  'subscriptions by id': ids(subscriptions),
  'of endpoint': subscription.endpointHash,
  'of endpoint and user': { endpointHash: subscription.endpointHash, userId: subscription.userId },
  'all listed': { beforeId: subscription.id },
  'active listed': { beforeId: subscription.id },
  'all of a user listed': { userId: 'user-1', beforeId: null },
  'active of a user listed': { userId: 'user-1', beforeId: null },
  'active of an audience': { userIds: users.filter((user) => user >= after.userId), after },
  'active of a user by idleness': 'user-1',
  'retired of a user': 'user-5',
  'retired before': new Date(NOW_MS + 500),
  'active users': 'user-20',
  'newest zone': 'user-1',
  'user by id': 'user-1',
  'users by id': users,
  'users listed': 'user-20',
  'users of a tag': { tag: 'tag-1', after: 'user-20' },
  'user ids of a tag': { tag: 'tag-1', after: 'user-20' },
  'next tag': 'tag-1',
  'users with deliveries': { notificationId: notification.id, userIds: reached },
  'suppressions of a page': `${notification.id} 0`,
  'notification by id': notification.id,
  'notifications by id': ids(notifications),
  'types by id': ids(notifications),
  'fan-out': notification.id,
  'fan-out at a cursor': { id: notification.id, cursor: '[0,null,null]', waveAtMs: null },
  'page not begun': { id: notification.id, cursor: '[0,null,null]', waveAtMs: null },
  listed: middle,
  'listed by type': { ...middle, type: 'type-3' },
  'listed by status': { ...middle, status: 'completed' },
  'listed by type and status': { ...middle, type: 'type-3', status: 'completed' },
  'unfinished fan-outs': NOW_MS * 2,
  'delivery by id': delivery.id,
  'deliveries by id': ids(deliveries),
  'version of a delivery': { id: delivery.id, version: delivery.version },
  'version of deliveries': { ids: ids(deliveries), version: delivery.version },
  'writes of deliveries': ids(deliveries),
  'due deliveries': { priority: 'normal', untilMs: NOW_MS * 2 },
  'all of a notification': { notificationId: notification.id, afterId: null },
  'one state of a notification': { notificationId: notification.id, afterId: null, state: 'retrying' },
  'attempted of a notification': { notificationId: notification.id, afterId: null },
  'states of a notification': notification.id,
  'open of a notification': notification.id,
  'ended of a notification': { notificationId: notification.id, state: 'failed' },
  ...deadLetterQuestions(dead, delivery.id),
  'all of a user': { userId: 'user-42', ...span },
  'ids of a user': { userId: 'user-42', ...span },
  'one user of a notification': { notificationId: delivery.notificationId, userId: delivery.userId, afterId: null },
  'waiting delivery': { id: waiting.id, attemptCount: 0 },
  'outdated of a topic': { ...topic, order: notificationIdAt(notifications.at(-1)!.id, NOW_MS * 2) },
  'sending to subscriptions': deliveries
    .filter(({ state }) => state === 'sending')
    .slice(100, 150)
    .map(({ subscriptionId }) => subscriptionId),
  'suspected under a hold': 'hld_1',
  'VAPID keys in use': null,
  'active of a VAPID key': subscription.vapidPublicKey,
  ...PRUNE_HOLD_QUESTIONS,
  ...EVENT_QUESTIONS,
  ...TALLY_QUESTIONS,
  ...whenQuestions({ notificationId: notification.id, userIds: reached }, { ...topic, order: notifications[0]!.id }),
  ...receiptQuestions(ids(deliveries)),
  ...experimentQuestions(ids(deliveries)),
  ...SCHEDULE_QUESTIONS,
  ...CONSOLE_QUESTIONS,
  'uses of caps': users.map((userId) => ({ userId, pattern: '*' })),
  'version of a user': { id: 'user-1', version: 1 },
  ...WORDING_QUESTIONS,
  ...suppressionQuestions(notification.id),
  'deliveries of uses': { userId: delivery.userId, notificationIds: ids(notifications) },
};

describeWithMongod(`the queries on ${deliveries.length} deliveries`, () => {
  let server: Mongod;
  let client: MongoClient;
  let store: Store;
  let collections: Collections;

  beforeAll(async () => {
    server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    const url = freshDatabase(server.url);
    store = await openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
    client = new MongoClient(url);
    collections = collectionsOf(client.db());
    await collections.subscriptions.insertMany(subscriptions.map((one, index) => toSubscriptionDocument(one, index)));
    await collections.notifications.insertMany(
      notifications.map((one, index) => ({
        ...toNotificationDocument(one, usersNamed(['a'])),
        ...(index % 10 === 5 && { requestId: `request-${index % 20}` }),
        retainedFrom: one.status === 'completed' || one.status === 'cancelled' ? new Date(one.acceptedAtMs) : null,
      })),
    );
    for (let start = 0; start < deliveries.length; start += INSERTED_AT_ONCE) {
      const some = deliveries.slice(start, start + INSERTED_AT_ONCE);
      await collections.deliveries.insertMany(some.map(deliveryDocument), { ordered: false });
    }
    await collections.users.insertMany(
      Array.from({ length: 1000 }, (_, index) =>
        toUserDocument(
          { ...newUser(`user-${index}`, NOW_MS), tags: [`tag-${index % 5}`, `tag-${5 + (index % 7)}`] },
          1,
        ),
      ),
    );
    await collections.suppressions.insertMany(
      notifications.map(({ id: notificationId }, index) => ({
        _id: `${notificationId} 0`,
        notificationId,
        entries: [{ userId: `user-${index % 50}`, reason: 'opted_out', detail: {} }],
        unreached: ['nobody'],
        atMs: NOW_MS,
        retainedFrom: new Date(NOW_MS),
      })),
    );
    const passing = Array.from({ length: 1000 }, (_, index) => ({ index, expiresAt: new Date(NOW_MS + index) }));
    await collections.nonces.insertMany(
      passing.map(({ index, expiresAt }) => ({ _id: `nonce-${index}`, token: 't', expiresAt })),
    );
    await fillConsole(collections);
    await fillWordings(collections);
    await collections.cap_uses.insertMany(
      passing.map(({ index, expiresAt }) => ({ _id: { userId: `user-${index}`, pattern: '*' }, uses: [], expiresAt })),
    );
    await fillPruneHolds(collections);
    await fillRollups(collections);
    await fillSchedules(collections);
    await fillReceipts(collections);
    await fillExperiments(collections, ids(deliveries));
    await fillEvents(collections);
    await collections.idempotency_keys.insertMany(
      passing.map(({ index, expiresAt }) => ({ _id: `key-${index}`, bodyDigest: 'd', notificationId: 'n', expiresAt })),
    );
  }, 120_000);

  afterAll(async () => {
    await client.close();
    await store.close();
    await server.stop();
  });

  const explain = async (query: (typeof QUERIES)[number]): Promise<Document> => {
    const { hint, sort, projection } = optionsOf(query as NamedQuery<never>);
    const filter = (query.filter as (asked: unknown) => Document)(ASKED[query.name]);
    return client.db().command({
      explain: {
        find: query.collection,
        filter,
        hint,
        ...(sort && { sort }),
        ...(projection && { projection }),
        ...(UNLIMITED.has(query.name) ? {} : { limit: PAGE }),
      },
      verbosity: 'executionStats',
    });
  };

  it('are all asked here', () => {
    expect(Object.keys(ASKED).sort()).toEqual(QUERIES.map(({ name }) => name).sort());
  });

  it.each(QUERIES.map((query) => [query.name, query] as const))(
    '%s: an index, no sort, no needless reading',
    async (_, query) => {
      const { executionStats } = await explain(query);
      const stages = JSON.stringify(executionStats.executionStages);
      expect(stages).toMatch(/"stage":"(IXSCAN|IDHACK|COUNT_SCAN)"/);
      expect(stages).not.toMatch(/"stage":"(COLLSCAN|SORT)"/);
      expect(executionStats.nReturned).toBeGreaterThan(0);
      expect(executionStats.totalDocsExamined).toBeLessThanOrEqual(2 * executionStats.nReturned);
      expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(2 * executionStats.nReturned + PAGE);
    },
  );

  it.each([
    'states of a notification',
    'open of a notification',
    'VAPID keys in use',
    'active of a VAPID key',
    'ended by state',
    'active of a user by idleness',
    'retired of a user',
    'ids of a user',
    'dead letters counted',
    'kinds of dead letters',
    'kinds of dead letters of a notification',
  ])('%s is answered by the index alone', async (name) => {
    const { executionStats } = await explain(QUERIES.find((query) => query.name === name)!);
    expect(executionStats.totalDocsExamined).toBe(0);
  });

  it('are all there are: whatever the store does reads by an index, and sorts nothing', async () => {
    const database = client.db();
    await database.command({ profile: 2 });
    await useEverything(store);
    await database.command({ profile: 0 });
    const commands = await database.collection('system.profile').find().toArray();
    const read = commands.filter(({ planSummary }) => planSummary !== undefined);
    expect(read.length).toBeGreaterThan(40);
    for (const { ns, command, planSummary, hasSortStage } of read) {
      expect(planSummary, `${ns} ${JSON.stringify(command)}`).toMatch(/IXSCAN|IDHACK|COUNT_SCAN|DISTINCT_SCAN/);
      expect(hasSortStage, `${ns} ${JSON.stringify(command)}`).not.toBe(true);
    }
  }, 120_000);
});
