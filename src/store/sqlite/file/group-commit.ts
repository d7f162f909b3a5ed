import process from 'node:process';
import { AppError } from '../../../domain/app-error.ts';
import { type Committed, commitGroup, type Work, type Write, WriteQueue } from './commit.ts';
import type { Database } from './driver.ts';
import type { WalSync } from './wal-sync.ts';

/**
 * When the writer of a commit is told. `durable`: once the disk has confirmed it, so that it outlives a loss of power.
 * `committed`: at once; it outlives the end of the process. Commits come back in order, so what is durable brings all
 * that was committed before it. `in_turn`: like `committed`, but with the commit of a turn of the event loop: for work that
 * goes on and on, which would let nothing else have its turn.
 */
export type Told = 'durable' | 'committed' | 'in_turn';

/** Who may touch the database, and when: writes share commits, reads see only what is committed. */
export interface GroupCommit {
  /**
   * Runs `operation` in the next commit; resolves with its value, once that is durable unless said otherwise. It may run
   * twice, so it must leave no trace but in the database. `rows` is its rough size.
   */
  write<Value>(rows: number, operation: () => Value, told?: Told): Promise<Value>;
  /**
   * Makes a write of many items, a row each, answered in the order asked. What different callers ask for before the same
   * commit is done by one call to `work`.
   */
  writesOf<Item, Answer>(
    told: Told,
    work: (items: readonly Item[]) => readonly Answer[],
  ): (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** Runs at once, between two commits. */
  read<Value>(query: () => Value): Promise<Value>;
  /** Commits what was asked for, then closes the database. Harmless when repeated. */
  close(): Promise<void>;
}

type Asked = Pick<Write, 'work' | 'items' | 'rows'>;

/**
 * One commit for all the writes asked for in one turn of the event loop, and one fsync for them all. While the disk is
 * busy with that, the next writes gather: the slower the disk, the larger the groups. A write that need not be durable
 * waits for neither, and takes along what has gathered.
 */
export function groupCommit(database: Database, wal: WalSync): GroupCommit {
  const commits = new Commits(database, wal);
  return {
    write: async <Value>(rows: number, operation: () => Value, told: Told = 'durable') => {
      const [value] = await commits.ask({ work: () => [operation()], items: [null], rows }, told);
      return value as Value;
    },
    writesOf: <Item, Answer>(told: Told, work: (items: readonly Item[]) => readonly Answer[]) => {
      return async (items: readonly Item[]) => {
        const asked = { work: work as Work, items, rows: items.length };
        return (await commits.ask(asked, told)) as readonly Answer[];
      };
    },
    async read(query) {
      commits.demandOpen();
      return query();
    },
    close: () => commits.close(),
  };
}

class Commits {
  private readonly database: Database;
  private readonly wal: WalSync;
  private readonly queue = new WriteQueue();
  private unconfirmed: Committed[] = [];
  /** The commit of the next turn, where one is to come. */
  private next: NodeJS.Immediate | null = null;
  private isHurrying = false;
  private isSyncing = false;
  private isOpen = true;
  private readonly awaitingIdle: (() => void)[] = [];

  constructor(database: Database, wal: WalSync) {
    this.database = database;
    this.wal = wal;
  }

  demandOpen(): void {
    if (!this.isOpen) throw new AppError('store_unavailable', 'The store is closed: Bellhop is stopping.');
  }

  ask({ work, items, rows }: Asked, told: Told): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.demandOpen();
      this.queue.add({ work, items, rows, isDurable: told === 'durable', resolve, reject });
      if (told === 'committed') this.hurry();
      else if (told === 'in_turn' || !this.isSyncing) this.schedule();
    });
  }

  async close(): Promise<void> {
    const wasOpen = this.isOpen;
    this.isOpen = false;
    if (!this.isIdle()) await new Promise<void>((resolve) => this.awaitingIdle.push(resolve));
    if (!wasOpen) return;
    this.wal.close();
    this.database.close();
  }

  private isIdle(): boolean {
    return this.next === null && !this.isHurrying && !this.isSyncing;
  }

  private schedule(): void {
    this.next ??= setImmediate(() => {
      this.next = null;
      this.commit({ withPage: true });
    });
  }

  /** At the end of this turn's promises, so that all who go on after the same event share the commit. */
  private hurry(): void {
    if (this.isHurrying) return;
    this.isHurrying = true;
    process.nextTick(() => {
      this.isHurrying = false;
      this.commit({ withPage: false });
    });
  }

  /** Each commit in a turn of its own, so that a long queue does not hold up everything else. */
  private commit(what: { readonly withPage: boolean }): void {
    const group = this.queue.takeGroup(what);
    for (const committed of group.length === 0 ? [] : commitGroup(this.database, group)) {
      if (committed.write.isDurable) this.unconfirmed.push(committed);
      else committed.write.resolve(committed.answers);
    }
    if (!this.isSyncing && this.unconfirmed.length > 0) void this.sync();
    if (!this.queue.isEmpty) this.schedule();
    this.tellIfIdle();
  }

  /** Tells the writers, once it is true. */
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
    if (!this.queue.isEmpty) this.schedule();
    this.tellIfIdle();
  }

  private tellIfIdle(): void {
    if (!this.isIdle()) return;
    for (const resolve of this.awaitingIdle.splice(0)) resolve();
  }
}
