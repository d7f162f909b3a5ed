import { AppError } from '../../../domain/app-error.ts';
import { fromColumn, type SqlValue, toBound } from './sql-value.ts';
import { toStorageError } from './storage-error.ts';

/** In order of preference: what the runtime brings, else what npm brings. */
export const DRIVERS = ['node:sqlite', 'libsql'] as const;
export type DriverName = (typeof DRIVERS)[number];

/** The seam: all that the adapter asks of SQLite. Synchronous; statements are prepared once per text and kept. */
export interface Database {
  readonly driver: DriverName;
  /** Path of the database file. */
  readonly path: string;
  all<Row>(sql: string, values?: readonly SqlValue[]): Row[];
  first<Row>(sql: string, values?: readonly SqlValue[]): Row | undefined;
  /** Returns how many rows changed. */
  run(sql: string, values?: readonly SqlValue[]): number;
  /** One or more statements without values. */
  execute(script: string): void;
  /** Gives the file's lock back. Harmless when repeated. */
  close(): void;
}

type RawStatement = { all(...values: unknown[]): unknown[]; run(...values: unknown[]): { changes: number | bigint } };
type RawDatabase = { prepare(sql: string): RawStatement; exec(script: string): void; close(): void };
type Connect = (path: string) => RawDatabase;

// Of type string, so that the compiler does not look for them: each is missing on some runtime that Bellhop supports.
const NODE_SQLITE: string = 'node:sqlite';
const LIBSQL: string = 'libsql';

const LOADERS: Readonly<Record<DriverName, () => Promise<Connect>>> = {
  'node:sqlite': async () => {
    const { DatabaseSync }: { DatabaseSync: new (path: string) => RawDatabase } = await import(NODE_SQLITE);
    return (path) => new DatabaseSync(path);
  },
  libsql: async () => {
    const { default: Libsql }: { default: new (path: string) => RawDatabase } = await import(LIBSQL);
    return (path) => new Libsql(path);
  },
};

/** The drivers that load on this runtime, the preferred one first. */
export async function availableDrivers(): Promise<readonly DriverName[]> {
  const loaded = await Promise.all(
    DRIVERS.map((name) =>
      LOADERS[name]().then(
        () => name,
        () => null,
      ),
    ),
  );
  return loaded.filter((name) => name !== null);
}

/** Connects, and no more: no lock is taken yet. `driver` null takes the preferred one. */
export async function connect(path: string, driver: DriverName | null = null): Promise<Database> {
  const name = driver ?? (await availableDrivers())[0];
  if (name === undefined) {
    throw new AppError(
      'store_unavailable',
      'This runtime has no SQLite: use Node 22.13 or later, or Deno, or let npm install the optional package libsql.',
    );
  }
  const open = await LOADERS[name]();
  return guarded(() => wrap(name, path, open(path)));
}

function wrap(driver: DriverName, path: string, raw: RawDatabase): Database {
  const statements = new Map<string, RawStatement>();
  const prepared = (sql: string): RawStatement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = raw.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  // libsql takes a lone null argument for a missing list, so it always gets a list.
  const argumentsOf = (values: readonly SqlValue[]): unknown[] => {
    const bound = values.map(toBound);
    return driver === 'libsql' ? [bound] : bound;
  };
  // Never `get`: libsql leaves its statement unfinished, and then COMMIT is refused.
  const all = <Row>(sql: string, values: readonly SqlValue[] = []): Row[] =>
    guarded(() =>
      prepared(sql)
        .all(...argumentsOf(values))
        .map((row) => plain(row) as Row),
    );
  let isOpen = true;
  return {
    driver,
    path,
    all,
    first: <Row>(sql: string, values: readonly SqlValue[] = []) => all<Row>(sql, values)[0],
    run: (sql, values = []) => guarded(() => Number(prepared(sql).run(...argumentsOf(values)).changes)),
    execute: (script) => guarded(() => raw.exec(script)),
    close() {
      if (!isOpen) return;
      isOpen = false;
      if (driver === 'libsql') unlock(raw);
      statements.clear();
      raw.close();
    },
  };
}

/** libsql's `close` keeps the file locked until its statements are garbage; leaving WAL first gives the lock back now. */
function unlock(raw: RawDatabase): void {
  try {
    raw.prepare('PRAGMA journal_mode = DELETE').all([]);
    raw.prepare('PRAGMA locking_mode = NORMAL').all([]);
    raw.prepare('SELECT count(*) FROM sqlite_schema').all([]);
  } catch {
    // A file that cannot be written to stays locked until the process ends; nothing committed is lost by that.
  }
}

/** Decodes the values of a row in place: copying the row cost more than reading it. */
function plain(row: unknown): Record<string, SqlValue> {
  const columns = row as Record<string, unknown>;
  for (const name in columns) {
    const value = columns[name];
    const read = fromColumn(value);
    if (read !== value) columns[name] = read;
  }
  return columns as Record<string, SqlValue>;
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error);
  }
}
