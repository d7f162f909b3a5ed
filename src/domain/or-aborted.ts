/**
 * What comes of the work, or null where the signal is aborted first. With `Promise.race` and one promise for a signal that lives long, each
 * answer would be kept for as long as the signal: the promise remembers every race it has part in.
 */
export function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value | null> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(null);
    const settled = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    work.then(
      (value) => settled(() => resolve(value)),
      (error: unknown) => settled(() => reject(error)),
    );
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
