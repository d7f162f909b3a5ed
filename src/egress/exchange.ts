import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** A POST to a push service. `path` with the query. */
export type PushRequest = {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** `body`: its first 64 KiB as text. */
export type PushAnswer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

export type GaveUp = 'timeout' | 'aborted';

export type ExchangeLimits = {
  /** The most it may take in all, waiting for a connection included, in milliseconds. Real time: it bounds a socket. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** How an agent is made whose requests this sends: one deadline holds for a whole exchange; undici's own start anew with every chunk. */
export const FOR_EXCHANGES = { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 } as const;

const MAX_ANSWER_OCTETS = 64 * 1024;

/**
 * One request and its answer, or why it was given up. Rejects with what went wrong on the way. The status line is the
 * answer: a body that breaks off, grows too long or is given up takes nothing from it, and is not waited for.
 *
 * Listens to undici itself: `request()` makes a stream and an AbortController for each, which cost three times as much
 * processor time as all the rest of sending.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: PushRequest,
  { timeoutMs, signal }: ExchangeLimits,
): Promise<PushAnswer | GaveUp> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => handler.giveUp('aborted');
    const timer = setTimeout(() => handler.giveUp('timeout'), timeoutMs);
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const handler = new Exchange({ resolve, reject, stop });
    // Every send in flight listens to the one signal; Node takes more than ten for a leak and says so on stderr.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch({ ...request, method: 'POST' }, handler);
  });
}

type Ending = {
  readonly resolve: (ending: PushAnswer | GaveUp) => void;
  readonly reject: (error: unknown) => void;
  /** Takes the timer and the listener away. */
  readonly stop: () => void;
};

class Exchange implements Dispatcher.DispatchHandler {
  private readonly ending: Ending;
  private controller: Dispatcher.DispatchController | null = null;
  private answer: Omit<PushAnswer, 'body'> | null = null;
  private readonly chunks: Uint8Array[] = [];
  private octets = 0;
  private hasEnded = false;

  constructor(ending: Ending) {
    this.ending = ending;
  }

  giveUp(why: GaveUp): void {
    this.end(why);
    this.controller?.abort(new Error(why));
  }

  /** undici calls it once there is a connection; by then the wait may have been too long. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.hasEnded) controller.abort(new Error('given up'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Others may follow after a 1xx (RFC 9110 section 15.2).
    if (status >= 200) this.answer = { status, headers };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.octets += chunk.byteLength;
    if (this.octets < MAX_ANSWER_OCTETS) return;
    this.end(null);
    controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    this.end(null);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.end(error);
  }

  private end(cause: GaveUp | Error | null): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.ending.stop();
    if (this.answer !== null) this.ending.resolve({ ...this.answer, body: this.text() });
    else if (typeof cause === 'string') this.ending.resolve(cause);
    else this.ending.reject(cause ?? new Error('the exchange ended without an answer'));
  }

  private text(): string {
    return this.octets === 0 ? '' : Buffer.concat(this.chunks).subarray(0, MAX_ANSWER_OCTETS).toString('utf8');
  }
}
