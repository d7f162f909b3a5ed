import { closedError, lateError, toStorageError } from './mongo-error.ts';

/** Who may ask MongoDB, and for how long: every call of the port goes through here. */
export interface Operations {
  /**
   * Runs `work`. Rejects with AppError `store_unavailable` where MongoDB is away, at the latest after the limit; what
   * was asked may then have happened or not.
   */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  /** As `run`, for work that takes as long as it takes. */
  runLong<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Takes nothing more, and resolves when what is under way has ended. */
  finish(): Promise<void>;
}

export function trackOperations(limitMs: number): Operations {
  const underWay = new Set<Promise<unknown>>();
  let isOpen = true;

  const runLong = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (!isOpen) throw closedError();
    const running = work();
    underWay.add(running);
    try {
      return await running;
    } catch (error) {
      throw toStorageError(error);
    } finally {
      underWay.delete(running);
    }
  };

  return {
    runLong,
    run: (work) => withinLimit(runLong(work), limitMs),
    async finish() {
      isOpen = false;
      await Promise.allSettled(underWay);
    },
  };
}

/** Sockets that swallow everything are given up by the driver too, but only after trying again. */
function withinLimit<Value>(running: Promise<Value>, limitMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(lateError()), limitMs);
    running.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
