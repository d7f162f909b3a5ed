import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { AppError } from '../../../domain/app-error.ts';
import type { Database } from './driver.ts';

/** Told which pages a checkpoint is about to bring from the log to the data file. */
type OnPages = (pages: readonly number[]) => void;

/** Moves what is in the write-ahead log to its place in the data file. Between two of them no page of the data file changes. */
export type Checkpoints = {
  /** Moves all of it, and empties the log. Throws AppError `store_unavailable` where there is no room for that. */
  run(): void;
  /** The size of the log. */
  logOctets(): number;
  /** From now on `onPages` hears of each checkpoint first, and SQLite makes none by itself; until the function given is called. */
  follow(onPages: OnPages): () => void;
};

/** https://sqlite.org/fileformat2.html#walformat: a head, and then frames, each with a head of its own and a page. */
const LOG_HEAD_OCTETS = 32;
const FRAME_HEAD_OCTETS = 24;

export function createCheckpoints(database: Database): Checkpoints {
  let onPages: OnPages | null = null;
  const logPath = `${database.path}-wal`;
  return {
    run() {
      // No other connection reads, and the log is emptied each time: what is in it is what this checkpoint moves.
      if (onPages !== null) onPages(pagesInLog(logPath, pragma(database, 'page_size')));
      database.all('PRAGMA wal_checkpoint(TRUNCATE)');
      if (octetsOf(logPath) > 0) {
        throw new AppError('store_unavailable', 'The log of the data file could not be emptied: try again.');
      }
    },
    logOctets: () => octetsOf(logPath),
    follow(listener) {
      const usual = pragma(database, 'wal_autocheckpoint');
      database.all('PRAGMA wal_autocheckpoint = 0');
      onPages = listener;
      return () => {
        if (onPages !== listener) return;
        onPages = null;
        database.all(`PRAGMA wal_autocheckpoint = ${usual}`);
      };
    },
  };
}

/** The value of a PRAGMA that has one number. */
export function pragma(database: Database, name: string): number {
  return Number(Object.values(database.first<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0] ?? 0);
}

/** Each page of which the log has a version. A page that a rolled-back transaction left there does no harm. */
function pagesInLog(path: string, pageOctets: number): readonly number[] {
  // SQLite holds no lock on the log, so a descriptor of it may come and go.
  const descriptor = openSync(path, 'r');
  try {
    const frameOctets = FRAME_HEAD_OCTETS + pageOctets;
    const frames = Math.max(0, Math.floor((fstatSync(descriptor).size - LOG_HEAD_OCTETS) / frameOctets));
    const number = Buffer.alloc(4);
    return Array.from({ length: frames }, (_, frame) => {
      readSync(descriptor, number, 0, 4, LOG_HEAD_OCTETS + frame * frameOctets);
      return number.readUInt32BE(0);
    });
  } finally {
    closeSync(descriptor);
  }
}

function octetsOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
