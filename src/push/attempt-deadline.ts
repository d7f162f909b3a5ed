import { setMaxListeners } from 'node:events';

export type AttemptDeadline = {
  /** Aborts at the deadline, or with the caller's signal. */
  readonly signal: AbortSignal;
  /** Rejects when the signal aborts. */
  readonly over: Promise<never>;
  /** Why it aborted, or null while it has not. */
  gaveUp(): 'timeout' | 'aborted' | null;
  stop(): void;
};

/**
 * One deadline for a whole attempt, `timeoutMs` from now. Real time, not the service's clock: it bounds a socket.
 * Made by hand for `stop`: AbortSignal.any and AbortSignal.timeout would stay attached to the caller's signal, which
 * lives as long as the process.
 */
export function startDeadline(timeoutMs: number, callerSignal: AbortSignal): AttemptDeadline {
  const controller = new AbortController();
  let reason: 'timeout' | 'aborted' | null = null;
  const giveUp = (why: 'timeout' | 'aborted'): void => {
    reason ??= why;
    controller.abort();
  };
  const onAbort = (): void => giveUp('aborted');
  const timer = setTimeout(giveUp, timeoutMs, 'timeout');
  // Every send in flight listens to the one signal; Node takes more than ten for a leak and says so on stderr.
  setMaxListeners(0, callerSignal);
  callerSignal.addEventListener('abort', onAbort, { once: true });

  const over = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  // Whoever has an answer by then no longer waits for it.
  over.catch(() => undefined);

  return {
    signal: controller.signal,
    over,
    gaveUp: () => reason,
    stop() {
      clearTimeout(timer);
      callerSignal.removeEventListener('abort', onAbort);
    },
  };
}
