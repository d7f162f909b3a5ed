import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { AppError } from '../../../domain/app-error.ts';

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

/** A disk that confirms within this, usually, is waited for: to turn to something else meanwhile takes the writers longer. */
const QUICK_MS = 0.7;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** After so many quick ones an earlier slowness is forgotten. */
const FORGOTTEN_AFTER = 100;

/** Whether to wait for the disk on the spot. Once it was slow not for a while, and each time twice as long as before. */
export class Patience {
  private usualMs = 0;
  private count = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;

  waits(nowMs: number): boolean {
    return nowMs >= this.pausedUntilMs;
  }

  /** The disk was waited for so long. */
  note(tookMs: number, nowMs: number): void {
    this.usualMs += 0.1 * (tookMs - this.usualMs);
    this.count += 1;
    if (this.usualMs <= QUICK_MS) {
      if (this.count >= FORGOTTEN_AFTER) this.pauseMs = FIRST_PAUSE_MS;
      return;
    }
    this.pausedUntilMs = nowMs + this.pauseMs;
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
    this.usualMs = 0;
    this.count = 0;
  }
}

/**
 * The fsync of a commit, off the event loop where the disk is slow: SQLite would wait for it in the middle of everything
 * else, up to 10 ms each time. A file has one write-ahead log for as long as it is open, and SQLite holds no lock on
 * that, so a second descriptor of ours hurts nothing. See docs/decisions/0012-durable-off-the-loop.md.
 */
export function openWalSync(path: string): WalSync {
  const descriptor = openSync(path, 'r+');
  const patience = new Patience();
  let isOpen = true;
  return {
    async sync() {
      const startedAtMs = performance.now();
      if (!patience.waits(startedAtMs)) return syncElsewhere(descriptor);
      try {
        fdatasyncSync(descriptor);
      } catch (error) {
        throw notDurable(error);
      }
      const endedAtMs = performance.now();
      patience.note(endedAtMs - startedAtMs, endedAtMs);
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

/** On Node's thread pool. */
function syncElsewhere(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => {
      if (error === null) resolve();
      else reject(notDurable(error));
    });
  });
}

function notDurable(cause: unknown): AppError {
  return new AppError(
    'store_unavailable',
    'The disk that holds the data folder does not confirm what was written: check the disk.',
    {},
    cause,
  );
}
