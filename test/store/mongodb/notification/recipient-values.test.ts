import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../../src/clock.ts';
import { usersNamed } from '../../../../src/domain/audience/audience.ts';
import { type Collections, collectionsOf } from '../../../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import { mongoNotifications } from '../../../../src/store/mongodb/notification/notifications.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import type { Store } from '../../../../src/store/store.ts';
import { describeWithMongod, freshDatabase } from '../../../support/mongodb.ts';
import { NOW_MS, sampleAcceptance, sampleNotification } from '../../../support/samples.ts';

const WRITES = ['insertOne', 'insertMany', 'updateOne'];
const DAY_MS = 86_400_000;
const USER_IDS = Array.from({ length: 600 }, (_, index) => `user-${index}`);
const VALUES = USER_IDS.map((name) => ({ name }));

describeWithMongod('a process that dies while it accepts values of recipients', () => {
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
  beforeEach(async () => {
    for (const name of ['notifications', 'recipient_values', 'idempotency_keys'])
      await client.db().collection(name).deleteMany({});
  });

  const acceptance = () => {
    const notification = sampleNotification({ userCount: USER_IDS.length, acceptedAtMs: NOW_MS });
    const idempotency = { key: 'default:a', bodyDigest: 'digest', expiresAtMs: NOW_MS + DAY_MS };
    const given = { audience: usersNamed(USER_IDS), idempotency, mayFanOutNow: false };
    return { ...sampleAcceptance(notification, [], given), values: VALUES };
  };

  /** The notifications of a process that dies at its write of this number: before it, or in the middle of one of many documents. */
  function dyingAt(step: number, keptOfMany: number): Store['notifications'] {
    let writes = 0;
    const watched = <Name extends keyof Collections>(collection: Collections[Name]): Collections[Name] =>
      new Proxy(collection, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          if (!WRITES.includes(String(name))) return value.bind(target);
          return async (...given: unknown[]) => {
            writes += 1;
            if (writes - 1 !== step) return value.apply(target, given);
            const [documents] = given;
            if (Array.isArray(documents) && keptOfMany > 0)
              await value.apply(target, [documents.slice(0, keptOfMany), given[1]]);
            throw new Error('it died');
          };
        },
      });
    const { notifications, recipient_values, idempotency_keys, ...others } = collectionsOf(client.db());
    const collections: Collections = {
      ...others,
      notifications: watched<'notifications'>(notifications),
      recipient_values: watched<'recipient_values'>(recipient_values),
      idempotency_keys: watched<'idempotency_keys'>(idempotency_keys),
    };
    return mongoNotifications(collections, trackOperations(5000));
  }

  const piecesLeft = () => client.db().collection('recipient_values').countDocuments();

  it.each([
    [0, 0, 'the key'],
    [1, 0, 'the values'],
    [1, 1, 'the second of three pieces'],
    [1, 3, 'their answer'],
    [2, 0, 'the notification'],
  ])(
    'at write %i, after %i pieces, before %3$s: the repeated call is accepted once, with all values',
    async (step, pieces) => {
      await expect(dyingAt(step, pieces).accept(acceptance())).rejects.toThrow('it died');
      const all = { userId: null, type: null, status: null, fromMs: null, untilMs: null, cursor: null, limit: 9 };
      expect((await store.notifications.list(all)).items).toEqual([]);
      await store.notifications.accept(acceptance());
      const again = await store.notifications.accept(acceptance());
      const { items } = await store.notifications.list(all);
      expect(items).toHaveLength(1);
      const id = items[0]?.id ?? '';
      expect(again).toMatchObject({ kind: 'repeated', notification: { id } });
      const values = await store.fanOuts.valuesOf(id, USER_IDS, USER_IDS);
      expect([...values]).toEqual(USER_IDS.map((name) => [name, { name }]));
      expect(await piecesLeft()).toBe(3);
    },
  );

  it('and is never called again: what it kept is swept after the deadline that there would have been', async () => {
    const given = acceptance();
    await expect(dyingAt(2, 0).accept(given)).rejects.toThrow('it died');
    await store.retention.sweep(NOW_MS + given.notification.ttlSeconds * 1000);
    expect(await piecesLeft()).toBe(3);
    await store.retention.sweep(NOW_MS + given.notification.ttlSeconds * 1000 + 8 * DAY_MS);
    expect(await piecesLeft()).toBe(0);
  });
});
