import { lstatSync } from 'node:fs';
import { AppError } from '../../domain/app-error.ts';
import type { BackupNotes, BackupStream } from '../backup-store.ts';
import { sqliteBackups } from './backups.ts';
import { createCheckpoints } from './file/checkpoints.ts';
import { transact } from './file/commit.ts';
import { openDataFile } from './file/data-file.ts';

/**
 * A backup of a data file that no process serves; it is left as it is, whatever version wrote it. Rejects with AppError
 * `store_unavailable` where a process does, or where there is no such file.
 */
export async function takeFromClosed(path: string, notes: BackupNotes): Promise<BackupStream> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    throw new AppError('store_unavailable', `${path} is not there, so there is nothing to back up: check DATA_DIR.`);
  const database = await openDataFile(path);
  const backups = sqliteBackups(database, createCheckpoints(database), null);
  try {
    // The lock is complete with the first transaction.
    transact(database, () => {});
    return await backups.take(notes);
  } finally {
    database.close();
    backups.letGo();
  }
}
