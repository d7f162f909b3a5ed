import { Worker } from 'node:worker_threads';
import { AppError } from '../../../domain/app-error.ts';
import { connect, type DriverName } from './driver.ts';

/** What a copy is told about itself, and which driver tells it. */
export type CopyNotes = {
  readonly path: string;
  readonly driver: DriverName;
  readonly madeAtMs: number;
  /** Keys and secrets, encrypted with a passphrase (`config/sealed-keys.ts`); null: none are in it. */
  readonly sealedKeys: string | null;
};

/** In `meta`: the file is a backup that was not started yet. A store that opens it pauses sending, and takes this away. */
export const BACKUP_MARK = 'backup_made_at';
/** In `facts`. */
export const SEALED_KEYS = 'sealed_keys';
/** In `meta`: 1 while a process serves the file, 0 once it was closed; `health.ts` reads it. */
export const IN_USE_MARK = 'in_use';

/**
 * Writes the notes into a copy and looks at every page and index of it: null, or what is wrong with it. Takes seconds for some
 * hundred megabytes, in which the thread does nothing else.
 */
export async function finishHere({ path, driver, madeAtMs, sealedKeys }: CopyNotes): Promise<string | null> {
  const copy = await connect(path, driver);
  try {
    // Nobody else knows the file yet, and its maker waits for the disk.
    copy.execute('PRAGMA synchronous = OFF');
    copy.execute('BEGIN IMMEDIATE');
    for (const [name, value] of [
      [BACKUP_MARK, madeAtMs],
      [IN_USE_MARK, 0],
    ] as const) {
      copy.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', [name, value]);
    }
    if (sealedKeys !== null)
      copy.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', [SEALED_KEYS, sealedKeys]);
    copy.execute('COMMIT');
    const [found] = copy.all<{ integrity_check: string }>('PRAGMA integrity_check(1)');
    return found?.integrity_check === 'ok' ? null : String(found?.integrity_check);
  } finally {
    copy.close();
  }
}

/** As `finishHere`, on a thread beside this one where one can be had. Rejects with AppError for a copy that is not whole. */
export async function finishCopy(notes: CopyNotes): Promise<void> {
  const fault = await onThread(notes).catch(() => finishHere(notes));
  if (fault === null) return;
  throw new AppError(
    'store_unavailable',
    'The backup is not whole, so it was thrown away: the data file is damaged, or the disk is. Stop Bellhop, and put an earlier backup in the place of the data file.',
    {},
    new Error(fault),
  );
}

function onThread(notes: CopyNotes): Promise<string | null> {
  return new Promise((resolve, reject) => {
    // Built, the file beside this one is JavaScript; run from its source, it may not be runnable.
    const suffix = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const thread = new Worker(new URL(`./finishing-thread${suffix}`, import.meta.url), { workerData: notes });
    thread.once('message', (fault: string | null) => {
      resolve(fault);
      void thread.terminate();
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread ended early')));
  });
}
