import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createCheckpoints, pragma } from '../../../src/store/sqlite/file/checkpoints.ts';
import { transact } from '../../../src/store/sqlite/file/commit.ts';
import { openDataFile } from '../../../src/store/sqlite/file/data-file.ts';
import { connect, type Database, type DriverName } from '../../../src/store/sqlite/file/driver.ts';
import { copyLive } from '../../../src/store/sqlite/file/live-copy.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { sampleAcceptance, sampleNotification, sampleSubscription } from '../../support/samples.ts';
import { describeWithSmallDisk, mountSmallDisk } from '../../support/small-disk.ts';
import { openElsewhere } from './adapter-suite.ts';

const MIB = 1024 * 1024;
const CONTENT = { type: 'backup', title: 'x'.repeat(60), body: 'x'.repeat(1000) };

/** Copies of the file that this process serves. */
export function backupSuite(driver: DriverName): void {
  describe(`backups of SQLite by ${driver}`, () => {
    let folder: string;
    let backupDir: string;
    let store: Store;
    const accepted: string[] = [];
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bellhop-backup-'));
      backupDir = join(folder, 'backups');
      accepted.length = 0;
      store = storeOn(await openDataFile(join(folder, 'bellhop.db'), driver), systemClock, backupDir);
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const accept = async (): Promise<void> => {
      const notification = sampleNotification({ content: CONTENT });
      await store.notifications.accept(sampleAcceptance(notification, ['ada']));
      accepted.push(notification.id);
    };
    const acceptMany = async (count: number): Promise<void> => {
      for (let made = 0; made < count; made += 200) await Promise.all(Array.from({ length: 200 }, accept));
    };
    const notes = () => ({ madeAtMs: Date.now(), sealedKeys: null });
    /** Accepts so many a second until `work` is done. */
    const whileAccepting = async (perSecond: number, work: () => Promise<void>): Promise<void> => {
      const done = new AbortController();
      const working = work().finally(() => done.abort());
      while (!done.signal.aborted) {
        await Promise.all(Array.from({ length: perSecond / 50 }, accept));
        await delay(20);
      }
      await working;
    };

    it('are whole, 20 of 20, and hold all that was accepted before they began', async () => {
      await acceptMany(8000);
      expect(statSync(join(folder, 'bellhop.db')).size).toBeGreaterThan(8 * MIB);
      await whileAccepting(400, async () => {
        for (let made = 0; made < 20; made += 1) {
          const before = [...accepted];
          const { name, octets } = await store.backups.make(notes());
          const found = await lookInto(join(backupDir, name), driver);
          expect(found.check, name).toBe('ok');
          expect(before.filter((id) => !found.ids.has(id))).toEqual([]);
          const { mode, size } = statSync(join(backupDir, name));
          expect([mode & 0o777, size]).toEqual([0o600, octets]);
          rmSync(join(backupDir, name));
        }
      });
      expect(readdirSync(backupDir)).toEqual([]);
    }, 120_000);

    it('leave the file to this process alone, while they are made and afterwards', async () => {
      await acceptMany(4000);
      const path = join(folder, 'bellhop.db');
      const making = store.backups.make(notes());
      const answers = [await openElsewhere(path, driver)];
      await making;
      answers.push(await openElsewhere(path, driver));
      for (const { answer } of answers) expect(answer).toContain('Another Bellhop process holds the data folder');
      await acceptMany(200);
    }, 30_000);

    it('are made one at a time, and handed on without a trace', async () => {
      await acceptMany(200);
      const taking = store.backups.take(notes());
      await expect(store.backups.make(notes())).rejects.toMatchObject({ code: 'backup_under_way' });
      const { octets, content } = await taking;
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      expect(Buffer.concat(chunks).length).toBe(octets);
      expect(Buffer.concat(chunks).toString('latin1', 0, 15)).toBe('SQLite format 3');
      expect(readdirSync(backupDir)).toEqual([]);
    });

    it('are whole though checkpoints change pages that were copied', async () => {
      const path = join(folder, 'pages.db');
      const database = await openDataFile(path, driver);
      const checkpoints = createCheckpoints(database);
      const descriptor = openSync(path, 'r');
      const note = (text: string) => database.run('INSERT INTO notes (text) VALUES (?)', [text]);
      database.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, round INTEGER DEFAULT 0)');
      database.execute('CREATE INDEX by_text ON notes (text); CREATE TABLE rounds (count INTEGER)');
      transact(database, () => {
        database.execute('INSERT INTO rounds VALUES (0)');
        for (let made = 0; made < 4000; made += 1) note(`${made}`.repeat(200));
      });
      const toPath = join(folder, 'copy.db');
      const copying = copyLive({ database, checkpoints, descriptor }, { toPath, signal: new AbortController().signal });
      let isCopied = false;
      void copying.then(() => {
        isCopied = true;
      });
      for (let round = 0; round < 30 && !isCopied; round += 1) {
        transact(database, () => {
          database.execute('UPDATE rounds SET count = count + 1');
          for (let made = 0; made < 50; made += 1) note(`${round}`.repeat(500));
          database.run('UPDATE notes SET round = round + 1, text = text || id WHERE id % 97 = 0');
        });
        checkpoints.run();
        await delay(5);
      }
      await copying;
      database.close();
      closeSync(descriptor);
      const copy = await connect(toPath, driver);
      expect(copy.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      const { count } = copy.first<{ count: number }>('SELECT count FROM rounds')!;
      expect(count).toBeGreaterThan(5);
      const odd = 'SELECT count(*) AS count FROM notes WHERE id % 97 = 0 AND id <= 4000 AND round <> ?';
      expect(copy.first(odd, [count])).toEqual({ count: 0 });
      copy.close();
    });

    it('are given up when the store is closed, and leave nothing', async () => {
      await acceptMany(8000);
      const making = store.backups.make(notes()).catch((error: unknown) => error);
      await delay(20);
      await store.close();
      expect(await making).toMatchObject({ code: 'shutting_down' });
      expect(readdirSync(backupDir)).toEqual([]);
    });

    it('are listed newest first; the oldest go, and so does what a dead process left, but nothing of others', async () => {
      for (const madeAtMs of [1000, 2000, 3000]) await store.backups.make({ madeAtMs, sealedKeys: null });
      const others = ['bellhop-mine.db', 'bellhop-mine.db.unfinished', 'notes.txt'];
      for (const name of [...others, 'bellhop-1970-01-01T00-00-09.000Z.db.unfinished'])
        mkdirSync(join(backupDir, name));
      expect((await store.backups.list()).map(({ madeAtMs }) => madeAtMs)).toEqual([3000, 2000, 1000]);
      expect(await store.backups.keepNewest(2)).toEqual(['bellhop-1970-01-01T00-00-01.000Z.db']);
      rmSync(join(backupDir, 'bellhop-1970-01-01T00-00-09.000Z.db.unfinished'), { recursive: true });
      await store.backups.make({ madeAtMs: 4000, sealedKeys: null });
      expect(readdirSync(backupDir)).toEqual(expect.arrayContaining(others));
      expect(await store.backups.keepNewest(1)).toHaveLength(2);
    });
  });

  describeWithSmallDisk(`backups of SQLite by ${driver} on a full disk`, () => {
    it('leave nothing half done, say so, and do no harm', async () => {
      const disk = mountSmallDisk(4);
      const folder = mkdtempSync(join(tmpdir(), 'bellhop-backup-'));
      const database: Database = await openDataFile(join(folder, 'bellhop.db'), driver);
      const store = storeOn(database, systemClock, join(disk.folder, 'backups'));
      try {
        for (let made = 0; made < 30; made += 1)
          await store.subscriptions.register(sampleSubscription({ userAgent: 'x'.repeat(300_000) }));
        const full = { code: 'store_unavailable', message: expect.stringContaining('full') };
        await expect(store.backups.make({ madeAtMs: 1000, sealedKeys: null })).rejects.toMatchObject(full);
        expect(readdirSync(join(disk.folder, 'backups'))).toEqual([]);
        expect(disk.freeOctets()).toBeGreaterThan(3 * MIB);
        await store.subscriptions.register(sampleSubscription());
        expect(pragma(database, 'wal_autocheckpoint')).toBeGreaterThan(0);
      } finally {
        await store.close();
        rmSync(folder, { recursive: true, force: true });
        disk.dispose();
      }
    });
  });
}

async function lookInto(path: string, driver: DriverName) {
  const copy = await connect(path, driver);
  try {
    const check = copy.first<{ integrity_check: string }>('PRAGMA integrity_check')?.integrity_check;
    const ids = new Set(copy.all<{ id: string }>('SELECT id FROM notifications').map(({ id }) => id));
    return { check, ids };
  } finally {
    copy.close();
  }
}
