import { AppError } from '../../domain/app-error.ts';
import type { Database } from './driver.ts';
import { isUnavailable } from './storage-error.ts';

/** Measured: 32 to 128 rows commit 20 000 transitions a second; 256 block the event loop for 5 to 10 ms. */
export const MAX_ROWS_PER_COMMIT = 128;

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
  close(): void;
}

type Waiting = {
  readonly rows: number;
  readonly operation: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** One commit, and one fsync, for all the writes asked for in one turn of the event loop. */
export function groupCommit(database: Database): GroupCommit {
  const queue: Waiting[] = [];
  let isOpen = true;
  let isScheduled = false;

  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (queue.length > 0) commitGroup(database, takeGroup(queue));
      if (queue.length > 0) schedule();
    });
  };

  return {
    write: <Value>(rows: number, operation: () => Value) =>
      new Promise<Value>((resolve, reject) => {
        if (!isOpen) throw closedError();
        queue.push({ rows, operation, resolve: resolve as Waiting['resolve'], reject });
        schedule();
      }),
    async read(query) {
      if (!isOpen) throw closedError();
      return query();
    },
    close() {
      isOpen = false;
      while (queue.length > 0) commitGroup(database, takeGroup(queue));
      database.close();
    },
  };
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

function commitGroup(database: Database, group: readonly Waiting[]): void {
  let values: unknown[];
  try {
    values = transact(database, () => group.map(({ operation }) => operation()));
  } catch (error) {
    // A full disk is nobody's fault; anything else is one operation's, and costs the others only this second run.
    if (group.length === 1 || isUnavailable(error)) for (const { reject } of group) reject(error);
    else for (const waiting of group) commitGroup(database, [waiting]);
    return;
  }
  for (const [index, { resolve }] of group.entries()) resolve(values[index]);
}

function closedError(): AppError {
  return new AppError('store_unavailable', 'The store is closed: Bellhop is stopping.');
}
