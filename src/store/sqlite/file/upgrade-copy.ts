import { openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../domain/app-error.ts';
import { writeWhole } from './backup-folder.ts';
import { createCheckpoints } from './checkpoints.ts';
import { transact } from './commit.ts';
import type { Database } from './driver.ts';
import { finishCopy } from './finished-copy.ts';
import { copyLive } from './live-copy.ts';

/** Where the file as it was before an upgrade is kept: in the backup folder, else beside it. */
export function upgradeCopyPath(dataPath: string, backupDir: string | null): string {
  return backupDir === null ? `${dataPath}-before-upgrade` : join(backupDir, 'bellhop-before-upgrade.db');
}

/** Keeps the file as it is. Rejects with AppError `store_unavailable` where there is no room: then there is no upgrade. */
export async function copyBeforeUpgrade(database: Database, path: string, nowMs: number): Promise<void> {
  // The lock is complete with the first transaction.
  transact(database, () => {});
  // Never closed: that would end SQLite's lock on the file (`live-copy.ts`).
  const descriptor = openSync(database.path, 'r');
  const live = { database, checkpoints: createCheckpoints(database), descriptor };
  try {
    await writeWhole(path, async (unfinished) => {
      await copyLive(live, { toPath: unfinished, signal: new AbortController().signal });
      await finishCopy({ path: unfinished, driver: database.driver, madeAtMs: nowMs, sealedKeys: null });
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const message = `An upgrade of the data file makes a backup of it first, and that failed. ${error.message}`;
    throw new AppError(error.code, message, error.details, error);
  }
}

/** Whether there was one. */
export async function removeUpgradeCopy(path: string): Promise<boolean> {
  return rm(path).then(
    () => true,
    () => false,
  );
}
