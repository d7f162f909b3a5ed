import { closeSync, fdatasync, openSync } from 'node:fs';
import { AppError } from '../../domain/app-error.ts';

/** Makes what is committed durable. */
export type WalSync = {
  /**
   * Resolves once all that is in the write-ahead log is on the disk. Rejects with AppError `store_unavailable` where the
   * disk cannot say so.
   */
  sync(): Promise<void>;
  /** Harmless when repeated. Not while a sync is under way. */
  close(): void;
};

/**
 * The fsync of a commit, off the event loop: SQLite would wait for the disk in the middle of everything else, up to
 * 10 ms each time on a slow one. A file has one write-ahead log for as long as it is open, and SQLite holds no lock on
 * that, so a second descriptor of ours hurts nothing. See docs/decisions/0012-durable-off-the-loop.md.
 */
export function openWalSync(path: string): WalSync {
  const descriptor = openSync(path, 'r+');
  let isOpen = true;
  return {
    sync: () =>
      new Promise((resolve, reject) => {
        fdatasync(descriptor, (error) => {
          if (error === null) resolve();
          else reject(notDurable(error));
        });
      }),
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

function notDurable(cause: Error): AppError {
  return new AppError(
    'store_unavailable',
    'The disk that holds the data folder does not confirm what was written: check the disk.',
    {},
    cause,
  );
}
