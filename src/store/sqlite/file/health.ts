import { closeSync, openSync, statSync } from 'node:fs';
import { AppError } from '../../../domain/app-error.ts';
import { pragma } from './checkpoints.ts';
import type { Database } from './driver.ts';
import { REMEDY, readHead } from './file-head.ts';
import { IN_USE_MARK } from './finished-copy.ts';

/*
 * What a start looks at, and what it makes of it. `in_use` is written into the data file while a process serves it, with the
 * number that its file system gives it, and taken back when the file is closed. A copy has another number.
 *
 *   in_use | same file | log          | it is                                    | what a start does
 *   no     | any       | none, empty  | closed in good order, or a backup        | looks at it quickly
 *   yes    | yes       | there        | what a killed process left               | looks at it quickly
 *   yes    | no        | there        | a copy of a file in use, and of its log  | looks at all of it, and warns
 *   yes    | yes       | none         | perhaps its log was taken away           | looks at all of it, and warns
 *   yes    | no        | none         | a copy of a file in use without its log  | refuses: its newest rows are missing
 *   no     | no        | there        | a file beside the log of another         | looks at all of it
 */

/** What could be seen before SQLite opened the file and its log. */
export type Found = { readonly logOctets: number | null };

/** In `meta`: the number of the file while it is in use. */
const FILE_NUMBER = 'file_number';
/** A start may take so long to look. */
const QUICK_MS = 500;
/** Measured: a row and its index entries are looked at in 4 to 8 microseconds. */
const ROWS_A_MS = 100;
/** The smallest first, as a rule. */
const TABLES = ['meta', 'facts', 'prune_holds', 'audiences', 'nonces', 'idempotency_keys', 'subscriptions'];
const LARGE_TABLES = ['notifications', 'deliveries'];

/** Throws AppError `store_unavailable`, and changes nothing, for files that do not belong together or are none of SQLite’s. */
export function examineBefore(path: string): Found {
  const logOctets = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? null;
  const head = readHead(path);
  if ((logOctets ?? 0) > 0) {
    if (head === null) throw broken(`${path} is missing or empty, and its log is not: restore the file, or`);
    if (!head.hasLog) {
      throw new AppError(
        'store_unavailable',
        `${path}-wal is the log of another file: move it away. ${path} itself is one without a log, as backups are. Nothing was changed.`,
      );
    }
  }
  return { logOctets };
}

/** Throws AppError `store_unavailable` for a file that is not whole. `warn` is told of what an operator should know. */
export function examine(database: Database, { logOctets }: Found, warn: (text: string) => void): void {
  const { path } = database;
  const marks = marksIn(database);
  if (marks === null) {
    checkQuickly(database);
    return;
  }
  const isSame = marks.fileNumber === null || marks.fileNumber === fileNumberOf(path);
  const wasLogThere = logOctets !== null;
  if (marks.isInUse && !wasLogThere && !isSame) {
    throw broken(
      `${path} is a copy of a file that was in use, without its log (${path}-wal), so its newest rows are missing. Copy both again while Bellhop is stopped, or take a backup (bellhop backup). To go on without those rows: bellhop restore --allow-missing-log FILE. Otherwise`,
    );
  }
  const isOdd = marks.isInUse ? !isSame || !wasLogThere : !isSame && (logOctets ?? 0) > 0;
  if (!isOdd) {
    checkQuickly(database);
    return;
  }
  warn(
    wasLogThere
      ? `${path} is a copy of a file that was in use. All of it is looked at now; what was written while it was copied may be missing. Use bellhop backup instead`
      : `${path}-wal is gone, though Bellhop did not stop in good order: if somebody removed it, the newest rows are missing`,
  );
  checkWhole(database);
}

/** Within the transaction that takes the file’s lock. */
export function markInUse(database: Database): void {
  const marks = { [IN_USE_MARK]: 1, [FILE_NUMBER]: fileNumberOf(database.path) };
  for (const [name, value] of Object.entries(marks))
    database.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', [name, value]);
}

/** Closes a file that is in good order, and says so in it. */
export function closeMarked(database: Database, close: () => void): void {
  let isMarked = false;
  try {
    if (marksIn(database)?.isInUse === true) database.run('UPDATE meta SET value = 0 WHERE name = ?', [IN_USE_MARK]);
    isMarked = true;
  } catch {
    // A full disk. What was committed is in the log or the data file, and stays there.
  }
  close();
  // A log, though empty, says that none was taken away.
  if (!isMarked) keepLogName(database.path);
}

function keepLogName(path: string): void {
  try {
    closeSync(openSync(`${path}-wal`, 'a', 0o600));
  } catch {
    // The next start warns then.
  }
}

type Marks = { readonly isInUse: boolean; readonly fileNumber: number | null };

/** Null where there are none: the file is new, or an earlier version wrote it. */
function marksIn(database: Database): Marks | null {
  if (database.first("SELECT 1 FROM sqlite_schema WHERE name = 'meta'") === undefined) return null;
  const rows = database.all<{ name: string; value: number }>('SELECT name, value FROM meta');
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  const inUse = values.get(IN_USE_MARK);
  return inUse === undefined ? null : { isInUse: inUse === 1, fileNumber: values.get(FILE_NUMBER) ?? null };
}

/** What the file system calls the file, as far as a number in SQL is exact. */
function fileNumberOf(path: string): number {
  return Number(statSync(path, { bigint: true }).ino % 2n ** 52n);
}

function checkQuickly(database: Database): void {
  checkLength(database);
  const endsAtMs = performance.now() + QUICK_MS;
  for (const table of [...TABLES, ...LARGE_TABLES]) {
    if (performance.now() >= endsAtMs) return;
    if (database.first('SELECT 1 FROM sqlite_schema WHERE name = ?', [table]) === undefined) continue;
    const rows = database.first<{ count: number | null }>(`SELECT max(rowid) AS count FROM ${table}`)?.count ?? 0;
    if (performance.now() + rows / ROWS_A_MS < endsAtMs) check(database, `quick_check('${table}')`);
  }
}

function checkWhole(database: Database): void {
  checkLength(database);
  check(database, 'integrity_check(1)');
}

function check(database: Database, what: string): void {
  const found = Object.values(database.first<Record<string, string>>(`PRAGMA ${what}`) ?? {})[0];
  if (found !== 'ok') throw broken(`${database.path} is damaged (${String(found).split('\n').at(-1)}):`);
}

/** A copy that was cut short. What is in the log need not be in the file yet. */
function checkLength(database: Database): void {
  const { path } = database;
  const wanted = pragma(database, 'page_count') * pragma(database, 'page_size');
  if (statSync(path).size >= wanted) return;
  database.all('PRAGMA wal_checkpoint(TRUNCATE)');
  const { size } = statSync(path);
  if (size < wanted) throw broken(`${path} is cut short (${size} of ${wanted} octets):`);
}

function broken(what: string): AppError {
  return new AppError('store_unavailable', `${what} ${REMEDY}`);
}
