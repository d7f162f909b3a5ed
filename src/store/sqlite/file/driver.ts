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

type RawStatement = {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint };
  columns?(): readonly { readonly name: string }[];
  /** Of node:sqlite, from Node 24 on. */
  setReturnArrays?(isOn: boolean): void;
  /** Of libsql. */
  raw?(isOn: boolean): unknown;
};
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

/** `names`: those of the columns where rows come as lists; null until it is known, and where they come as objects. */
type Prepared = { readonly statement: RawStatement; names: readonly string[] | null };

function wrap(driver: DriverName, path: string, raw: RawDatabase): Database {
  const statements = new Map<string, Prepared>();
  const prepared = (sql: string): Prepared => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = { statement: raw.prepare(sql), names: null };
    statements.set(sql, made);
    return made;
  };
  // libsql takes a lone null argument for a missing list, so it always gets a list.
  const argumentsOf = (values: readonly SqlValue[]): unknown[] => {
    const bound = values.map(toBound);
    return driver === 'libsql' ? [bound] : bound;
  };
  // Never `get`: libsql leaves its statement unfinished, and then COMMIT is refused.
  const all = <Row>(sql: string, values: readonly SqlValue[] = []): Row[] =>
    guarded(() => rowsOf(prepared(sql), argumentsOf(values)) as Row[]);
  let isOpen = true;
  return {
    driver,
    path,
    all,
    first: <Row>(sql: string, values: readonly SqlValue[] = []) => all<Row>(sql, values)[0],
    run: (sql, values = []) => guarded(() => Number(prepared(sql).statement.run(...argumentsOf(values)).changes)),
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

type Row = Record<string, SqlValue>;

/** As lists where the driver has them: it makes an object of a row more slowly than this does. */
function rowsOf(prepared: Prepared, values: readonly unknown[]): Row[] {
  const { statement } = prepared;
  prepared.names ??= asLists(statement);
  const rows = statement.all(...values);
  const [first] = rows;
  if (!Array.isArray(first)) return rows.map((row) => plain(row as Record<string, unknown>));
  // A column was added since.
  if (first.length !== prepared.names?.length) prepared.names = namesOf(statement);
  const { names } = prepared;
  return (rows as unknown[][]).map((row) => named(names ?? [], row));
}

/** Has the statement give lists from now on; null where this driver cannot. */
function asLists(statement: RawStatement): readonly string[] | null {
  if (statement.columns === undefined) return null;
  if (statement.setReturnArrays !== undefined) statement.setReturnArrays(true);
  else if (statement.raw !== undefined) statement.raw(true);
  else return null;
  return namesOf(statement);
}

function namesOf(statement: RawStatement): readonly string[] {
  return statement.columns?.().map(({ name }) => name) ?? [];
}

function named(names: readonly string[], values: readonly unknown[]): Row {
  const row: Row = {};
  for (let index = 0; index < names.length; index += 1) row[names[index] ?? ''] = fromColumn(values[index]);
  return row;
}

/** Decodes the values of a row in place: copying the row cost more than reading it. */
function plain(columns: Record<string, unknown>): Row {
  for (const name in columns) {
    const value = columns[name];
    const read = fromColumn(value);
    if (read !== value) columns[name] = read;
  }
  return columns as Row;
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error);
  }
}
