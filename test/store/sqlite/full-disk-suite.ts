import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { SuppressionReason } from '../../../src/domain/audience/release.ts';
import type { Suppression } from '../../../src/domain/audience/suppression.ts';
import type { Subscription } from '../../../src/domain/subscription/subscription.ts';
import { openDataFile } from '../../../src/store/sqlite/file/data-file.ts';
import { reservePath } from '../../../src/store/sqlite/file/disk-space.ts';
import type { Database, DriverName } from '../../../src/store/sqlite/file/driver.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { fannedOut } from '../../contract/fresh-store.ts';
import { pageOf } from '../../support/fan-out-page.ts';
import { endingAs, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../../support/samples.ts';
import { describeWithSmallDisk, mountSmallDisk, type SmallDisk } from '../../support/small-disk.ts';
import { until } from '../../support/until.ts';

const MIB = 1024 * 1024;
const FULL = { code: 'store_unavailable', message: expect.stringContaining('is full') };

/** What the embedded store does on a disk that is really full. */
export function fullDiskSuite(driver: DriverName): void {
  describeWithSmallDisk(`SQLite by ${driver} on a full disk`, () => {
    let disk: SmallDisk;
    let path: string;
    let database: Database;
    let store: Store;
    const open = async (): Promise<void> => {
      database = await openDataFile(path, driver);
      store = storeOn(database, systemClock);
    };
    beforeEach(async () => {
      disk = mountSmallDisk(64);
      path = join(disk.folder, 'data', 'bellhop.db');
      await open();
    });
    afterEach(async () => {
      await store.close();
      disk.dispose();
    });

    const register = async (count: number, overrides: Partial<Subscription> = {}): Promise<readonly Subscription[]> => {
      const made = Array.from({ length: count }, () => sampleSubscription(overrides));
      await Promise.all(made.map((one) => store.subscriptions.register(one)));
      return made;
    };
    const accept = () => store.notifications.accept(sampleAcceptance(sampleNotification(), ['a']));
    /** Fills the disk, and goes on until what the log has room for is used up, too. */
    const fillUp = async (): Promise<void> => {
      disk.fill();
      for (;;) {
        const refused = await accept().then(
          () => null,
          (error: unknown) => error,
        );
        if (refused === null) continue;
        expect(refused).toMatchObject(FULL);
        disk.fill();
        return;
      }
    };
    const reserveOctets = (): number => (existsSync(reservePath(path)) ? statSync(reservePath(path)).size : 0);

    it('keeps a reserve, for its owner alone, a small part of the disk', () => {
      expect(reserveOctets()).toBe(2 * MIB);
      expect(statSync(reservePath(path)).mode & 0o777).toBe(0o600);
      expect(statSync(reservePath(path)).blocks * 512).toBeGreaterThanOrEqual(2 * MIB);
    });

    it('takes nothing more and says so, and every subscription can be deleted', async () => {
      const subscriptions = await register(300);
      await fillUp();
      await expect(store.ping()).rejects.toMatchObject(FULL);
      await expect(accept()).rejects.toMatchObject(FULL);
      await expect(register(1)).rejects.toMatchObject(FULL);
      for (const { id } of subscriptions.slice(0, 100)) expect(await store.subscriptions.delete(id)).toBe(true);
      const rest = await Promise.all(subscriptions.slice(100).map(({ id }) => store.subscriptions.delete(id)));
      expect(new Set(rest)).toEqual(new Set([true]));
      expect(await store.subscriptions.get(subscriptions[0]!.id)).toBeNull();
      await expect(store.ping()).rejects.toMatchObject(FULL);
      await expect(accept()).rejects.toMatchObject(FULL);
    });

    it('deletes beside writes that it refuses', async () => {
      const subscriptions = await register(20);
      await fillUp();
      const [deleted, accepted] = await Promise.all([
        Promise.allSettled(subscriptions.map(({ id }) => store.subscriptions.delete(id))),
        Promise.allSettled(subscriptions.map(() => accept())),
      ]);
      expect(deleted.every((each) => each.status === 'fulfilled' && each.value)).toBe(true);
      expect(accepted.every(({ status }) => status === 'rejected')).toBe(true);
    });

    it('keeps what was deleted, and all the rest, after a restart on the full disk', async () => {
      const [deleted, kept] = (await register(2)) as [Subscription, Subscription];
      await fillUp();
      await store.subscriptions.delete(deleted.id);
      await store.close();
      disk.fill();
      await open();
      expect(await store.subscriptions.get(deleted.id)).toBeNull();
      expect(await store.subscriptions.get(kept.id)).toEqual(kept);
      await expect(store.ping()).rejects.toMatchObject(FULL);
      expect(await store.subscriptions.delete(kept.id)).toBe(true);
    });

    it('sweeps and forgets thousands of rows', async () => {
      const many = Array.from({ length: 3000 }, (_, index) => index);
      await Promise.all(many.map((index) => store.nonces.use(`nonce-${index}`, NOW_MS)));
      const { notification, deliveries } = await fannedOut(store, 1500);
      const leases = await store.deliveries.claimMany(
        deliveries.map(({ id }) => ({ deliveryId: id, attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 60_000 })),
      );
      await store.deliveries.settleMany(
        leases.flatMap((lease) => (lease === null || lease === 'busy' ? [] : [endingAs('delivered', lease)])),
      );
      await fillUp();
      expect(await store.retention.sweep(NOW_MS + 1)).toBe(3000);
      expect(await store.retention.forget(NOW_MS * 2, 10)).toBe(1);
      expect(await store.notifications.get(notification.id)).toBeNull();
      expect(await store.deliveries.get(deliveries[0]!.id)).toBeNull();
    });

    it('sweeps and forgets thousands of suppressions and uses of caps', async () => {
      const notification = sampleNotification();
      const { id: notificationId } = notification;
      await store.notifications.accept(sampleAcceptance(notification, ['a']));
      const { cursor: from } = (await store.fanOuts.get(notificationId))!;
      const userIds = Array.from({ length: 1500 }, (_, index) => `user-${index}`);
      const of = (userId: string, reason: SuppressionReason): Suppression => {
        return { notificationId, userId, reason, detail: {}, atMs: NOW_MS };
      };
      const suppressions = userIds.flatMap((id) => [of(id, 'opted_out'), of(`un${id}`, 'no_subscription')]);
      const capUses = userIds.map((userId) => ({ userId, pattern: '*' }));
      const plan = () => ({ deliveries: [], suppressions, capUses });
      await store.fanOuts.commitPage({ ...pageOf(notification, [], { from, to: null }), plan });
      expect(await store.suppressions.countByReason(notificationId)).toMatchObject({ opted_out: 1500 });
      await fillUp();
      expect(await store.retention.sweep(NOW_MS * 2)).toBe(1500);
      expect(await store.retention.forget(NOW_MS * 2, 10)).toBe(1);
      expect(await store.suppressions.countByReason(notificationId)).toMatchObject({
        opted_out: 0,
        cancelled: 0,
        local_time_passed: 0,
        missed: 0,
        no_subscription: 0,
      });
    });

    it('takes the nonce of a request that adds nothing, once, and no other', async () => {
      await fillUp();
      expect(await store.nonces.use('read', NOW_MS, { addsNothing: true })).toBe(true);
      expect(await store.nonces.use('read', NOW_MS, { addsNothing: true })).toBe(false);
      await expect(store.nonces.use('post', NOW_MS)).rejects.toMatchObject(FULL);
    });

    it('answers for a fact that it keeps already, as a start asks', async () => {
      await store.facts.keep('vapid_public_key', 'B1');
      await fillUp();
      expect(await store.facts.keep('vapid_public_key', 'B2')).toBe('B1');
    });

    it('goes on by itself once there is room, with a reserve again', async () => {
      const [one] = await register(1);
      await fillUp();
      await store.subscriptions.delete(one!.id);
      disk.clear();
      await until('it takes something again', () =>
        accept().then(
          () => true,
          () => false,
        ),
      );
      await store.ping();
      expect(reserveOctets()).toBe(2 * MIB);
      await fillUp();
      await expect(store.ping()).rejects.toMatchObject(FULL);
    });

    it('goes on by itself where the sweeper made room inside the file', async () => {
      const large = 'x'.repeat(200_000);
      const notifications = Array.from({ length: 60 }, () =>
        sampleNotification({ status: 'completed', content: { type: 't', title: 'x', body: large } }),
      );
      for (const notification of notifications) await store.notifications.accept(sampleAcceptance(notification, []));
      await fillUp();
      expect(await store.retention.forget(NOW_MS * 2, 100)).toBeGreaterThan(0);
      await until('it takes something again', () =>
        accept().then(
          () => true,
          () => false,
        ),
      );
      await store.ping();
      expect(reserveOctets()).toBeGreaterThanOrEqual(MIB);
    });

    it('lives on though the log is full of what the data file has no room for', async () => {
      const subscriptions = await register(50);
      // The log takes some of the last room; its checkpoint would need more of it.
      disk.fill(700_000);
      await fillUp();
      for (const { id } of subscriptions) expect(await store.subscriptions.delete(id)).toBe(true);
      await store.close();
      await open();
      expect(
        (await store.subscriptions.list({ userId: null, includeRetired: true, cursor: null, limit: 9 })).items,
      ).toEqual([]);
    });

    it('loses nothing that it said it took', async () => {
      const taken: string[] = [];
      disk.fill(4 * MIB);
      for (;;) {
        const notification = sampleNotification();
        const result = await store.notifications.accept(sampleAcceptance(notification, ['a'])).catch(() => null);
        if (result === null) break;
        taken.push(notification.id);
      }
      // libsql cannot let go of a file on a full disk before the process ends.
      disk.clear();
      await store.close();
      await open();
      const found = await Promise.all(taken.map((id) => store.notifications.get(id)));
      expect(found.every((each) => each !== null)).toBe(true);
      expect(taken.length).toBeGreaterThan(100);
    });

    it('refuses to be made on a disk that is full already, in a clear sentence, and is made there once there is room', async () => {
      await store.close();
      disk.fill();
      const other = join(disk.folder, 'other', 'bellhop.db');
      const make = async () => storeOn(await openDataFile(other, driver), systemClock);
      await expect(make()).rejects.toMatchObject(FULL);
      disk.clear();
      const made = await make();
      await made.ping();
      await made.close();
      await open();
    });
  });
}
