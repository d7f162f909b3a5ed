import { AppError } from '../../../domain/app-error.ts';
import type { DiskSpace } from './disk-space.ts';
import type { Database } from './driver.ts';
import { FULL, isDiskFull, isUnavailable } from './storage-error.ts';

/** Measured: 32 to 128 rows commit 20 000 transitions a second; 256 block the event loop for 5 to 10 ms. */
export const MAX_ROWS_PER_COMMIT = 128;

/**
 * When a writer is answered. `durable`: once the disk has confirmed the commit, so that it outlives a loss of power.
 * `committed`: after a commit at the end of this turn of the event loop; it outlives the end of the process. `in_turn`: like
 * `committed`, but after a commit in the next turn, for work whose writes follow each other without end: else nothing else
 * would have a turn. Commits reach the disk in order, so what is durable brings all that was committed before it.
 */
export type Durability = 'durable' | 'committed' | 'in_turn';

/** The items of all writers that ask for the same `work` are done by one call: a statement for many rows is cheaper. */
export type Work = (items: readonly unknown[]) => readonly unknown[];

export type Write = {
  readonly work: Work;
  readonly items: readonly unknown[];
  /** The rough size of the write. */
  readonly rows: number;
  readonly durability: Durability;
  /** Whether it may be written to the room that is kept back for deletions. */
  readonly isErasure: boolean;
  readonly resolve: (answers: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
};

/** What goes along with every commit, in its transaction: `begin` before its writes, `end` after them. */
export type CommitRider = { begin(): void; end(): void };

/** Several riders as one, in this order. */
export function ridingTogether(...riders: readonly CommitRider[]): CommitRider {
  return {
    begin() {
      for (const rider of riders) rider.begin();
    },
    end() {
      for (const rider of riders) rider.end();
    },
  };
}

/** A write that is committed, and whose writer is not answered yet. */
export type Committed = { readonly write: Write; readonly answers: readonly unknown[] };

/** A write of more rows is a page of a longer work, for which no caller waits. */
const MOST_ROWS_OF_SMALL = 20;

/** Writes in the order they were asked for, small ones and pages apart: a page holds up no small write. */
export class WriteQueue {
  private readonly small: Write[] = [];
  private readonly pages: Write[] = [];

  get isEmpty(): boolean {
    return this.small.length === 0 && this.pages.length === 0;
  }

  add(write: Write): void {
    if (write.rows > MOST_ROWS_OF_SMALL) this.pages.push(write);
    else this.small.push(write);
  }

  /** Takes what one commit may hold: small writes, at least one if there are any, and a page where `withPage` says so. */
  takeGroup({ withPage }: { readonly withPage: boolean }): readonly Write[] {
    let rows = 0;
    const end = this.small.findIndex((write, index) => {
      rows += write.rows;
      return index > 0 && rows > MAX_ROWS_PER_COMMIT;
    });
    const group = this.small.splice(0, end === -1 ? this.small.length : end);
    const page = withPage ? this.pages.shift() : undefined;
    return page === undefined ? group : [...group, page];
  }
}

/** Where commits go. */
export type CommitTo = { readonly database: Database; readonly space: DiskSpace; readonly rider: CommitRider };

/**
 * Commits writes together; where that fails each by itself, so that only the write that fails is refused. While the disk is
 * full, only erasures are committed, to the reserve.
 */
export function commitGroup({ database, space, rider }: CommitTo, group: readonly Write[]): readonly Committed[] {
  const to = { database, space, rider };
  if (!space.hasRoom()) {
    const full = new AppError('store_unavailable', FULL);
    return erase(to, refuseOthers(group, full));
  }
  try {
    return transact(database, () => perform(group, rider));
  } catch (error) {
    if (isDiskFull(error)) {
      space.noteFull();
      return erase(to, refuseOthers(group, error));
    }
    // Any other error comes from one write, and costs the others only this second run.
    if (group.length > 1 && !isUnavailable(error)) {
      return group.flatMap((write) => commitGroup(to, [write]));
    }
    for (const { reject } of group) reject(error);
    return [];
  }
}

/** Gives the erasures of the group. */
function refuseOthers(group: readonly Write[], error: unknown): readonly Write[] {
  for (const { isErasure, reject } of group) if (!isErasure) reject(error);
  return group.filter(({ isErasure }) => isErasure);
}

/** Each by itself: what does not fit must not keep another one from fitting. */
function erase({ database, space, rider }: CommitTo, erasures: readonly Write[]): readonly Committed[] {
  return erasures.flatMap((write) => {
    try {
      return withReserve(space, () => transact(database, () => perform([write], rider)));
    } catch (error) {
      write.reject(error);
      return [];
    }
  });
}

/** Tries with the room there is, with what the log can spare, and last with the reserve. */
export function withReserve<Value>(space: DiskSpace, work: () => Value): Value {
  for (const makeRoom of [space.emptyLog, space.giveUpReserve]) {
    try {
      return work();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      makeRoom();
    }
  }
  return work();
}

/** All of `work` or nothing of it. */
export function transact<Value>(database: Database, work: () => Value): Value {
  database.execute('BEGIN IMMEDIATE');
  try {
    const value = work();
    database.execute('COMMIT');
    return value;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function rollBack(database: Database): void {
  try {
    database.execute('ROLLBACK');
  } catch {
    // SQLite rolled back by itself, as it does when the disk is full.
  }
}

function perform(group: readonly Write[], rider: CommitRider): readonly Committed[] {
  rider.begin();
  const byWork = new Map<Work, Write[]>();
  for (const write of group) {
    const same = byWork.get(write.work);
    if (same === undefined) byWork.set(write.work, [write]);
    else same.push(write);
  }
  const committed: Committed[] = [];
  for (const [work, writes] of byWork) {
    const all = work(writes.flatMap(({ items }) => items));
    let start = 0;
    for (const write of writes) {
      committed.push({ write, answers: all.slice(start, start + write.items.length) });
      start += write.items.length;
    }
  }
  rider.end();
  return committed;
}
