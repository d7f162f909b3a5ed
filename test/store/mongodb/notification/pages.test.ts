import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../../src/clock.ts';
import { usersNamed } from '../../../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../../../src/domain/delivery/delivery-filter.ts';
import type { Notification } from '../../../../src/domain/notification/notification.ts';
import { newUser, patched } from '../../../../src/domain/user/user.ts';
import type { FanOutPage } from '../../../../src/store/fan-out-store.ts';
import { type Collections, collectionsOf } from '../../../../src/store/mongodb/collections/collections.ts';
import { toDeliveryDocument } from '../../../../src/store/mongodb/collections/delivery-document.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import { decidePage } from '../../../../src/store/mongodb/notification/pages.ts';
import type { Store } from '../../../../src/store/store.ts';
import { everyPage } from '../../../contract/fresh-store.ts';
import { fanOutAt } from '../../../support/fan-out-at.ts';
import { describeWithMongod, emptyDatabase, freshDatabase } from '../../../support/mongodb.ts';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../../../support/samples.ts';

const LATER = { nowMs: NOW_MS + 60_000 };
const USERS = ['stays in', 'stays out', 'opts out', '$opts in', 'loses\0', 'gets one', 'stays without'];
const CAP = { limit: 5, perSeconds: 3600 };

describeWithMongod('a page that is decided more than once', () => {
  let server: Mongod;
  let url: string;
  let store: Store;
  let client: MongoClient;
  let collections: Collections;
  let notification: Notification;
  const lost = sampleSubscription({ userId: 'loses\0' });

  beforeAll(async () => {
    server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    url = freshDatabase(server.url);
  }, 60_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    store = await openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
    client = new MongoClient(url);
    collections = collectionsOf(client.db());
    await store.typeRules.put('*', { cap: CAP });
    for (const userId of USERS.slice(0, 4)) await store.subscriptions.register(sampleSubscription({ userId }));
    await store.subscriptions.register(lost);
    for (const userId of ['stays out', '$opts in']) await want(userId, false);
    notification = sampleNotification({ acceptedAtMs: NOW_MS });
    await store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(USERS) }));
  });
  afterEach(async () => {
    await store.close();
    await client.close();
    await emptyDatabase(url);
  });

  const want = (userId: string, isWanted: boolean) =>
    store.users.change(newUser(userId, NOW_MS), (user) => patched(user, { preferences: { '*': isWanted } }, NOW_MS));
  const changeMinds = async () => {
    await want('opts out', false);
    await want('$opts in', true);
    await store.subscriptions.delete(lost.id);
    await store.subscriptions.register(sampleSubscription({ userId: 'gets one' }));
  };

  /** The page that a fan-out would keep at this instant, which keeps nothing. */
  async function pageAt(nowMs: number): Promise<FanOutPage> {
    const pages: FanOutPage[] = [];
    const commitPage: Store['fanOuts']['commitPage'] = async (page) => {
      pages.push(page);
      throw new Error('it died');
    };
    const dying = { ...store, fanOuts: { ...store.fanOuts, commitPage } };
    await expect(fanOutAt(dying, notification, { nowMs })).rejects.toThrow('it died');
    return pages[0]!;
  }

  /** Each user has either deliveries or one suppression, and counts under the cap if they have deliveries. */
  async function expectNobodyTwiceAndNobodyLost(): Promise<ReadonlyMap<string, string>> {
    const notificationId = notification.id;
    const found = new Map<string, string>();
    const list = (cursor: string | null) => store.suppressions.list({ notificationId, reason: null, cursor, limit: 3 });
    const listed = (await everyPage(list)).items;
    for (const userId of USERS) {
      const query = { notificationId, userId, attempted: false, filter: ANY_DELIVERY, cursor: null, limit: 5 };
      const deliveries = (await store.deliveries.listByNotification(query)).items.length;
      const suppression = await store.suppressions.get(notificationId, userId);
      expect(deliveries > 0, `${userId}: ${deliveries} deliveries, ${suppression?.reason}`).toBe(suppression === null);
      expect(listed.filter((one) => one.userId === userId)).toHaveLength(suppression === null ? 0 : 1);
      const asked = { atMs: LATER.nowMs, exceptId: null };
      const uses = await store.users.capUses(userId, { ...CAP, pattern: '*' }, asked);
      expect(uses, userId).toHaveLength(suppression === null ? 1 : 0);
      found.set(userId, suppression?.reason ?? 'delivered');
    }
    const counts = Object.values(await store.suppressions.countByReason(notificationId));
    expect(counts.reduce((sum, count) => sum + count)).toBe(listed.length);
    return found;
  }

  it('by a process that died after the suppressions comes to what users want by then', async () => {
    await decidePage(collections, await pageAt(NOW_MS));
    await changeMinds();
    await fanOutAt(store, notification, LATER);
    expect([...(await expectNobodyTwiceAndNobodyLost())]).toEqual([
      ['stays in', 'delivered'],
      ['stays out', 'opted_out'],
      ['opts out', 'opted_out'],
      ['$opts in', 'delivered'],
      ['loses\0', 'no_subscription'],
      ['gets one', 'delivered'],
      ['stays without', 'no_subscription'],
    ]);
  });

  it('by a process that died after the deliveries leaves those as they are', async () => {
    const { deliveries } = await decidePage(collections, await pageAt(NOW_MS));
    await collections.deliveries.insertMany(deliveries.map((each) => toDeliveryDocument(each)));
    await changeMinds();
    await fanOutAt(store, notification, LATER);
    expect([...(await expectNobodyTwiceAndNobodyLost())]).toEqual([
      ['stays in', 'delivered'],
      ['stays out', 'opted_out'],
      ['opts out', 'delivered'],
      ['$opts in', 'delivered'],
      ['loses\0', 'delivered'],
      ['gets one', 'delivered'],
      ['stays without', 'no_subscription'],
    ]);
  });

  it('again and again, and by a process that died at its very end, comes to the same', async () => {
    for (const nowMs of [NOW_MS, NOW_MS + 1]) await decidePage(collections, await pageAt(nowMs));
    const page = await pageAt(NOW_MS + 2);
    expect(await store.fanOuts.commitPage(page)).not.toBeNull();
    expect(await store.fanOuts.commitPage(page)).toBeNull();
    await expectNobodyTwiceAndNobodyLost();
  });

  it('by several processes at the same time, which see different wishes', async () => {
    const early = await pageAt(NOW_MS);
    await changeMinds();
    const late = await pageAt(LATER.nowMs);
    const kept = await Promise.all([early, late, early, late].map((page) => store.fanOuts.commitPage(page)));
    expect(kept.filter((one) => one !== null)).toHaveLength(1);
    const { id: notificationId } = notification;
    const list = await store.suppressions.list({ notificationId, reason: null, cursor: null, limit: 50 });
    const suppressed = list.items.map(({ userId }) => userId);
    expect(new Set(suppressed).size).toBe(suppressed.length);
    const listed = { notificationId, userId: null, attempted: false, filter: ANY_DELIVERY, cursor: null, limit: 50 };
    const reached = (await store.deliveries.listByNotification(listed)).items.map(({ userId }) => userId);
    expect([...suppressed, ...new Set(reached)].toSorted()).toEqual(USERS.toSorted());
  });
});
