import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../../scripts/servers/mongod.ts';
import type { Claimed } from '../../../../src/store/delivery-store.ts';
import { collectionsOf } from '../../../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../../../src/store/mongodb/mongodb-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { fannedOut, leaseIn } from '../../../contract/fresh-store.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import { describeWithMongod, emptyDatabase, freshDatabase } from '../../../support/mongodb.ts';
import { endingAs } from '../../../support/samples.ts';

const LEASE_MS = 60_000;

describeWithMongod('the leases of a process', () => {
  let server: Mongod;
  let url: string;
  let clock: FakeClock;
  let [one, other]: Store[] = [];

  beforeAll(async () => {
    server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    url = freshDatabase(server.url);
  }, 60_000);
  beforeEach(async () => {
    clock = createFakeClock();
    const open = () => openMongoStore({ url, clock, retentionDays: 3650, alone: null });
    [one, other] = [await open(), await open()];
  });
  afterEach(async () => {
    await Promise.all([one?.close(), other?.close()]);
    await emptyDatabase(url);
  });
  afterAll(() => server.stop());

  const claim = async (store: Store | undefined, ids: readonly string[], attempt = 1): Promise<(Claimed | null)[]> => {
    const nowMs = clock.now();
    const claims = ids.map((deliveryId) => ({ deliveryId, attempt, nowMs, leaseUntilMs: nowMs + LEASE_MS }));
    return ((await store?.deliveries.claimMany(claims)) ?? []).map(leaseIn);
  };
  const deliver = async (store: Store | undefined, claimed: readonly (Claimed | null | undefined)[]) =>
    store?.deliveries.settleMany(claimed.flatMap((each) => (each ? endingAs('delivered', each) : [])));
  /** As it is written: a read through the store would mend it. */
  const withDatabase = async <Value>(use: (client: MongoClient) => Promise<Value>): Promise<Value> => {
    const client = new MongoClient(url);
    return use(client).finally(() => client.close());
  };
  const statusOf = (id: string) =>
    withDatabase(async (client) => (await collectionsOf(client.db()).notifications.findOne({ _id: id }))?.status);
  const prepared = async (count: number) => {
    const { notification, deliveries } = await fannedOut(one as Store, count);
    return { id: notification.id, ids: deliveries.map(({ id }) => id) };
  };

  describe('a notification is completed', () => {
    it('though two processes settle its deliveries at the same time', async () => {
      const { id, ids } = await prepared(60);
      const claims = [await claim(one, ids.slice(0, 30)), await claim(other, ids.slice(30))];
      const chunks = [0, 1, 2].flatMap((part) =>
        [one, other].map((store, at) => deliver(store, claims[at]?.slice(part * 10, part * 10 + 10) ?? [])),
      );
      await Promise.all(chunks);
      expect(await statusOf(id)).toBe('completed');
    });

    it('with the last of those that are held, and not before', async () => {
      const { id, ids } = await prepared(3);
      const [first, second, third] = await claim(one, ids);
      await deliver(one, [first]);
      await deliver(one, [third]);
      expect(await statusOf(id)).toBe('sending');
      await deliver(one, [second]);
      expect(await statusOf(id)).toBe('completed');
    });

    it('by whoever settles last, where a lease ran out and another process ended it', async () => {
      const { id, ids } = await prepared(2);
      const [left] = await claim(one, ids.slice(0, 1));
      clock.advance(LEASE_MS + 1);
      const [mine] = await claim(one, ids.slice(1));
      await deliver(other, [left]);
      await deliver(one, [mine]);
      expect(await statusOf(id)).toBe('completed');
    });

    it('by the loser, where another process took a lease for ended by a clock of its own', async () => {
      const { id, ids } = await prepared(2);
      const [first, second] = await claim(one, ids);
      await deliver(other, [first]);
      await deliver(one, [second]);
      expect(await deliver(one, [first])).toEqual([false]);
      expect(await statusOf(id)).toBe('completed');
    });
  });

  it('are each won by one of two who claim the same at the same time', async () => {
    const { ids } = await prepared(50);
    const [ours, theirs] = await Promise.all([claim(one, ids), claim(other, ids.toReversed())]);
    const won = [...(ours ?? []), ...(theirs ?? [])].flatMap((each) => each?.before.id ?? []);
    expect(won.toSorted()).toEqual(ids.toSorted());
  });

  it('are known as won where the answer to a claim of many was lost', async () => {
    const { ids } = await prepared(5);
    await withDatabase((client) =>
      client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode: { times: 1 },
        // Not that it shuts down: the driver would believe it for up to ten seconds, and the server goes on.
        data: {
          failCommands: ['update'],
          writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
        },
      }),
    );
    expect((await claim(one, ids)).map((each) => each?.version)).toEqual([2, 2, 2, 2, 2]);
  });
});
