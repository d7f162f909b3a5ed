import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../../domain/app-error.ts';
import { connect, type Database, type DriverName } from './driver.ts';

/**
 * Opens the file for this process alone, making it and its folder where missing. A second process is refused at once.
 * The lock is complete only after the first write: the caller migrates and so takes it.
 */
export async function openDataFile(path: string, driver: DriverName | null = null): Promise<Database> {
  await makeFile(path);
  const database = await connect(path, driver);
  try {
    // Waiting is of no use: a process keeps the file's lock until it ends.
    database.all('PRAGMA busy_timeout = 0');
    // Before WAL: then SQLite needs no shared memory, and the lock dies with the process.
    database.all('PRAGMA locking_mode = EXCLUSIVE');
    database.all('PRAGMA journal_mode = WAL');
    // Accepted means durable: instead of SQLite, `wal-sync.ts` waits for the disk before a durable write is answered.
    database.execute('PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function makeFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Endpoints and keys are secrets. SQLite gives the WAL file the same mode.
    const file = await open(path, 'a', 0o600);
    await file.close();
    await chmod(path, 0o600);
  } catch (error) {
    throw new AppError(
      'store_unavailable',
      `${path} cannot be made or opened: check that the data folder exists, who owns it, and its mode.`,
      {},
      error,
    );
  }
}
