import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { AppError } from '../../../domain/app-error.ts';
import { FULL, isOutOfRoom } from './storage-error.ts';

/** Makes what is committed durable. */
export type WalSync = {
  /**
   * Resolves once all that is in the write-ahead log is on the disk. Rejects with AppError `store_unavailable` where the
   * disk cannot say so.
   */
  sync(): Promise<void>;
  /** Harmless when repeated. Not to be called while a sync is under way. */
  close(): void;
};

/** A disk that confirms within this, usually, is quick: to turn to other work meanwhile would take the writers longer. */
const QUICK_MS = 0.7;
const FIRST_SLOW_MS = 1000;
const LONGEST_SLOW_MS = 60_000;
/** After so many syncs by a quick disk, its earlier slowness is forgotten. */
const FORGOTTEN_AFTER = 100;

/** Whether the disk is quick. Once it was slow it is taken to be so for a while, and each time twice as long as before. */
export class DiskSpeed {
  private usualMs = 0;
  private count = 0;
  private slowForMs = FIRST_SLOW_MS;
  private slowUntilMs = Number.NEGATIVE_INFINITY;

  isQuick(nowMs: number): boolean {
    return nowMs >= this.slowUntilMs;
  }

  /** A sync took so long, on a disk that was taken to be quick. */
  note(tookMs: number, nowMs: number): void {
    this.usualMs += 0.1 * (tookMs - this.usualMs);
    this.count += 1;
    if (this.usualMs <= QUICK_MS) {
      if (this.count >= FORGOTTEN_AFTER) this.slowForMs = FIRST_SLOW_MS;
      return;
    }
    this.slowUntilMs = nowMs + this.slowForMs;
    this.slowForMs = Math.min(2 * this.slowForMs, LONGEST_SLOW_MS);
    this.usualMs = 0;
    this.count = 0;
  }
}

/**
 * Syncs on the event loop while the disk is quick, and off it while the disk is slow: SQLite would stop all other work for
 * up to 10 ms each time. A file has one write-ahead log for as long as it is open, and SQLite holds no lock on the log, so a
 * second descriptor of it does no harm. See docs/decisions/0012-durable-off-the-loop.md.
 */
export function openWalSync(path: string): WalSync {
  const descriptor = openLog(path);
  const speed = new DiskSpeed();
  let isOpen = true;
  return {
    async sync() {
      const startedAtMs = performance.now();
      if (!speed.isQuick(startedAtMs)) return syncOnThreadPool(descriptor);
      try {
        fdatasyncSync(descriptor);
      } catch (error) {
        throw notDurable(error);
      }
      const endedAtMs = performance.now();
      speed.note(endedAtMs - startedAtMs, endedAtMs);
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    const message = `${path} cannot be opened: check who owns it, its mode, and that nothing takes it away.`;
    throw new AppError('store_unavailable', message, {}, error);
  }
}

function syncOnThreadPool(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => {
      if (error === null) resolve();
      else reject(notDurable(error));
    });
  });
}

function notDurable(cause: unknown): AppError {
  if (isOutOfRoom(cause)) return new AppError('store_unavailable', FULL, {}, cause);
  return new AppError(
    'store_unavailable',
    'The disk that holds the data folder does not confirm what was written: check the disk.',
    {},
    cause,
  );
}
