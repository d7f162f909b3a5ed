import process from 'node:process';
import { AppError } from '../../../domain/app-error.ts';
import {
  type CommitRider,
  type CommitTo,
  type Committed,
  commitGroup,
  type Durability,
  type Work,
  type Write,
  WriteQueue,
} from './commit.ts';
import type { DiskSpace } from './disk-space.ts';
import type { Database } from './driver.ts';
import type { WalSync } from './wal-sync.ts';

/** Who may touch the database, and when: writes share commits, reads see only what is committed. */
export interface GroupCommit {
  /**
   * Runs `operation` in the next commit; resolves with its value, once the commit is durable unless said otherwise. The
   * operation may run twice, so it must leave no trace but in the database. `rows` is its rough size.
   */
  write<Value>(rows: number, operation: () => Value, durability?: Durability): Promise<Value>;
  /**
   * As `write`, for what deletes, and for what a deletion needs: it is done while the disk is full, too, in the room that is
   * kept back for it.
   */
  erase<Value>(rows: number, operation: () => Value): Promise<Value>;
  /**
   * Makes a write of many items, a row each, answered in the order asked. What different callers ask for before the same
   * commit is done by one call to `work`.
   */
  writesOf<Item, Answer>(
    durability: Durability,
    work: (items: readonly Item[]) => readonly Answer[],
  ): (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** Runs at once, between two commits. */
  read<Value>(query: () => Value): Promise<Value>;
  /** Commits what was asked for, then closes the database. Harmless when repeated. */
  close(): Promise<void>;
}

type WriteRequest = Pick<Write, 'work' | 'items' | 'rows' | 'isErasure'>;

/*
 * What becomes of a write:
 *
 *   durability | no sync under way                | a sync under way                         | the writer is answered
 *   durable    | a commit in the next turn        | the next commit, at the end of the sync  | when a sync after the commit
 *              |                                  | or earlier                               | has ended
 *   committed  | a commit at the end of this turn | a commit at the end of this turn         | after the commit
 *   in_turn    | a commit in the next turn        | a commit in the next turn                | after the commit
 *
 *   a commit ends   a sync begins, if durable writes wait for one and none is under way; what is left over is committed in
 *                   the next turn
 *   a sync ends     the writers that waited for it are answered; a sync begins for what was committed meanwhile; what was
 *                   asked for meanwhile is committed in the next turn
 *
 * So while the disk is busy with a sync, durable writes gather: the slower the disk, the larger the groups. A commit takes
 * along all small writes that have gathered, as many as it may hold, and in the next turn one page, too (`WriteQueue`).
 */

/** One commit for all writes that are asked for in one turn of the event loop, and one fsync for them all. */
export function groupCommit(
  database: Database,
  wal: WalSync,
  space: DiskSpace,
  rider: CommitRider = NOBODY_RIDES,
): GroupCommit {
  const commits = new Commits({ database, space, rider }, wal);
  return {
    write: async <Value>(rows: number, operation: () => Value, durability: Durability = 'durable') => {
      const request = { work: () => [operation()], items: [null], rows, isErasure: false };
      const [value] = await commits.ask(request, durability);
      return value as Value;
    },
    erase: async <Value>(rows: number, operation: () => Value) => {
      const request = { work: () => [operation()], items: [null], rows, isErasure: true };
      const [value] = await commits.ask(request, 'durable');
      return value as Value;
    },
    writesOf: <Item, Answer>(durability: Durability, work: (items: readonly Item[]) => readonly Answer[]) => {
      return async (items: readonly Item[]) => {
        const request = { work: work as Work, items, rows: items.length, isErasure: false };
        return (await commits.ask(request, durability)) as readonly Answer[];
      };
    },
    async read(query) {
      commits.demandOpen();
      return query();
    },
    close: () => commits.close(),
  };
}

const NOBODY_RIDES: CommitRider = { begin: () => {}, end: () => {} };

class Commits {
  private readonly to: CommitTo;
  private readonly wal: WalSync;
  private readonly queue = new WriteQueue();
  /** Durable writes that are committed, and wait for a sync. */
  private unconfirmed: Committed[] = [];
  private nextTurnsCommit: NodeJS.Immediate | null = null;
  private isCommitDueThisTurn = false;
  private isSyncing = false;
  private isOpen = true;
  private readonly awaitingIdle: (() => void)[] = [];

  constructor(to: CommitTo, wal: WalSync) {
    this.to = to;
    this.wal = wal;
  }

  demandOpen(): void {
    if (!this.isOpen) throw new AppError('store_unavailable', 'The store is closed: Bellhop is stopping.');
  }

  ask({ work, items, rows, isErasure }: WriteRequest, durability: Durability): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.demandOpen();
      this.queue.add({ work, items, rows, durability, isErasure, resolve, reject });
      if (durability === 'committed') this.commitThisTurn();
      else if (durability === 'in_turn' || !this.isSyncing) this.commitNextTurn();
    });
  }

  async close(): Promise<void> {
    const wasOpen = this.isOpen;
    this.isOpen = false;
    if (!this.isIdle()) await new Promise<void>((resolve) => this.awaitingIdle.push(resolve));
    if (!wasOpen) return;
    this.wal.close();
    this.to.database.close();
  }

  private isIdle(): boolean {
    return this.nextTurnsCommit === null && !this.isCommitDueThisTurn && !this.isSyncing;
  }

  private commitNextTurn(): void {
    this.nextTurnsCommit ??= setImmediate(() => {
      this.nextTurnsCommit = null;
      this.commit({ withPage: true });
    });
  }

  /** Once the promises of this turn have run, so that all writes that follow from one event share the commit. */
  private commitThisTurn(): void {
    if (this.isCommitDueThisTurn) return;
    this.isCommitDueThisTurn = true;
    process.nextTick(() => {
      this.isCommitDueThisTurn = false;
      this.commit({ withPage: false });
    });
  }

  /** What one commit may not hold is left to a turn of its own, so that a long queue does not hold up all other work. */
  private commit(what: { readonly withPage: boolean }): void {
    const group = this.queue.takeGroup(what);
    for (const committed of group.length === 0 ? [] : commitGroup(this.to, group)) {
      if (committed.write.durability === 'durable') this.unconfirmed.push(committed);
      else committed.write.resolve(committed.answers);
    }
    if (!this.isSyncing && this.unconfirmed.length > 0) void this.sync();
    if (!this.queue.isEmpty) this.commitNextTurn();
    this.resolveIfIdle();
  }

  /** Answers the writers once the disk has confirmed their writes. */
  private async sync(): Promise<void> {
    this.isSyncing = true;
    const committed = this.unconfirmed;
    this.unconfirmed = [];
    try {
      await this.wal.sync();
      for (const { write, answers } of committed) write.resolve(answers);
    } catch (error) {
      for (const { write } of committed) write.reject(error);
    }
    this.isSyncing = false;
    if (this.unconfirmed.length > 0) void this.sync();
    if (!this.queue.isEmpty) this.commitNextTurn();
    this.resolveIfIdle();
  }

  private resolveIfIdle(): void {
    if (!this.isIdle()) return;
    for (const resolve of this.awaitingIdle.splice(0)) resolve();
  }
}
