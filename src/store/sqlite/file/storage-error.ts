import { AppError } from '../../../domain/app-error.ts';

const IN_USE =
  'Another Bellhop process holds the data folder. The embedded store serves one process only: stop the other one.';
const UNWRITABLE =
  'The data folder cannot be written to: check who owns it, its mode, and that its disk is not mounted read-only.';
export const FULL = 'The disk that holds the data folder is full: free some space, Bellhop goes on by itself.';
const DAMAGED =
  'The database file is damaged or is none: stop Bellhop, move the file away with all whose names begin like it, and put a backup in its place (bellhop restore FILE).';

/** By SQLite's primary result code: what a person can do about trouble outside Bellhop. */
const REMEDY_BY_CODE: Readonly<Record<number, string>> = {
  3: UNWRITABLE,
  5: IN_USE,
  6: IN_USE,
  7: 'SQLite ran out of memory: give this machine or container more.',
  8: UNWRITABLE,
  10: 'The disk that holds the data folder answers with I/O errors: check the disk.',
  11: DAMAGED,
  13: FULL,
  14: UNWRITABLE,
  26: DAMAGED,
};

/** By SQLite's extended result code, where it tells more. */
const REMEDY_BY_EXTENDED_CODE: Readonly<Record<number, string>> = {
  778: 'The disk that holds the data folder does not take what is written: it is full, or over its quota, or broken.',
};

/** For a runtime whose errors carry no result code. */
const CODE_BY_MESSAGE: readonly (readonly [RegExp, number])[] = [
  [/is locked|is busy/i, 5],
  [/disk is full/i, 13],
  [/readonly database/i, 8],
  [/disk i\/o error/i, 10],
  [/unable to open/i, 14],
  [/is malformed/i, 11],
  [/not a database/i, 26],
];

/** A driver's error as `store_unavailable` where its cause is outside Bellhop; else the error itself, a defect of ours. */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = extendedCodeOf(error);
  const remedy = code === null ? undefined : (REMEDY_BY_EXTENDED_CODE[code] ?? REMEDY_BY_CODE[code & 0xff]);
  return remedy === undefined ? error : new AppError('store_unavailable', remedy, {}, error);
}

/** SQLITE_IOERR_WRITE: so SQLite calls it when a quota is reached, and when a disk is broken. */
const IOERR_WRITE = 778;
const SQLITE_FULL = 13;

/** What `toStorageError` made of a write for which the disk, or a quota on it, has no room. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof AppError) || !(error.cause instanceof Error)) return false;
  const code = extendedCodeOf(error.cause);
  return code === IOERR_WRITE || (code !== null && (code & 0xff) === SQLITE_FULL);
}

/** An error of the file system that says: no room. */
export function isOutOfRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(String((error as { code?: unknown } | null)?.code));
}

export function isUnavailable(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'store_unavailable';
}

/** The low byte of an extended result code is the primary one: https://sqlite.org/rescode.html */
function extendedCodeOf(error: Error): number | null {
  const { rawCode, errcode } = error as { rawCode?: unknown; errcode?: unknown };
  const extended = [rawCode, errcode].find((code) => typeof code === 'number');
  if (typeof extended === 'number') return extended;
  return CODE_BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1] ?? null;
}
