import { closeSync, openSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../domain/app-error.ts';
import type { Backup, BackupNotes, BackupStore } from '../backup-store.ts';
import { backupName, backupsIn, removeUnfinished, writeToHandOn, writeWhole } from './file/backup-folder.ts';
import type { Checkpoints } from './file/checkpoints.ts';
import type { Database } from './file/driver.ts';
import { finishCopy } from './file/finished-copy.ts';
import { copyLive, type LiveFile } from './file/live-copy.ts';

export type SqliteBackups = BackupStore & {
  /** Gives up the backup under way. To be called, and awaited, before the database is closed. */
  stop(): Promise<void>;
  /** To be called once the database is closed. */
  letGo(): void;
};

const UNDER_WAY = 'A backup is being made: wait until it is done, and ask again.';
const NO_FOLDER = 'There is no folder for backups: set BACKUP_DIR, or take the backup as the answer.';

/** Backups of the file that this process serves. `folder` is where they are kept; null: they are only handed on. */
export function sqliteBackups(database: Database, checkpoints: Checkpoints, folder: string | null): SqliteBackups {
  const dying = new AbortController();
  let live: LiveFile | null = null;
  let underWay: Promise<unknown> | null = null;

  const copyTo = async (path: string, { madeAtMs, sealedKeys }: BackupNotes): Promise<void> => {
    live ??= { database, checkpoints, descriptor: openSync(database.path, 'r') };
    await copyLive(live, { toPath: path, signal: dying.signal });
    await finishCopy({ path, driver: database.driver, madeAtMs, sealedKeys });
  };

  const alone = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (underWay !== null) throw new AppError('backup_under_way', UNDER_WAY);
    const working = work();
    underWay = working.catch(() => {});
    try {
      return await working;
    } finally {
      underWay = null;
    }
  };

  const makeIn = async (place: string, notes: BackupNotes): Promise<Backup> => {
    const name = backupName(notes.madeAtMs);
    const path = join(place, name);
    await removeUnfinished(place);
    await writeWhole(path, (unfinished) => copyTo(unfinished, notes));
    return { name, octets: (await stat(path)).size, madeAtMs: notes.madeAtMs };
  };

  return {
    make: (notes) =>
      alone(() => {
        if (folder === null) throw new AppError('backup_unavailable', NO_FOLDER);
        return makeIn(folder, notes);
      }),
    take: (notes) =>
      alone(() => {
        const path = join(folder ?? dirname(database.path), backupName(notes.madeAtMs));
        return writeToHandOn(path, (unfinished) => copyTo(unfinished, notes));
      }),
    // `sqlite-store.ts` knows whether there was an upgrade.
    forgetUpgrade: async () => false,
    list: async () => (folder === null ? [] : backupsIn(folder)),
    async keepNewest(count) {
      const old = folder === null ? [] : (await backupsIn(folder)).slice(count);
      for (const { name } of old) await rm(join(folder ?? '', name), { force: true });
      return old.map(({ name }) => name);
    },
    async stop() {
      dying.abort();
      await underWay;
    },
    letGo() {
      if (live !== null) closeSync(live.descriptor);
      live = null;
    },
  };
}
