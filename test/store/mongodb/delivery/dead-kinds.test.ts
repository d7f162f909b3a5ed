import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../../src/clock.ts';
import { ANY_DEAD_LETTER } from '../../../../src/domain/delivery/dead-letter-filter.ts';
import { collectionsOf } from '../../../../src/store/mongodb/collections/collections.ts';
import { toDeliveryDocument } from '../../../../src/store/mongodb/collections/delivery-document.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { describeWithMongod, freshDatabase } from '../../../support/mongodb.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../../support/samples.ts';

const EACH = 300;

describeWithMongod('dead letters that an earlier version left', () => {
  let server: Mongod;
  let client: MongoClient;
  let store: Store;

  beforeAll(async () => {
    server = await startMongod();
    const url = freshDatabase(server.url);
    client = new MongoClient(url);
    const notification = sampleNotification();
    const documents = ['Wait.', 'Mend it.'].flatMap((remedy) =>
      Array.from({ length: EACH }, () => {
        const dead = {
          state: 'failed',
          dueAtMs: null,
          endedAtMs: NOW_MS,
          attempts: [sampleAttempt({ remedy })],
        } as const;
        return toDeliveryDocument(sampleDelivery(notification, sampleSubscription(), dead));
      }),
    );
    await collectionsOf(client.db()).deliveries.insertMany(documents);
    store = await openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
  });
  afterAll(async () => {
    await client.close();
    await store.close();
    await server.stop();
  });

  it('are given their kinds by a start, and those are found from one to the next', async () => {
    const database = client.db();
    await database.command({ profile: 2 });
    const kinds = await store.deliveries.deadKinds(null);
    await database.command({ profile: 0 });
    expect(kinds).toHaveLength(2);
    const { counts } = await store.deliveries.countFailed({ scope: ANY_DEAD_LETTER, kinds, most: 10 * EACH });
    expect([...counts.values()]).toEqual([EACH, EACH]);
    const [asked] = await database.collection('system.profile').find({ 'command.aggregate': 'deliveries' }).toArray();
    expect(asked).toMatchObject({ planSummary: expect.stringMatching(/^DISTINCT_SCAN/), docsExamined: 0 });
    expect(asked?.keysExamined).toBeLessThan(10);
  });
});
