import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { AppError } from '../../../domain/app-error.ts';

/** What the first octets of a database file say: https://sqlite.org/fileformat2.html#database_header */
export type FileHead = {
  readonly pageOctets: number;
  /** Null where the file does not say how many it has. */
  readonly pages: number | null;
  /** Whether a write-ahead log belongs to it. */
  readonly hasLog: boolean;
  readonly octets: number;
};

const HEAD_OCTETS = 100;
const MAGIC = 'SQLite format 3\0';

/** Null for an empty file. Throws AppError `store_unavailable` for what is no SQLite file. */
export function readHead(path: string): FileHead | null {
  const { octets, head } = firstOctets(path);
  if (octets === 0) return null;
  const written = head.readUInt16BE(16);
  const pageOctets = written === 1 ? 65_536 : written;
  const isSqlite = head.toString('latin1', 0, MAGIC.length) === MAGIC && (pageOctets & (pageOctets - 1)) === 0;
  if (!isSqlite || pageOctets < 512) {
    throw new AppError('store_unavailable', `${path} is no SQLite database, or its beginning is damaged: ${REMEDY}`);
  }
  // The count holds only where whoever wrote last knew of it.
  const isCounted = head.readUInt32BE(24) === head.readUInt32BE(92) && head.readUInt32BE(28) > 0;
  return { pageOctets, pages: isCounted ? head.readUInt32BE(28) : null, hasLog: head[18] === 2, octets };
}

/** What to do about a data file that cannot be used. */
export const REMEDY =
  'move it away with all files whose names begin like it, and put a backup in its place (bellhop restore FILE). Nothing was changed.';

function firstOctets(path: string) {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_OCTETS);
    readSync(descriptor, head, 0, HEAD_OCTETS, 0);
    return { head, octets: statSync(path).size };
  } finally {
    closeSync(descriptor);
  }
}
