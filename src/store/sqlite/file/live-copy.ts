import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError } from '../../../domain/app-error.ts';
import { type Checkpoints, pragma } from './checkpoints.ts';
import type { Database } from './driver.ts';
import { isOutOfRoom } from './storage-error.ts';

export type LiveFile = {
  readonly database: Database;
  readonly checkpoints: Checkpoints;
  /**
   * Of the data file, to read from. To close any descriptor of it would end the lock that SQLite has on it (POSIX gives locks
   * to the process), so this one stays open for as long as the database is.
   */
  readonly descriptor: number;
};

export type LiveCopyOptions = {
  readonly toPath: string;
  /** Ends the copying: it rejects with AppError `shutting_down`. The database is to stay open until then. */
  readonly signal: AbortSignal;
};

/** Pages read and written at once. */
const CHUNK_OCTETS = 128 * 1024;
/** What is waited for at once: a disk that has many megabytes to write at once keeps everybody else waiting. */
const SYNC_EVERY_OCTETS = 1024 * 1024;
/** After each chunk three times as long as it took, and at least so long, belongs to everybody else: at 1000 accepts a second, on two
 * cores, the slowest hundredth takes 2.7 times what it does without a backup, and took 13 times with a pause as long as the chunk. */
const PAUSE_FOR_WORK = 3;
const LEAST_PAUSE_MS = 2;
/** As SQLite does by itself: a longer log makes for a longer checkpoint. */
const MOST_LOG_OCTETS = 4 * 1024 * 1024;
/** After so many passes the log may grow for one more, so that the copy comes to an end on the slowest disk. */
const MOST_PASSES = 8;
/** Where the head of a database file says whether it has a log: https://sqlite.org/fileformat2.html#database_header */
const FORMAT_VERSIONS_AT = 18;
const WITHOUT_LOG = Buffer.from([1, 1]);

const readAt = promisify(read);

/**
 * Copies the data file, while others write, to a new file of its owner's. The copy has all that was committed when it was
 * asked for, as one moment after that had it. It is complete by itself: it has no log.
 *
 * Only checkpoints change the data file. So all pages are copied, then those that checkpoints changed meanwhile, and so on:
 * each pass is shorter, until none was changed. Rejects with AppError `store_unavailable` where there is no room for it.
 */
export async function copyLive(live: LiveFile, { toPath, signal }: LiveCopyOptions): Promise<void> {
  const { database, checkpoints } = live;
  const changed = new Set<number>();
  const unfollow = checkpoints.follow((pages) => {
    for (const page of pages) changed.add(page);
  });
  try {
    // From here on all that was committed before is in the data file.
    checkpoints.run();
    const pageOctets = pragma(database, 'page_size');
    const target = await open(toPath, 'wx', 0o600);
    try {
      let pages = pagesUpTo(pragma(database, 'page_count'));
      for (let pass = 1; pages.length > 0; pass += 1) {
        changed.clear();
        await copyPages(live, target, { pages, pageOctets, signal, mayCheckpoint: pass <= MOST_PASSES });
        pages = [...changed].sort((one, other) => one - other);
      }
      await target.write(WITHOUT_LOG, 0, WITHOUT_LOG.length, FORMAT_VERSIONS_AT);
      await target.sync();
    } finally {
      await target.close();
    }
  } catch (error) {
    throw isOutOfRoom(error) ? new AppError('store_unavailable', NO_ROOM, {}, error) : error;
  } finally {
    unfollow();
  }
}

const NO_ROOM = 'The disk that the backup was written to is full: free some space, or name another place.';

type Pass = {
  readonly pages: readonly number[];
  readonly pageOctets: number;
  readonly signal: AbortSignal;
  readonly mayCheckpoint: boolean;
};

async function copyPages({ checkpoints, descriptor }: LiveFile, target: FileHandle, pass: Pass): Promise<void> {
  const { pageOctets, signal } = pass;
  const buffer = Buffer.alloc(CHUNK_OCTETS);
  let unsynced = 0;
  for (const { first, count } of runsOf(pass.pages, CHUNK_OCTETS / pageOctets)) {
    if (signal.aborted) throw new AppError('shutting_down', 'The backup was given up: Bellhop is stopping.');
    const startedAtMs = performance.now();
    const at = (first - 1) * pageOctets;
    const { bytesRead } = await readAt(descriptor, buffer, 0, count * pageOctets, at);
    await target.write(buffer, 0, bytesRead, at);
    unsynced += bytesRead;
    if (unsynced >= SYNC_EVERY_OCTETS) {
      await target.datasync();
      unsynced = 0;
    }
    if (pass.mayCheckpoint && checkpoints.logOctets() > MOST_LOG_OCTETS) checkpoints.run();
    await delay(Math.max(LEAST_PAUSE_MS, PAUSE_FOR_WORK * (performance.now() - startedAtMs)));
  }
}

function pagesUpTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

type Run = { readonly first: number; readonly count: number };

/** Neighbours are copied at once. */
function* runsOf(pages: readonly number[], most: number): Generator<Run> {
  let first = pages[0] ?? 0;
  let count = 0;
  for (const page of pages) {
    if (page === first + count && count < most) {
      count += 1;
      continue;
    }
    yield { first, count };
    first = page;
    count = 1;
  }
  if (count > 0) yield { first, count };
}
