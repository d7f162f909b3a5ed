import { linkSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../domain/app-error.ts';
import { syncFile, syncFolder, unwritable, writeNew } from './file/backup-folder.ts';
import { pragma } from './file/checkpoints.ts';
import { connect, type Database } from './file/driver.ts';
import { readHead } from './file/file-head.ts';
import { BACKUP_MARK, IN_USE_MARK, SEALED_KEYS } from './file/finished-copy.ts';
import { SCHEMA_VERSION } from './tables/schema.ts';
import { forgetCounts } from './tally/recount.ts';

export type RestoreOptions = {
  readonly content: AsyncIterable<Uint8Array>;
  /** Where the store is to be. */
  readonly path: string;
  readonly nowMs: number;
  /** Take a copy of a file in use though its log, and so its newest rows, are missing. */
  readonly mayMissLog: boolean;
  /** Called with what is in it once it was looked at, before it is put in place: rejects where it is not to be. */
  readonly confirm: (found: Restorable) => Promise<void>;
};

/** What is in a backup. */
export type Restorable = {
  readonly madeAtMs: number | null;
  /** Active subscriptions, by the VAPID public key that they were made with. */
  readonly subscriptionsByKey: ReadonlyMap<string, number>;
  readonly waitingDeliveries: number;
  readonly unfinishedNotifications: number;
  /** Keys and secrets, encrypted with a passphrase. */
  readonly sealedKeys: string | null;
};

/**
 * Puts a backup where a store is to be: a whole and sound one, or none. Nothing that is there is written over. Rejects with
 * AppError `store_unavailable`, and leaves nothing, where something is there, or where the backup is not sound.
 */
export async function restoreStore(options: RestoreOptions): Promise<Restorable> {
  const { content, path, confirm } = options;
  demandFree(path);
  const draft = `${path}.restoring`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    removeDraft(draft);
    await writeNew(draft, content);
    const found = await lookInto(draft, options);
    await confirm(found);
    await syncFile(draft);
    // Unlike a renaming, this writes over nothing, even if somebody was quicker.
    linkSync(draft, path);
    await syncFolder(dirname(path));
    return found;
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    removeDraft(draft);
  }
}

function demandFree(path: string): void {
  const there = ['', '-wal', '-journal'].map((suffix) => `${path}${suffix}`).filter(isThere);
  if (there.length === 0) return;
  const names = there.join(' ');
  throw new AppError(
    'store_unavailable',
    `There is a store already, and nothing is written over it: stop Bellhop, then move ${names} away, or set another DATA_DIR.`,
  );
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function removeDraft(draft: string): void {
  for (const suffix of ['', '-wal', '-journal', '-shm']) rmSync(`${draft}${suffix}`, { force: true });
}

async function lookInto(draft: string, { nowMs, mayMissLog }: RestoreOptions): Promise<Restorable> {
  const head = orRefuse('it is no SQLite database, or its beginning is damaged', () => readHead(draft));
  if (head === null) throw refusal('it is empty');
  if (head.pages !== null && head.octets < head.pages * head.pageOctets)
    throw refusal(`it is cut short: ${head.octets} of ${head.pages * head.pageOctets} octets`);
  const copy = await connect(draft);
  try {
    demandSound(copy);
    const marks = new Map(
      copy.all<{ name: string; value: number }>('SELECT name, value FROM meta').map(({ name, value }) => [name, value]),
    );
    const isBackup = marks.has(BACKUP_MARK);
    if (!isBackup && marks.get(IN_USE_MARK) === 1 && !mayMissLog) {
      throw refusal(
        'it is a copy of bellhop.db that was made while Bellhop ran, so its newest rows are missing. bellhop restore --allow-missing-log takes it all the same',
      );
    }
    const found = contentOf(copy, isBackup ? (marks.get(BACKUP_MARK) ?? null) : null);
    prepare(copy, nowMs, isBackup);
    return found;
  } finally {
    copy.close();
  }
}

function demandSound(copy: Database): void {
  // The driver’s own words for a file that it cannot read tell of the store in use.
  const tables = orRefuse('it is damaged', () =>
    copy.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => name),
  );
  if (!['meta', 'subscriptions', 'notifications', 'deliveries'].every((name) => tables.includes(name)))
    throw refusal('it is a database, but not one of Bellhop’s');
  const version = pragma(copy, 'user_version');
  if (version > SCHEMA_VERSION) throw refusal('a newer Bellhop wrote it: restore it with that version, or a later one');
  const fault = orRefuse('it is damaged', () => copy.first<{ integrity_check: string }>('PRAGMA integrity_check(1)'));
  if (fault?.integrity_check !== 'ok') throw refusal(`it is damaged (${fault?.integrity_check.split('\n').at(-1)})`);
}

function orRefuse<Value>(why: string, look: () => Value): Value {
  try {
    return look();
  } catch (error) {
    throw refusal(why, error);
  }
}

function contentOf(copy: Database, madeAtMs: number | null): Restorable {
  const count = (sql: string): number =>
    copy.first<{ count: number }>(`SELECT count(*) AS count FROM ${sql}`)?.count ?? 0;
  const byKey = copy.all<{ key: string; count: number }>(
    'SELECT vapid_public_key AS key, count(*) AS count FROM subscriptions WHERE retired_at IS NULL GROUP BY 1',
  );
  const fact = (name: string): string | null =>
    hasFacts(copy)
      ? (copy.first<{ value: string }>('SELECT value FROM facts WHERE name = ?', [name])?.value ?? null)
      : null;
  const current = fact('vapid_public_key');
  return {
    madeAtMs,
    // The start asks for the current pair where no browser has subscribed with it yet, too.
    subscriptionsByKey: new Map([
      ...(current === null ? [] : [[current, 0] as const]),
      ...byKey.map(({ key, count: subscriptions }) => [key, subscriptions] as const),
    ]),
    waitingDeliveries: count('deliveries WHERE due_at IS NOT NULL'),
    unfinishedNotifications: count('notifications WHERE fan_out_cursor IS NOT NULL'),
    sealedKeys: fact(SEALED_KEYS),
  };
}

/** Of the first schema there are none. */
function hasFacts(copy: Database): boolean {
  return copy.first("SELECT 1 FROM sqlite_schema WHERE name = 'facts'") !== undefined;
}

function prepare(copy: Database, nowMs: number, isBackup: boolean): void {
  const mark = 'INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)';
  copy.execute('BEGIN IMMEDIATE');
  if (!isBackup) copy.run(mark, [BACKUP_MARK, nowMs]);
  copy.run(mark, [IN_USE_MARK, 0]);
  // What is not sound to the last row is counted anew.
  forgetCounts(copy);
  if (hasFacts(copy)) copy.run('DELETE FROM facts WHERE name = ?', [SEALED_KEYS]);
  copy.execute('COMMIT');
  // One file, as a backup is.
  copy.all('PRAGMA journal_mode = DELETE');
}

function refusal(why: string, cause?: unknown): AppError {
  return new AppError('store_unavailable', `This is no backup to restore: ${why}.`, {}, cause);
}
