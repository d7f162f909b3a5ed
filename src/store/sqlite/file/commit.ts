import type { Database } from './driver.ts';
import { isUnavailable } from './storage-error.ts';

/** Measured: 32 to 128 rows commit 20 000 transitions a second; 256 block the event loop for 5 to 10 ms. */
export const MAX_ROWS_PER_COMMIT = 128;

/** Writes by the same `work` are done by one call to it, whoever asked: a statement for many rows is cheaper. */
export type Work = (items: readonly unknown[]) => readonly unknown[];

export type Write = {
  readonly work: Work;
  readonly items: readonly unknown[];
  /** Their rough size. */
  readonly rows: number;
  /** Whoever asked is told only once the disk has confirmed. */
  readonly isDurable: boolean;
  readonly resolve: (answers: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
};

/** A write that is committed, and has yet to be told so. */
export type Committed = { readonly write: Write; readonly answers: readonly unknown[] };

/** A write of more rows is a page of many: nobody waits for it who would notice. */
const FEW_ROWS = 20;

/** Writes in the order they were asked for; but a page of many holds nobody up. */
export class WriteQueue {
  private readonly few: Write[] = [];
  private readonly many: Write[] = [];

  get isEmpty(): boolean {
    return this.few.length === 0 && this.many.length === 0;
  }

  add(write: Write): void {
    if (write.rows > FEW_ROWS) this.many.push(write);
    else this.few.push(write);
  }

  /** Takes what one commit may hold, at least one write of few rows if there are any, and one page of many if it may. */
  takeGroup({ withPage }: { readonly withPage: boolean }): readonly Write[] {
    let rows = 0;
    const end = this.few.findIndex((write, index) => {
      rows += write.rows;
      return index > 0 && rows > MAX_ROWS_PER_COMMIT;
    });
    const group = this.few.splice(0, end === -1 ? this.few.length : end);
    const page = withPage ? this.many.shift() : undefined;
    return page === undefined ? group : [...group, page];
  }
}

/** Commits them together; where that fails each by itself, so that only the guilty one is refused. */
export function commitGroup(database: Database, group: readonly Write[]): readonly Committed[] {
  try {
    return transact(database, () => perform(group));
  } catch (error) {
    // A full disk is nobody's fault; anything else is one operation's, and costs the others only this second run.
    if (group.length > 1 && !isUnavailable(error)) return group.flatMap((write) => commitGroup(database, [write]));
    for (const { reject } of group) reject(error);
    return [];
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

function perform(group: readonly Write[]): readonly Committed[] {
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
  return committed;
}
