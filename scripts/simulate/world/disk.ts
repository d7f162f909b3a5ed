import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/clock.ts';
import { USUAL_EVENT_TYPES } from '../../../src/domain/event/outbox-event.ts';
import { openDataFile } from '../../../src/store/sqlite/file/data-file.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';

/** What a crash leaves: all that was committed, where only the process died; what the disk had confirmed, where power was lost. */
export type Cut = 'process' | 'power';

export type OpenStore = { readonly store: Store; readonly database: Database };

type DiskOptions = {
  /** What the disk takes for a sync; null: it takes no time. */
  readonly syncMs: () => number | null;
  readonly sleep: (ms: number) => Promise<void>;
};

const FRESH = 'fresh.db';
/** A log of this size is emptied at a quiet moment. */
const LARGE_LOG_OCTETS = 4 * 1024 * 1024;

let freshFolder: string | null = null;

/**
 * The real SQLite store on a file that can be cut off. Of the write-ahead log, what was synced is known: a loss of power leaves the log up
 * to there, and the end of a process leaves all of it. The file of a process that died is left behind, and a copy goes on.
 */
export class Disk {
  private readonly folder = mkdtempSync(join(tmpdir(), 'bellhop-world-'));
  private readonly options: DiskOptions;
  private generation = 0;
  private durableOctets = 0;
  private opened: OpenStore | null = null;
  private readonly abandoned: Database[] = [];

  constructor(options: DiskOptions) {
    this.options = options;
  }

  get path(): string {
    return join(this.folder, `world-${this.generation}.db`);
  }

  get open(): OpenStore {
    if (this.opened === null) throw new Error('the store is not open');
    return this.opened;
  }

  get isOpen(): boolean {
    return this.opened !== null;
  }

  async start(clock: Clock): Promise<OpenStore> {
    if (this.generation === 0 && !existsSync(this.path)) copyFileSync(await freshFile(clock), this.path);
    const database = await openDataFile(this.path);
    const store = storeOn(
      database,
      clock,
      null,
      USUAL_EVENT_TYPES,
      () => {},
      (logPath) => this.syncOf(logPath),
    );
    // What is durable is simulated, and checkpoints come at quiet moments.
    database.execute('PRAGMA synchronous = OFF');
    database.all('PRAGMA wal_autocheckpoint = 0');
    this.checkpoint(database);
    this.opened = { store, database };
    return this.opened;
  }

  /** In this very instant. Who worked with the store is dead, and hears no more of it. */
  cut(how: Cut): void {
    const { path, durableOctets } = this;
    const { database } = this.open;
    this.generation += 1;
    copyFileSync(path, this.path);
    copyFileSync(`${path}-wal`, `${this.path}-wal`);
    if (how === 'power') truncateSync(`${this.path}-wal`, Math.min(durableOctets, octetsOf(`${path}-wal`)));
    this.abandoned.push(database);
    this.opened = null;
  }

  /** Nothing is under way: files that were left behind go, and a large log is emptied. */
  tidy(): void {
    for (const database of this.abandoned.splice(0)) {
      closeAnyway(database);
      if (existsSync(`${database.path}-reserve`)) renameSync(`${database.path}-reserve`, `${this.path}-reserve`);
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${database.path}${suffix}`, { force: true });
    }
    if (this.opened !== null && octetsOf(`${this.path}-wal`) > LARGE_LOG_OCTETS) this.checkpoint(this.opened.database);
  }

  remove(): void {
    this.tidy();
    if (this.opened !== null) closeAnyway(this.opened.database);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private checkpoint(database: Database): void {
    database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    this.durableOctets = 0;
  }

  private syncOf(logPath: string) {
    return {
      sync: async () => {
        const octets = octetsOf(logPath);
        const tookMs = this.options.syncMs();
        if (tookMs !== null) await this.options.sleep(tookMs);
        if (logPath === `${this.path}-wal`) this.durableOctets = Math.max(this.durableOctets, octets);
      },
      close: () => {},
    };
  }
}

function octetsOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function closeAnyway(database: Database): void {
  try {
    database.close();
  } catch {
    // Its process is dead: nobody is there to be told.
  }
}

/** The schema takes longer than many a world: it is made once. */
async function freshFile(clock: Clock): Promise<string> {
  if (freshFolder === null) {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-fresh-'));
    const store = storeOn(await openDataFile(join(folder, FRESH)), clock);
    await store.close();
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    freshFolder = folder;
  }
  return join(freshFolder, FRESH);
}
