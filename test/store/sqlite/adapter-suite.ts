import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { openDataFile } from '../../../src/store/sqlite/data-file.ts';
import type { Database, DriverName } from '../../../src/store/sqlite/driver.ts';
import type { SqlValue } from '../../../src/store/sqlite/sql-value.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { claimed, fannedOut } from '../../contract/fresh-store.ts';
import { useEverything } from '../../contract/use-everything.ts';
import { NOW_MS, sampleSubscription } from '../../support/samples.ts';
import { recording } from './recording.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../../../src', import.meta.url));

/** What only the embedded adapter promises: one process, shared commits, and a driver that cannot hurt. */
export function adapterSuite(driver: DriverName): void {
  describe(`SQLite by ${driver}, beyond the contract`, () => {
    let path: string;
    let database: Database;
    let store: Store;
    const reopen = async (): Promise<void> => {
      database = await openDataFile(path, driver);
      store = storeOn(database, systemClock);
    };
    beforeEach(() => {
      path = join(tmpdir(), `bellhop-${randomUUID()}`, 'data', 'bellhop.db');
      return reopen();
    });
    afterEach(async () => {
      await store.close();
      await rm(join(path, '..', '..'), { recursive: true });
    });

    it('makes folder and file for the owner alone', async () => {
      await store.ping();
      for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    });

    it('leaves waiting for the disk to the group commit, and holds the file for itself', () => {
      const setting = (name: string) => Object.values(database.first<Record<string, unknown>>(`PRAGMA ${name}`) ?? {});
      expect(['journal_mode', 'locking_mode', 'synchronous'].map(setting)).toEqual([['wal'], ['exclusive'], [1]]);
    });

    it('is refused to a second process at once, and free after close', async () => {
      const held = 'store_unavailable Another Bellhop process holds the data folder.';
      const before = await openElsewhere(path, driver);
      expect(before.answer).toContain(held);
      expect(before.answer).toContain('stop the other one');
      // SQLite's own patience would be seconds; `at once` leaves room for a slow machine.
      expect(before.tookMs).toBeLessThan(1000);
      await store.close();
      expect((await openElsewhere(path, driver)).answer).toBe('opened');
      await reopen();
    });

    it('is refused to a second opening in the same process', async () => {
      await expect(openDataFile(path, driver)).rejects.toMatchObject({ code: 'store_unavailable' });
      await store.ping();
    });

    it('refuses a file that is no database, and a newer Bellhop’s', async () => {
      database.execute('PRAGMA user_version = 99');
      await store.close();
      const newer = await openDataFile(path, driver);
      expect(() => storeOn(newer, systemClock)).toThrow(/newer Bellhop/);
      const other = `${path}.txt`;
      await writeFile(other, 'no database at all\n'.repeat(100));
      await expect(openDataFile(other, driver)).rejects.toMatchObject({ code: 'store_unavailable' });
    });

    it('refuses a path that cannot be made', async () => {
      const below = openDataFile(join(path, 'below', 'a-file.db'), driver);
      await expect(below).rejects.toMatchObject({ code: 'store_unavailable' });
    });

    it('ends the leases of a process that is gone', async () => {
      const { deliveries } = await fannedOut(store, 2);
      const { id } = deliveries[0]!;
      await claimed(store, id);
      await store.close();
      await reopen();
      const lease = { state: 'sending', dueAtMs: 0, claimedAtMs: NOW_MS, attemptCount: 1, version: 2 };
      expect(await store.deliveries.get(id)).toMatchObject(lease);
      const due = await store.deliveries.due({ priority: 'normal', untilMs: NOW_MS - 1, limit: 9 });
      expect(due.map((one) => one.id)).toEqual([id]);
      expect(await store.deliveries.get(deliveries[1]!.id)).toEqual(deliveries[1]);
    });

    it('refuses every call after close', async () => {
      await store.close();
      const calls = [store.ping(), store.useNonce('n', 1), store.deliveries.get('x'), store.subscriptions.delete('x')];
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'store_unavailable' });
    });

    it.each([true, undefined, 1n, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, {}])(
      'refuses to bind %s, and lives on',
      (value) => {
        expect(() => database.all('SELECT ?', [value as SqlValue])).toThrow(TypeError);
        expect(database.all('SELECT ? AS it', [null])).toEqual([{ it: null }]);
      },
    );

    it('says that the disk is full, keeps nothing of the call, and goes on once there is room', async () => {
      const [small, large] = [sampleSubscription(), sampleSubscription({ userAgent: 'x'.repeat(300_000) })];
      const [{ page_count: pages }] = database.all<{ page_count: number }>('PRAGMA page_count') as [
        { page_count: number },
      ];
      database.all(`PRAGMA max_page_count = ${pages + 2}`);
      const full = { code: 'store_unavailable', message: expect.stringContaining('is full') };
      await expect(store.subscriptions.register(large)).rejects.toMatchObject(full);
      expect(await store.subscriptions.get(large.id)).toBeNull();
      database.all('PRAGMA max_page_count = 1000000');
      for (const each of [small, large]) {
        expect(await store.subscriptions.register(each)).toMatchObject({ kind: 'created' });
      }
      await store.ping();
    });

    it('serves every statement from an index', async () => {
      await store.close();
      const { recorded, statements } = recording(await openDataFile(path, driver));
      database = recorded;
      store = storeOn(recorded, systemClock);
      await useEverything(store);
      expect(statements.size).toBeGreaterThan(30);
      const tables =
        /\bSCAN (subscriptions|notifications|audiences|deliveries|idempotency_keys|nonces|facts)\b(?! USING COVERING INDEX)/;
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
async function openElsewhere(path: string, driver: DriverName): Promise<{ answer: string; tookMs: number }> {
  const script = `
    import { openDataFile } from ${JSON.stringify(`${SOURCE}/store/sqlite/data-file.ts`)};
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
