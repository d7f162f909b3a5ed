import { type Document, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../scripts/servers/mongod.ts';
import { type ReplicaSet, startReplicaSet } from '../../../scripts/servers/replica-set.ts';
import { systemClock } from '../../../src/clock.ts';
import { openMongoStore } from '../../../src/store/mongodb/mongodb-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { claimed, fannedOut } from '../../contract/fresh-store.ts';
import { describeWithMongod, freshDatabase } from '../../support/mongodb.ts';
import {
  endingAs,
  goneChange,
  NOW_MS,
  sampleAcceptance,
  sampleNotification,
  sampleSubscription,
} from '../../support/samples.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

const WITHOUT_TTL = { args: ['--setParameter', 'ttlMonitorEnabled=false'] };
const LIMIT_MS = 3000;
const UNAVAILABLE = { code: 'store_unavailable' };

const open = (url: string, limitMs = LIMIT_MS): Promise<Store> =>
  openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null, limitMs });

/** Has the server fail the next commands of these names, in the way MongoDB's own drivers are tested with. */
async function failNext(url: string, times: number, data: Document): Promise<void> {
  const client = new MongoClient(url);
  await client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });
  await client.close();
}

describeWithMongod('the MongoDB store, when a standalone server', () => {
  let server: Mongod;
  let proxy: TcpProxy;
  let store: Store;

  beforeAll(async () => {
    server = await startMongod(WITHOUT_TTL);
  }, 60_000);
  beforeEach(async () => {
    proxy = await startTcpProxy({ port: server.port });
    store = await open(freshDatabase(`mongodb://127.0.0.1:${proxy.port}`));
  });
  afterEach(async () => {
    // Where a test broke off, the next is to find a server all the same.
    server.resume();
    await store.close();
    await proxy.close();
  });
  afterAll(() => server.stop());

  /** The call is refused as unavailable, in bounded time. */
  const refused = async (call: () => Promise<unknown>): Promise<void> => {
    const startedAtMs = Date.now();
    await expect(call()).rejects.toMatchObject(UNAVAILABLE);
    expect(Date.now() - startedAtMs).toBeLessThan(LIMIT_MS + 1000);
  };

  it.each<[string, () => Promise<void>, () => Promise<void>]>([
    ['is killed', () => server.kill(), () => server.restart()],
    ['is frozen', () => server.pause(), async () => server.resume()],
    ['is cut off', () => proxy.cut(), () => proxy.restore()],
    ['is in a black hole', async () => proxy.blackHole(), () => proxy.restore()],
  ])(
    '%s, refuses in bounded time and goes on by itself afterwards',
    async (_, stop, recover) => {
      const { notification } = await fannedOut(store, 2);
      await stop();
      await refused(() => store.ping());
      await refused(() => store.notifications.accept(sampleAcceptance(sampleNotification(), ['a'])));
      await refused(() => store.deliveries.due({ priority: 'normal', untilMs: NOW_MS * 2, limit: 5 }));
      await recover();
      await until(
        'the store answers',
        () =>
          store.ping().then(
            () => true,
            () => false,
          ),
        20_000,
      );
      expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'sending' });
      expect(await store.deliveries.due({ priority: 'normal', untilMs: NOW_MS * 2, limit: 5 })).toHaveLength(2);
    },
    60_000,
  );

  it('is slow, waits no longer than it was told', async () => {
    await failNext(server.url, 1, { failCommands: ['find'], blockConnection: true, blockTimeMS: 4000 });
    await refused(() => store.notifications.get('ntf_unknown'));
    expect(await store.notifications.get('ntf_unknown')).toBeNull();
    // Another fail point is set only once the command that this one holds has gone.
    await failNext(server.url, 0, { failCommands: [] });
  });

  describe('carries a write out but its answer is lost', () => {
    /** The driver takes a server that says so for one that is going, and looks for it again. */
    const untilItAnswers = (): Promise<void> =>
      until(
        'the store answers',
        () =>
          store.ping().then(
            () => true,
            () => false,
          ),
        20_000,
      );
    const lost = { errorLabels: [], writeConcernError: { code: 91, errmsg: 'shutting down' } };

    it('knows its own settlement again, and finishes what belongs to it', async () => {
      const { notification, deliveries } = await fannedOut(store, 1);
      const { id, subscriptionId } = deliveries[0]!;
      const change = goneChange(subscriptionId);
      const settlement = { ...endingAs('pruned', await claimed(store, id)), change };
      await failNext(server.url, 1, { failCommands: ['update'], ...lost });
      await expect(store.deliveries.settleMany([settlement])).rejects.toMatchObject(UNAVAILABLE);
      await untilItAnswers();
      expect(await store.deliveries.get(id)).toMatchObject({ state: 'pruned', version: 3 });
      expect(await store.deliveries.settleMany([settlement])).toEqual([true]);
      expect(await store.subscriptions.get(subscriptionId)).toMatchObject({ retired: { reason: 'gone' } });
      expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
      expect(await store.deliveries.settleMany([{ ...settlement }])).toEqual([false]);
    });

    it.each(['update', 'insert'])('accepts a notification once when the caller tries again: %s', async (name) => {
      const idempotency = { key: 'k', bodyDigest: 'd', expiresAtMs: NOW_MS * 2 };
      const [first, second] = [sampleNotification(), sampleNotification()];
      await failNext(server.url, 1, { failCommands: [name], ...lost });
      await expect(store.notifications.accept(sampleAcceptance(first, ['a'], { idempotency }))).rejects.toMatchObject(
        UNAVAILABLE,
      );
      await untilItAnswers();
      const again = await store.notifications.accept(sampleAcceptance(second, ['a'], { idempotency }));
      expect(again).toMatchObject({ kind: 'repeated', notification: { id: first.id } });
      const all = { userId: null, type: null, status: null, fromMs: null, untilMs: null, cursor: null, limit: 9 };
      expect((await store.notifications.list(all)).items.map(({ id }) => id)).toEqual([first.id]);
    });

    it('completes a notification whose last settlement it could not follow, on the next look', async () => {
      const { notification, deliveries } = await fannedOut(store, 1);
      const lease = await claimed(store, deliveries[0]!.id);
      // The first update is the settlement, the second the completion.
      await failNext(server.url, 1, { failCommands: ['update'], ...lost });
      await expect(store.deliveries.settleMany([endingAs('delivered', lease)])).rejects.toMatchObject(UNAVAILABLE);
      await untilItAnswers();
      expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
    });
  });

  it('is killed with SIGKILL, has everything it acknowledged', async () => {
    const kept: string[] = [];
    const writing = async (): Promise<void> => {
      for (;;) {
        const result = await store.subscriptions.register(sampleSubscription());
        if (result.kind === 'created') kept.push(result.subscription.id);
      }
    };
    const refusedInTheEnd = expect(writing()).rejects.toMatchObject(UNAVAILABLE);
    await until('some are written', () => kept.length >= 200);
    await server.kill('SIGKILL');
    await refusedInTheEnd;
    await server.restart();
    await until(
      'the store answers',
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      20_000,
    );
    for (const id of kept) expect(await store.subscriptions.get(id)).not.toBeNull();
  }, 60_000);
});

describeWithMongod('the MongoDB store, when a replica set', () => {
  let servers: ReplicaSet;
  let store: Store;

  beforeAll(async () => {
    servers = await startReplicaSet({ members: 1, ...WITHOUT_TTL });
  }, 60_000);
  beforeEach(async () => {
    store = await open(freshDatabase(servers.url), 15_000);
  });
  afterEach(() => store.close());
  afterAll(() => servers.stop());

  it.each([
    ['drops the connection before', { closeConnection: true }],
    ['steps down before', { errorCode: 10107, errorLabels: ['RetryableWriteError'] }],
    ['loses the answer after', { writeConcernError: { code: 91, errmsg: 'x', errorLabels: ['RetryableWriteError'] } }],
  ])(
    '%s a write, does it exactly once',
    async (_, fault) => {
      const fail = (name: string) => failNext(servers.url, 1, { failCommands: [name], ...fault });
      await fail('insert');
      const subscription = sampleSubscription({ userId: 'user-0' });
      expect((await store.subscriptions.register(subscription)).kind).toBe('created');
      await fail('insert');
      expect(await store.nonces.use('n', NOW_MS)).toBe(true);
      expect(await store.nonces.use('n', NOW_MS)).toBe(false);
      await fail('insert');
      const { deliveries } = await fannedOut(store, 1);
      await fail('update');
      const lease = await claimed(store, deliveries[0]!.id);
      await fail('update');
      expect(await store.deliveries.settleMany([endingAs('delivered', lease)])).toEqual([true]);
      expect(await store.deliveries.get(lease.before.id)).toMatchObject({ state: 'delivered', version: 3 });
    },
    60_000,
  );

  it('steps down for real, goes on with the next primary', async () => {
    const { deliveries } = await fannedOut(store, 3);
    const client = new MongoClient(servers.url);
    await client
      .db('admin')
      .command({ replSetStepDown: 1, secondaryCatchUpPeriodSecs: 0, force: true })
      .catch(() => {});
    await client.close();
    const leases = await Promise.all(deliveries.map(({ id }) => claimed(store, id)));
    const settled = await store.deliveries.settleMany(leases.map((lease) => endingAs('delivered', lease)));
    expect(settled).toEqual([true, true, true]);
  }, 60_000);
});

describeWithMongod('the MongoDB store, when its replica set has no primary', () => {
  it('takes no write in its place, says so, and goes on once there is one', async () => {
    const set = await startReplicaSet({ members: 1 });
    const store = await open(freshDatabase(set.url));
    await store.ping();
    const client = new MongoClient(set.members[0]!.url, { directConnection: true });
    await client.db('admin').command({ replSetStepDown: 6, force: true });
    const startedAtMs = Date.now();
    const refusal = { ...UNAVAILABLE, message: expect.stringContaining('has no primary') };
    await expect(store.ping()).rejects.toMatchObject(refusal);
    expect(Date.now() - startedAtMs).toBeLessThan(LIMIT_MS + 1000);
    await set.primary();
    await until('the store takes a write', () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    );
    await client.close();
    await store.close();
    await set.stop();
  }, 90_000);
});
