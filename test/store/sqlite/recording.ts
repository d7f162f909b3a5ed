import type { DiskSpace } from '../../../src/store/sqlite/file/disk-space.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { openWalSync, type WalSync } from '../../../src/store/sqlite/file/wal-sync.ts';

/** The database, and everything that was asked of it. */
export function recording(database: Database): { recorded: Database; statements: Set<string>; scripts: string[] } {
  const statements = new Set<string>();
  const scripts: string[] = [];
  const noted = (sql: string): string => {
    statements.add(sql);
    return sql;
  };
  const recorded: Database = {
    ...database,
    all: (sql, values) => database.all(noted(sql), values),
    first: (sql, values) => database.first(noted(sql), values),
    run: (sql, values) => database.run(noted(sql), values),
    execute(script) {
      scripts.push(script);
      database.execute(script);
    },
  };
  return { recorded, statements, scripts };
}

/** The real disk, whose answers can be held back, or be a failure. */
export function recordingSync(path: string): WalSync & { syncs: number; hold(): () => void; failNext(): void } {
  const wal = openWalSync(`${path}-wal`);
  const closed = openWalSync(`${path}-wal`);
  closed.close();
  let gate: Promise<void> = Promise.resolve();
  let next = wal;
  return {
    syncs: 0,
    close: wal.close,
    hold() {
      let letGo = (): void => {};
      gate = new Promise((resolve) => {
        letGo = resolve;
      });
      return letGo;
    },
    failNext() {
      next = closed;
    },
    async sync() {
      this.syncs += 1;
      const chosen = next;
      next = wal;
      await gate;
      await chosen.sync();
    },
  };
}

/** A disk that is never full. */
export const ROOMY: DiskSpace = {
  hasRoom: () => true,
  noteFull: () => {},
  emptyLog: () => {},
  giveUpReserve: () => {},
};
