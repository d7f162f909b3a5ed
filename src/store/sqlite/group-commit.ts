import { AppError } from '../../domain/app-error.ts';
import type { Database } from './driver.ts';
import { isUnavailable } from './storage-error.ts';
import type { WalSync } from './wal-sync.ts';

/** Measured: 32 to 128 rows commit 20 000 transitions a second; 256 block the event loop for 5 to 10 ms. */
export const MAX_ROWS_PER_COMMIT = 128;

/** Whoever wrote first is told after so many commits, however many more wait. */
const MAX_COMMITS_PER_SYNC = 8;

/** Who may touch the database, and when: writes share commits, reads see only what is committed. */
export interface GroupCommit {
  /**
   * Runs `operation` in the next commit; resolves with its value once that is durable. It may run twice, so it must
   * leave no trace but in the database. `rows` is its rough size.
   */
  write<Value>(rows: number, operation: () => Value): Promise<Value>;
  /** Runs at once, between two commits. */
  read<Value>(query: () => Value): Promise<Value>;
  /** Commits what was asked for, then closes the database. Harmless when repeated. */
  close(): Promise<void>;
}

type Waiting = {
  readonly rows: number;
  readonly operation: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** A write that is committed, and has yet to be told so. */
type Committed = Pick<Waiting, 'resolve' | 'reject'> & { readonly value: unknown };

/**
 * One commit for all the writes asked for in one turn of the event loop, and one fsync for them all. While the disk is
 * busy with that, the next writes gather: the slower the disk, the larger the groups.
 */
export function groupCommit(database: Database, wal: WalSync): GroupCommit {
  const queue: Waiting[] = [];
  let isOpen = true;
  let underWay: Promise<void> | null = null;

  const run = async (): Promise<void> => {
    while (queue.length > 0) await settle(await commitSome(database, queue), wal);
    underWay = null;
  };

  return {
    write: <Value>(rows: number, operation: () => Value) =>
      new Promise<Value>((resolve, reject) => {
        if (!isOpen) throw closedError();
        queue.push({ rows, operation, resolve: resolve as Waiting['resolve'], reject });
        underWay ??= run();
      }),
    async read(query) {
      if (!isOpen) throw closedError();
      return query();
    },
    async close() {
      isOpen = false;
      await underWay;
      wal.close();
      database.close();
    },
  };
}

/** Each commit in a turn of its own, so that a long queue does not hold up everything else. */
async function commitSome(database: Database, queue: Waiting[]): Promise<readonly Committed[]> {
  const committed: Committed[] = [];
  for (let commits = 0; commits < MAX_COMMITS_PER_SYNC && queue.length > 0; commits += 1) {
    await new Promise(setImmediate);
    committed.push(...commitGroup(database, takeGroup(queue)));
  }
  return committed;
}

/** Tells the writers, once it is true. */
async function settle(committed: readonly Committed[], wal: WalSync): Promise<void> {
  if (committed.length === 0) return;
  try {
    await wal.sync();
    for (const { resolve, value } of committed) resolve(value);
  } catch (error) {
    for (const { reject } of committed) reject(error);
  }
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

function takeGroup(queue: Waiting[]): Waiting[] {
  let rows = 0;
  const end = queue.findIndex((waiting, index) => {
    rows += waiting.rows;
    return index > 0 && rows > MAX_ROWS_PER_COMMIT;
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}

function commitGroup(database: Database, group: readonly Waiting[]): readonly Committed[] {
  try {
    const values = transact(database, () => group.map(({ operation }) => operation()));
    return group.map(({ resolve, reject }, index) => ({ resolve, reject, value: values[index] }));
  } catch (error) {
    // A full disk is nobody's fault; anything else is one operation's, and costs the others only this second run.
    if (group.length > 1 && !isUnavailable(error)) return group.flatMap((waiting) => commitGroup(database, [waiting]));
    for (const { reject } of group) reject(error);
    return [];
  }
}

function closedError(): AppError {
  return new AppError('store_unavailable', 'The store is closed: Bellhop is stopping.');
}
