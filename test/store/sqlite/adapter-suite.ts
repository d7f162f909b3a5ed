import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { openDataFile } from '../../../src/store/sqlite/file/data-file.ts';
import type { DriverName } from '../../../src/store/sqlite/file/driver.ts';
import type { SqlValue } from '../../../src/store/sqlite/file/sql-value.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import { claimed, fannedOut } from '../../contract/fresh-store.ts';
import { useEverything } from '../../contract/use-everything.ts';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../../support/samples.ts';
import { freshFile } from './fresh-file.ts';
import { recording } from './recording.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../../../src', import.meta.url));

/** What only the embedded adapter promises: one process, shared commits, and a driver that cannot hurt. */
export function adapterSuite(driver: DriverName): void {
  describe(`SQLite by ${driver}, beyond the contract`, () => {
    const fresh = freshFile(driver);

    it('makes folder and file for the owner alone', async () => {
      await fresh.store.ping();
      for (const file of [fresh.path, `${fresh.path}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(join(fresh.path, '..'))).mode & 0o777).toBe(0o700);
    });

    it('leaves waiting for the disk to the group commit, and holds the file for itself', () => {
      const setting = (name: string) =>
        Object.values(fresh.database.first<Record<string, unknown>>(`PRAGMA ${name}`) ?? {});
      expect(['journal_mode', 'locking_mode', 'synchronous'].map(setting)).toEqual([['wal'], ['exclusive'], [1]]);
    });

    it('is refused to a second process at once, and free after close', async () => {
      const held = 'store_unavailable Another Bellhop process holds the data folder.';
      const before = await openElsewhere(fresh.path, driver);
      expect(before.answer).toContain(held);
      expect(before.answer).toContain('stop the other one');
      // SQLite's own patience would be seconds; `at once` leaves room for a slow machine.
      expect(before.tookMs).toBeLessThan(1000);
      await fresh.store.close();
      expect((await openElsewhere(fresh.path, driver)).answer).toBe('opened');
      await fresh.reopen();
    });

    it('is refused to a second opening in the same process', async () => {
      await expect(openDataFile(fresh.path, driver)).rejects.toMatchObject({ code: 'store_unavailable' });
      await fresh.store.ping();
    });

    it('refuses a file that is no database, and a newer Bellhop’s', async () => {
      fresh.database.execute('PRAGMA user_version = 99');
      await fresh.store.close();
      const newer = await openDataFile(fresh.path, driver);
      expect(() => storeOn(newer, systemClock)).toThrow(/newer Bellhop/);
      const other = `${fresh.path}.txt`;
      await writeFile(other, 'no database at all\n'.repeat(100));
      await expect(openDataFile(other, driver)).rejects.toMatchObject({ code: 'store_unavailable' });
    });

    it('refuses a path that cannot be made', async () => {
      const below = openDataFile(join(fresh.path, 'below', 'a-file.db'), driver);
      await expect(below).rejects.toMatchObject({ code: 'store_unavailable' });
    });

    it('ends the leases of a process that is gone', async () => {
      const { deliveries } = await fannedOut(fresh.store, 2);
      const { id } = deliveries[0]!;
      await claimed(fresh.store, id);
      await fresh.store.close();
      await fresh.reopen();
      const lease = { state: 'sending', dueAtMs: 0, claimedAtMs: NOW_MS, attemptCount: 1, version: 2 };
      expect(await fresh.store.deliveries.get(id)).toMatchObject(lease);
      const due = await fresh.store.deliveries.due({ priority: 'normal', untilMs: NOW_MS - 1, limit: 9 });
      expect(due.map((one) => one.id)).toEqual([id]);
      expect(await fresh.store.deliveries.get(deliveries[1]!.id)).toEqual(deliveries[1]);
    });

    it.each([
      [10, 50, true],
      [11, 0, false],
      [1, 51, false],
    ])('fans %i users with %i browsers out in the commit that accepts them: %s', async (users, browsers, isDone) => {
      const userIds = Array.from({ length: users }, (_, index) => `user-${index}`);
      for (let made = 0; made < browsers; made++) {
        await fresh.store.subscriptions.register(sampleSubscription({ userId: userIds[made % users]! }));
      }
      const acceptance = sampleAcceptance(sampleNotification(), userIds, { mayFanOutNow: true });
      const result = await fresh.store.notifications.accept(acceptance);
      expect(result.kind === 'accepted' && result.fannedOut?.deliveries.length).toBe(isDone ? browsers : undefined);
    });

    it('refuses every call after close', async () => {
      await fresh.store.close();
      const calls = [
        fresh.store.ping(),
        fresh.store.nonces.use('n', 1),
        fresh.store.deliveries.get('x'),
        fresh.store.subscriptions.delete('x'),
      ];
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'store_unavailable' });
    });

    it.each([true, undefined, 1n, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, {}])(
      'refuses to bind %s, and lives on',
      (value) => {
        expect(() => fresh.database.all('SELECT ?', [value as SqlValue])).toThrow(TypeError);
        expect(fresh.database.all('SELECT ? AS it', [null])).toEqual([{ it: null }]);
      },
    );

    it('says that the disk is full, keeps nothing of the call, and goes on once there is room', async () => {
      const [small, large] = [sampleSubscription(), sampleSubscription({ userAgent: 'x'.repeat(300_000) })];
      const [{ page_count: pages }] = fresh.database.all<{ page_count: number }>('PRAGMA page_count') as [
        { page_count: number },
      ];
      fresh.database.all(`PRAGMA max_page_count = ${pages + 2}`);
      const full = { code: 'store_unavailable', message: expect.stringContaining('is full') };
      await expect(fresh.store.subscriptions.register(large)).rejects.toMatchObject(full);
      expect(await fresh.store.subscriptions.get(large.id)).toBeNull();
      fresh.database.all('PRAGMA max_page_count = 1000000');
      for (const each of [small, large]) {
        expect(await fresh.store.subscriptions.register(each)).toMatchObject({ kind: 'created' });
      }
      await fresh.store.ping();
    });

    it('serves every statement from an index', async () => {
      await fresh.store.close();
      const { recorded, statements } = recording(await openDataFile(fresh.path, driver));
      fresh.database = recorded;
      fresh.store = storeOn(recorded, systemClock);
      await useEverything(fresh.store);
      expect(statements.size).toBeGreaterThan(30);
      const tables =
        /\bSCAN (subscriptions|notifications|audiences|deliveries|idempotency_keys|nonces|facts|users|user_tags|suppressions|unreached|cap_uses)\b(?! USING COVERING INDEX)/;
      for (const sql of [...statements].filter((text) => !text.startsWith('PRAGMA'))) {
        const plan = recorded.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, nulls(sql));
        for (const { detail } of plan) {
          expect(detail, sql).not.toMatch(tables);
          expect(detail, sql).not.toMatch(/TEMP B-TREE/);
        }
      }
    });
  });
}

/** Opens the store in another process; its answer is `opened`, or the code and message of the refusal. */
export async function openElsewhere(path: string, driver: DriverName): Promise<{ answer: string; tookMs: number }> {
  const script = `
    import { openDataFile } from ${JSON.stringify(`${SOURCE}/store/sqlite/file/data-file.ts`)};
    import { storeOn } from ${JSON.stringify(`${SOURCE}/store/sqlite/sqlite-store.ts`)};
    const startedAtMs = performance.now();
    let answer;
    try {
      const store = storeOn(await openDataFile(${JSON.stringify(path)}, ${JSON.stringify(driver)}), { now: Date.now });
      await store.close();
      answer = 'opened';
    } catch (error) {
      answer = error.code + ' ' + error.message;
    }
    console.log(JSON.stringify({ answer, tookMs: performance.now() - startedAtMs }));`;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  return JSON.parse(stdout) as { answer: string; tookMs: number };
}

function nulls(sql: string): null[] {
  return Array.from(sql.matchAll(/\?/g), () => null);
}
