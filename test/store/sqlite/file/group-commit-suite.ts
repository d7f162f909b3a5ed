import { describe, expect, it } from 'vitest';
import { MAX_ROWS_PER_COMMIT } from '../../../../src/store/sqlite/file/commit.ts';
import type { DriverName } from '../../../../src/store/sqlite/file/driver.ts';
import { groupCommit } from '../../../../src/store/sqlite/file/group-commit.ts';
import { sampleAcceptance, sampleNotification, sampleSubscription } from '../../../support/samples.ts';
import { until } from '../../../support/until.ts';
import { freshFile } from '../fresh-file.ts';
import { ROOMY, recording, recordingSync } from '../recording.ts';

/** When writes are committed, and when their writers are told. */
export function groupCommitSuite(driver: DriverName): void {
  describe(`group commit on ${driver}`, () => {
    const fresh = freshFile(driver);

    const insert = (index: number) =>
      fresh.database.run('INSERT INTO nonces (nonce, expires_at) VALUES (?, ?)', [`${index}`, 1]);
    const count = () => fresh.database.first<{ count: number }>('SELECT count(*) AS count FROM nonces')?.count;

    it('shares one commit among the writes of a turn, 128 rows at most', async () => {
      const { recorded, scripts } = recording(fresh.database);
      const disk = recordingSync(fresh.path);
      const commits = groupCommit(recorded, disk, ROOMY);
      await Promise.all(Array.from({ length: 300 }, (_, index) => commits.write(1, () => insert(index))));
      const expected = Math.ceil(300 / MAX_ROWS_PER_COMMIT);
      expect(scripts.filter((script) => script === 'COMMIT')).toHaveLength(expected);
      expect(disk.syncs).toBeLessThanOrEqual(expected);
      disk.close();
    });

    it('does what many ask of the same work by one call, and answers each', async () => {
      const commits = groupCommit(fresh.database, recordingSync(fresh.path), ROOMY);
      const calls: (readonly number[])[] = [];
      const double = commits.writesOf('durable', (items: readonly number[]) => {
        calls.push(items);
        return items.map((item) => 2 * item);
      });
      expect(await Promise.all([double([1]), double([2, 3]), double([4])])).toEqual([[2], [4, 6], [8]]);
      expect(calls).toEqual([[1, 2, 3, 4]]);
    });

    it('does them each by itself where one of them fails, and rejects that one', async () => {
      const commits = groupCommit(fresh.database, recordingSync(fresh.path), ROOMY);
      const keep = commits.writesOf('durable', (items: readonly number[]) => items.map(insert));
      const results = await Promise.allSettled([keep([1]), keep([2, 2]), keep([3])]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(count()).toBe(2);
    });

    it('tells of what need not be durable at once, and takes along what has gathered', async () => {
      const disk = recordingSync(fresh.path);
      const commits = groupCommit(fresh.database, disk, ROOMY);
      const keep = commits.writesOf('committed', (items: readonly number[]) => items.map(insert));
      const letGo = disk.hold();
      const told: string[] = [];
      const first = commits.write(1, () => insert(1)).then(() => told.push('first'));
      await until('the first is on its way to the disk', () => disk.syncs === 1);
      const gathered = commits.write(1, () => insert(2)).then(() => told.push('gathered'));
      await keep([3]);
      expect([told, count(), disk.syncs]).toEqual([[], 3, 1]);
      letGo();
      await Promise.all([first, gathered]);
      expect([told, disk.syncs]).toEqual([['first', 'gathered'], 2]);
      await keep([4]);
      expect(disk.syncs).toBe(2);
    });

    it.each([
      ['of many rows', 100],
      ['that found nobody', 1],
    ])('lets the event loop turn between pages %s, and what hurries goes before them', async (_, rows) => {
      const commits = groupCommit(fresh.database, recordingSync(fresh.path), ROOMY);
      const order: string[] = [];
      const pages = async (): Promise<void> => {
        for (let page = 0; page < 5; page += 1) {
          await commits.write(rows, () => insert(page), 'in_turn');
          order.push('page');
        }
      };
      const turns = async (): Promise<void> => {
        while (order.filter((one) => one === 'page').length < 5) {
          await new Promise(setImmediate);
          order.push('turn');
        }
      };
      const small = commits.write(1, () => insert(100), 'committed').then(() => order.push('hurried'));
      await Promise.all([pages(), turns(), small]);
      expect(order[0]).toBe('hurried');
      // The first may go along with what hurries.
      expect(order.slice(2).join(' ')).not.toContain('page page');
    });

    it('tells a writer once the disk has confirmed, and lets the next ones gather meanwhile', async () => {
      const { recorded, scripts } = recording(fresh.database);
      const disk = recordingSync(fresh.path);
      const commits = groupCommit(recorded, disk, ROOMY);
      const told: number[] = [];
      const write = (index: number) => commits.write(1, () => insert(index)).then(() => void told.push(index));
      const letGo = disk.hold();
      const first = write(0);
      await until('the first is on its way to the disk', () => disk.syncs === 1);
      const others = [1, 2, 3].map(write);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(await commits.read(() => count())).toBe(1);
      expect([told, scripts.filter((script) => script === 'COMMIT').length]).toEqual([[], 1]);
      letGo();
      await Promise.all([first, ...others]);
      expect([told, scripts.filter((script) => script === 'COMMIT').length, disk.syncs]).toEqual([[0, 1, 2, 3], 2, 2]);
      disk.close();
    });

    it('tells writers of a disk that does not confirm, and goes on with the next', async () => {
      const disk = recordingSync(fresh.path);
      const commits = groupCommit(fresh.database, disk, ROOMY);
      disk.failNext();
      const refused = { code: 'store_unavailable', message: expect.stringContaining('check the disk') };
      await expect(commits.write(1, () => insert(1))).rejects.toMatchObject(refused);
      expect(await commits.write(1, () => insert(2))).toBe(1);
      disk.close();
    });

    it('closes once what was asked for is durable', async () => {
      const [one, other] = [sampleSubscription(), sampleSubscription()];
      const writes = [fresh.store.subscriptions.register(one), fresh.store.subscriptions.register(other)];
      await Promise.all([fresh.store.close(), fresh.store.close()]);
      expect((await Promise.all(writes)).map(({ kind }) => kind)).toEqual(['created', 'created']);
      await fresh.reopen();
      expect(await fresh.store.subscriptions.get(other.id)).toEqual(other);
    });

    it('rejects only the guilty write', async () => {
      const twice = sampleNotification();
      await fresh.store.notifications.accept(sampleAcceptance(twice, []));
      const others = Array.from({ length: 5 }, () => sampleSubscription());
      const writes = [
        ...others.slice(0, 3).map((each) => fresh.store.subscriptions.register(each)),
        fresh.store.notifications.accept(sampleAcceptance(twice, [])),
        ...others.slice(3).map((each) => fresh.store.subscriptions.register(each)),
      ];
      const results = await Promise.allSettled(writes);
      expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, false, true, true]);
      for (const each of others) expect(await fresh.store.subscriptions.get(each.id)).toEqual(each);
    });

    it('shows a read nothing that is not committed', async () => {
      const subscription = sampleSubscription();
      const write = fresh.store.subscriptions.register(subscription);
      expect(await fresh.store.subscriptions.get(subscription.id)).toBeNull();
      await write;
      expect(await fresh.store.subscriptions.get(subscription.id)).toEqual(subscription);
    });
  });
}
