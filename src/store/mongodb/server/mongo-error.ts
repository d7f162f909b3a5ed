import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';
import { AppError } from '../../../domain/app-error.ts';

const AWAY =
  'MongoDB does not answer, or has no primary: check that it runs and that MONGODB_URL leads there. Bellhop goes on by itself once it does.';
const REFUSED = 'MongoDB refuses the user of MONGODB_URL: check name, password and that it may read and write there.';
const FULL = 'MongoDB has no room left on its disk: free some space, Bellhop goes on by itself.';
const CLOSED = 'The store is closed: Bellhop is stopping.';

const DUPLICATE_KEY = 11000;

/** Server error codes of trouble outside Bellhop: https://www.mongodb.com/docs/manual/reference/error-codes/ */
const REMEDY_BY_CODE: Readonly<Record<number, string>> = {
  13: REFUSED,
  18: REFUSED,
  14031: FULL,
  // UserWritesBlocked: MongoDB Atlas does so when a disk is nearly full.
  371: 'MongoDB takes no writes: its disk is nearly full, or somebody has blocked them (setUserWriteBlockMode). Bellhop goes on by itself.',
};
/** Atlas has one code for many kinds of trouble. */
const ATLAS_ERROR = 8000;

/** Timeouts, interruptions, elections and write concerns that could not be met. */
const AWAY_CODES = new Set([6, 7, 50, 64, 79, 89, 91, 100, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** A driver's error as `store_unavailable` where the trouble is outside Bellhop; else the error itself, a defect of ours. */
export function toStorageError(error: unknown): unknown {
  const remedy = error instanceof MongoError ? remedyFor(error) : isSocketError(error) ? AWAY : null;
  return remedy === null ? error : new AppError('store_unavailable', remedy, {}, error);
}

/** Whether MongoDB could not be reached, lost its primary or the like: the same may be done in a moment. */
export function isAway(error: unknown): boolean {
  const seen = toStorageError(error);
  return seen instanceof AppError && seen.message === AWAY;
}

export function closedError(): AppError {
  return new AppError('store_unavailable', CLOSED);
}

/** Longer than MongoDB was given to answer. Whether what was asked happened is unknown. */
export function lateError(): AppError {
  return new AppError('store_unavailable', AWAY);
}

/** Whether an insertion met a document that is there already, and by which field, or null where that was not it. */
export function duplicateField(error: unknown): string | null {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return null;
  return Object.keys((error.keyPattern as object | undefined) ?? { _id: 1 })[0] ?? null;
}

/** Whether a batch of insertions failed only where the document is there already. */
export function isOnlyDuplicates(error: unknown): error is MongoBulkWriteError {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) return false;
  const failed = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return failed.length > 0 && failed.every(({ code }) => code === DUPLICATE_KEY);
}

/** Now and then the driver lets one through as it came. */
function isSocketError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return 'syscall' in error || /^(E[A-Z0-9]+|ERR_(STREAM|SOCKET)_\w+)$/.test(String(error.code));
}

function remedyFor(error: MongoError): string | null {
  const code = typeof error.code === 'number' ? error.code : null;
  if (code !== null && REMEDY_BY_CODE[code] !== undefined) return REMEDY_BY_CODE[code];
  if (code === ATLAS_ERROR && error.message.includes('space quota')) return FULL;
  const isLost = error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('TransientTransactionError');
  if (isLost || (code !== null && AWAY_CODES.has(code)) || hasWriteConcernError(error)) return AWAY;
  // Not from the server at all: selection, socket, pool or topology.
  if (
    !(error instanceof MongoServerError) &&
    /Network|Selection|Pool|Topology|Connect|Timeout|Closed/i.test(error.name)
  )
    return AWAY;
  return null;
}

function hasWriteConcernError(error: MongoError): boolean {
  if (error.name === 'MongoWriteConcernError') return true;
  return error instanceof MongoBulkWriteError && error.result.getWriteConcernError() !== undefined;
}
