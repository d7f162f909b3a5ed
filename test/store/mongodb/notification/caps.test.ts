import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../../src/clock.ts';
import { usersNamed } from '../../../../src/domain/audience/audience.ts';
import type { FinalState } from '../../../../src/domain/delivery/delivery.ts';
import { type Collections, collectionsOf } from '../../../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { sendAt } from '../../../support/fan-out-at.ts';
import { describeWithMongod, emptyDatabase, freshDatabase } from '../../../support/mongodb.ts';
import { NOW_MS, sampleSubscription } from '../../../support/samples.ts';

const CAP = { limit: 2, perSeconds: 3600 };

describeWithMongod('a process that dies before it gives a cap back', () => {
  let server: Mongod;
  let url: string;
  let store: Store;
  let client: MongoClient;
  let collections: Collections;

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
    for (let device = 0; device < 2; device += 1)
      await store.subscriptions.register(sampleSubscription({ userId: 'ada' }));
  });
  afterEach(async () => {
    await store.close();
    await client.close();
    await emptyDatabase(url);
  });

  let sent = 0;
  const send = async () => {
    sent += 1;
    return (await sendAt(store, usersNamed(['ada']), { nowMs: NOW_MS + sent })).id;
  };
  /** All that such a process did: the ends of the deliveries. */
  const end = async (notificationId: string, ...states: readonly FinalState[]) => {
    const found = await collections.deliveries.find({ notificationId }).sort({ _id: 1 }).toArray();
    for (const [index, { _id }] of found.entries()) {
      const state = states[index] ?? states[0]!;
      await collections.deliveries.updateOne({ _id }, { $set: { state }, $inc: { version: 1 } });
    }
  };
  const reasonOf = async (id: string) => (await store.suppressions.get(id, 'ada'))?.reason ?? null;
  const uses = () => store.users.capUses('ada', { ...CAP, pattern: '*' }, { atMs: NOW_MS + 60_000, exceptId: null });

  it('stops nobody with what it left: those of which nothing was delivered are given back first', async () => {
    const [one, other] = [await send(), await send()];
    await end(one, 'failed', 'expired');
    await end(other, 'pruned', 'delivered');
    expect(await uses()).toHaveLength(1);
    const third = await send();
    expect([await reasonOf(third), (await uses()).length]).toEqual([null, 2]);
    expect(await reasonOf(await send())).toBe('capped');
  });

  it('keeps those that may be delivered yet, or that have no deliveries so far', async () => {
    const [one, other] = [await send(), await send()];
    await end(one, 'failed', 'delivered');
    const [first] = await collections.deliveries.find({ notificationId: other }).toArray();
    await collections.deliveries.updateOne({ _id: first!._id }, { $set: { state: 'failed' } });
    expect(await reasonOf(await send())).toBe('capped');
    await collections.deliveries.deleteMany({ notificationId: other });
    expect(await reasonOf(await send())).toBe('capped');
    expect(await uses()).toHaveLength(2);
  });

  it('lets ten at a time take no more than it left free', async () => {
    const [one] = [await send(), await send()];
    await end(one, 'failed');
    const ids = await Promise.all(Array.from({ length: 10 }, send));
    const reasons = await Promise.all(ids.map(reasonOf));
    expect(reasons.filter((reason) => reason === null)).toHaveLength(1);
    expect(await uses()).toHaveLength(2);
  });
});
