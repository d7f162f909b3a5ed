import { mkdirSync, rmSync, type Stats } from 'node:fs';
import { chmod, lstat, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../../domain/app-error.ts';
import { reservePath } from './disk-space.ts';
import { connect, type Database, type DriverName } from './driver.ts';
import { closeMarked, examine, examineBefore } from './health.ts';
import { FULL, isDiskFull, isOutOfRoom } from './storage-error.ts';

const CANNOT_BE_OPENED = 'cannot be made or opened: check that the data folder exists, who owns it, and its mode.';

/**
 * Opens the file for this process alone, making it and its folder where missing. A second process is refused at once.
 * The lock is complete only after the first write: the caller migrates and so takes it. Rejects with AppError
 * `store_unavailable` for a file that is not whole; `warn` is told what an operator should know of one that is.
 */
export async function openDataFile(
  path: string,
  driver: DriverName | null = null,
  warn: (text: string) => void = () => {},
): Promise<Database> {
  const file = await realPathOf(path);
  await makeFile(file);
  for (const suffix of ['-wal', '-shm', '-journal']) await checkIsFile(`${file}${suffix}`);
  const found = examineBefore(file);
  const database = await connect(file, driver);
  try {
    // Waiting is of no use: a process keeps the file's lock until it ends.
    database.all('PRAGMA busy_timeout = 0');
    // Before WAL: then SQLite needs no shared memory, and the lock dies with the process.
    database.all('PRAGMA locking_mode = EXCLUSIVE');
    withoutReserveIfFull(file, () => database.all('PRAGMA journal_mode = WAL'));
    // Accepted means durable: instead of SQLite, `wal-sync.ts` waits for the disk before a durable write is answered.
    database.execute('PRAGMA synchronous = NORMAL');
    examine(database, found, warn);
    let isOpen = true;
    const close = (): void => {
      if (isOpen) closeMarked(database, () => database.close());
      isOpen = false;
    };
    return { ...database, close };
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Where links lead: SQLite would keep its other files there, and not beside the link. Through a dangling link it would make
 * a new file in a place that may be meant for another.
 */
async function realPathOf(path: string): Promise<string> {
  if ((await statOf(path, lstat))?.isSymbolicLink() !== true) {
    await checkIsFile(path);
    return path;
  }
  if ((await statOf(path, stat)) === null)
    throw unusable(`${path} is a link that leads nowhere: restore the file it names, or remove the link.`);
  const target = await realpath(path);
  await checkIsFile(target);
  return target;
}

/** To open a pipe would wait for somebody to write to it. */
async function checkIsFile(path: string): Promise<void> {
  const found = await statOf(path, lstat);
  if (found !== null && !found.isFile()) {
    const what = found.isSymbolicLink() ? 'a link' : 'no file';
    throw unusable(
      `${path} is ${what}, where the database has a file of its own: move it away, and look where it came from.`,
    );
  }
}

/** Null where there is nothing, or only a link to nothing. */
async function statOf(path: string, look: typeof lstat): Promise<Stats | null> {
  try {
    return await look(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP') return null;
    throw unusable(`${path} ${CANNOT_BE_OPENED}`, error);
  }
}

function unusable(message: string, cause?: unknown): AppError {
  if (isOutOfRoom(cause)) return new AppError('store_unavailable', FULL, {}, cause);
  return new AppError('store_unavailable', message, {}, cause);
}

/** A disk that is full is no reason not to open: what is kept back gives the room that it takes. */
function withoutReserveIfFull(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    rmSync(reservePath(path), { force: true });
    work();
  }
}

async function makeFile(path: string): Promise<void> {
  try {
    // The asynchronous one says ENOENT where there is no room for a folder.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Endpoints and keys are secrets. SQLite gives the WAL file the same mode.
    const file = await open(path, 'a', 0o600);
    await file.close();
    await chmod(path, 0o600);
  } catch (error) {
    throw unusable(`${path} ${CANNOT_BE_OPENED}`, error);
  }
}
