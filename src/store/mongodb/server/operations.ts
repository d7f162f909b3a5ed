import { closedError, lateError, toStorageError } from './mongo-error.ts';

/** Who may ask MongoDB, and for how long: every call of the port goes through here. */
export interface Operations {
  /**
   * Runs `work`. Rejects with AppError `store_unavailable` where MongoDB is away, at the latest after the limit; what
   * was asked may then have happened or not.
   */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  /** As `run`, for work that may take minutes. */
  runLong<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Takes nothing more, and resolves when what is under way has ended, at the latest after the limit. */
  finish(): Promise<void>;
}

const LONG_LIMIT_MS = 300_000;

/**
 * The limit is kept here and not left to the driver: it tries again by itself, and now and then, when a server is killed,
 * one of its calls never ends. `onFailure` is called where MongoDB was away: what was asked may have happened in part.
 */
export function trackOperations(limitMs: number, onFailure: () => void = () => {}): Operations {
  const underWay = new Set<Promise<unknown>>();
  let isOpen = true;

  const start = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (!isOpen) throw closedError();
    const running = work();
    underWay.add(running);
    try {
      return await running;
    } catch (error) {
      const seen = toStorageError(error);
      if (seen !== error) onFailure();
      throw seen;
    } finally {
      underWay.delete(running);
    }
  };

  return {
    run: (work) => withinLimit(start(work), limitMs),
    runLong: (work) => withinLimit(start(work), LONG_LIMIT_MS),
    async finish() {
      isOpen = false;
      await withinLimit(Promise.allSettled(underWay), limitMs).catch(() => {});
    },
  };
}

function withinLimit<Value>(running: Promise<Value>, limitMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(lateError()), limitMs);
    running.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
