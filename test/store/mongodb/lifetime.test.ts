import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mongod, startMongod } from '../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../src/clock.ts';
import { usersNamed } from '../../../src/domain/audience/audience.ts';
import { collectionsOf } from '../../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../../src/store/mongodb/mongodb-store.ts';
import { beSoleProcess } from '../../../src/store/mongodb/server/sole-process.ts';
import { claimed, fannedOut } from '../../contract/fresh-store.ts';
import { sendAt } from '../../support/fan-out-at.ts';
import { describeWithMongod, freshDatabase } from '../../support/mongodb.ts';
import { endingAs, goneChange, NOW_MS, sampleAcceptance, sampleNotification } from '../../support/samples.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

const DAY_MS = 86_400_000;
const DAYS_SINCE_SAMPLES = Math.floor((Date.now() - NOW_MS) / DAY_MS);

describeWithMongod('the MongoDB store', () => {
  let server: Mongod;
  beforeAll(async () => {
    server = await startMongod({ args: ['--setParameter', 'ttlMonitorSleepSecs=1'] });
  }, 60_000);
  afterAll(() => server.stop());

  const open = (url: string, retentionDays: number) =>
    openMongoStore({ url, clock: systemClock, retentionDays, alone: null });

  describe('retention', () => {
    it('is kept by MongoDB itself, and follows RETENTION_DAYS when that changes', async () => {
      const url = freshDatabase(server.url);
      const before = await open(url, 3650);
      const done = await fannedOut(before, 1);
      const { id, subscriptionId } = done.deliveries[0]!;
      const change = goneChange(subscriptionId);
      await before.deliveries.settleMany([{ ...endingAs('pruned', await claimed(before, id)), change }]);
      const open1 = await fannedOut(before, 1);
      const accepted = sampleNotification();
      await before.notifications.accept(
        sampleAcceptance(accepted, ['a'], { idempotency: { key: 'k', bodyDigest: 'd', expiresAtMs: NOW_MS + 1 } }),
      );
      await before.nonces.use('n', NOW_MS + 1);
      const unreached = await sendAt(before, usersNamed(['nobody']), { nowMs: NOW_MS });
      await before.close();

      // Not yet: the samples are younger than that.
      const longer = await open(url, DAYS_SINCE_SAMPLES + 2);
      expect(await longer.notifications.get(done.notification.id)).toMatchObject({ status: 'completed' });
      await longer.close();

      const store = await open(url, Math.max(1, DAYS_SINCE_SAMPLES - 1));
      const client = new MongoClient(url);
      const collections = collectionsOf(client.db());
      const { deliveries, notifications, subscriptions, nonces, idempotency_keys: keys, suppressions } = collections;
      await until('the old is gone', async () => {
        const gone = [
          await deliveries.countDocuments({ _id: id }),
          await notifications.countDocuments({ _id: done.notification.id }),
          await subscriptions.countDocuments({ _id: subscriptionId }),
          await nonces.countDocuments(),
          await suppressions.countDocuments({ notificationId: unreached.id }),
          await keys.countDocuments(),
        ];
        return gone.every((count) => count === 0);
      });
      expect(await store.deliveries.get(open1.deliveries[0]!.id)).not.toBeNull();
      expect(await store.subscriptions.get(open1.deliveries[0]!.subscriptionId)).not.toBeNull();
      expect(await store.notifications.get(open1.notification.id)).toMatchObject({ status: 'sending' });
      expect(await store.notifications.get(accepted.id)).toMatchObject({ status: 'accepted' });
      await client.close();
      await store.close();
    }, 60_000);
  });

  it('refuses a newer Bellhop’s database', async () => {
    const url = freshDatabase(server.url);
    await (await open(url, 30)).close();
    const client = new MongoClient(url);
    await collectionsOf(client.db()).meta.updateOne({ _id: 'layout' }, { $set: { version: 99 } });
    await client.close();
    await expect(open(url, 30)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/newer Bellhop/),
    });
  });

  it('completes what a process that died left open, once the deadline is over', async () => {
    const url = freshDatabase(server.url);
    const store = await open(url, 3650);
    const { notification, deliveries } = await fannedOut(store, 1);
    await store.deliveries.settleMany([endingAs('delivered', await claimed(store, deliveries[0]!.id))]);
    const client = new MongoClient(url);
    const { notifications } = collectionsOf(client.db());
    await notifications.updateOne({ _id: notification.id }, { $set: { status: 'sending', retainedFrom: null } });
    await store.retention.sweep(NOW_MS + 2 * DAY_MS);
    expect(await notifications.findOne({ _id: notification.id })).toMatchObject({
      status: 'completed',
      retainedFrom: new Date(notification.acceptedAtMs),
    });
    await client.close();
    await store.close();
  });

  describe('alone on its database', () => {
    const alone = { onLost: () => {} };

    it('is refused beside one that lives, and let in once that one has closed', async () => {
      const url = freshDatabase(server.url);
      const openAlone = () => openMongoStore({ url, clock: systemClock, retentionDays: 30, alone });
      const first = await openAlone();
      const refusal = {
        code: 'store_unavailable',
        message: expect.stringMatching(/Another Bellhop process.*REDIS_URL/),
      };
      await expect(openAlone()).rejects.toMatchObject(refusal);
      await first.close();
      await (await openAlone()).close();
    });

    it('succeeds one that has gone silent, which is told when it comes back', async () => {
      const url = freshDatabase(server.url);
      const proxy = await startTcpProxy({ port: server.port });
      const [far, near] = [new MongoClient(url.replace(String(server.port), String(proxy.port))), new MongoClient(url)];
      const times = { beatMs: 50, goneAfterMs: 600 };
      let isLost = false;
      const onLost = () => {
        isLost = true;
      };
      const letGoFar = await beSoleProcess(collectionsOf(far.db()), { ...times, onLost });
      proxy.blackHole();
      const letGo = await beSoleProcess(collectionsOf(near.db()), { ...times, onLost: () => {} });
      expect(isLost).toBe(false);
      await proxy.restore();
      await until('the first is told', () => isLost);
      await letGoFar();
      const third = beSoleProcess(collectionsOf(near.db()), { ...times, onLost: () => {} });
      await expect(third).rejects.toMatchObject({ code: 'store_unavailable' });
      await letGo();
      await Promise.all([far.close(), near.close()]);
      await proxy.close();
    });
  });

  it.each([
    ['nobody listens', 'mongodb://ada:topsecret@127.0.0.1:1/x', /No MongoDB answers at 127\.0\.0\.1:1/],
    ['the user is unknown', '', /refuses the user of MONGODB_URL/],
    ['the URL is malformed', 'mongodb://ada:top%secret@h/x', /MONGODB_URL is not one that the MongoDB driver takes/],
  ])('does not open where %s, and says so without a secret', async (_, url, message) => {
    const opening = open(url || server.url.replace('mongodb://', 'mongodb://ada:topsecret@'), 30);
    const refusal = { code: 'store_unavailable', message: expect.stringMatching(message) };
    await expect(opening).rejects.toMatchObject(refusal);
    await expect(opening).rejects.toMatchObject({ message: expect.not.stringMatching(/top.?secret/) });
  });
});
