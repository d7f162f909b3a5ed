import { BellhopError } from './bellhop-error.ts';
import { type CallerOptions, type CallOptions, readAnswer } from './caller.ts';
import type { NotificationInput } from './resources.ts';
import { wait, waitBeforeRetry } from './retry.ts';
import { signedHeaders } from './signing.ts';

/** One of many. Unless it has a key, one is made, so that nothing is sent twice within the call. */
export type BulkNotification = NotificationInput & { readonly idempotency_key?: string | undefined };

export type BulkNotificationResult = {
  /** Which of those that were given, from 1. */
  readonly line: number;
  /** `repeated`: it came before. `refused`: mend it. `failed`: something is wrong at the service. */
  readonly status: 'accepted' | 'repeated' | 'refused' | 'failed';
  readonly id: string | null;
  readonly idempotency_key: string | null;
  readonly warnings: readonly string[];
  /** Where it was not accepted: why. */
  readonly problem?: Problem | undefined;
};

export type Problem = {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly request_id: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[] | undefined;
};

export type SendMany = (
  notifications: AsyncIterable<BulkNotification> | Iterable<BulkNotification>,
  options?: CallOptions,
) => AsyncGenerator<BulkNotificationResult>;

/** A signature covers a whole body, so they are sent in bodies of this size at most: see `docs/http.md`. */
const MOST_LINES = 500;
const MOST_OCTETS = 1_000_000;

/** What comes slowly is not kept waiting for more. */
const LINGER_MS = 20;

const PATH = '/v1/notifications/bulk';

type Line = { readonly number: number; readonly text: string; readonly octets: number };

/** Sends notifications as they come, and gives one result for each, in order; after a broken connection it goes on where it was. */
export function createSendMany(options: CallerOptions): SendMany {
  return async function* sendMany(notifications, { signal } = {}) {
    for await (const batch of batchesOf(notifications)) yield* sendBatch(options, batch, signal);
  };
}

/** The same lines are sent again after a break: their keys tell the service which it has. */
async function* sendBatch(
  options: CallerOptions,
  batch: readonly Line[],
  signal: AbortSignal | undefined,
): AsyncGenerator<BulkNotificationResult> {
  let done = 0;
  for (let retriesSpent = 0; done < batch.length; ) {
    const before = done;
    try {
      const requestId = crypto.randomUUID();
      for await (const result of attempt(options, batch.slice(before), requestId, signal)) {
        if (result.problem?.status === 503) throw errorOf(result.problem);
        const line = batch[done]?.number ?? 0;
        done += 1;
        yield { ...result, line };
      }
      if (done < batch.length) throw broken(options, requestId, null);
    } catch (error) {
      if (done > before) retriesSpent = 0;
      const waitMs = waitBeforeRetry(error, retriesSpent, options);
      if (waitMs === null) throw error;
      retriesSpent += 1;
      await wait(waitMs, signal);
    }
  }
}

/** One call, with the results as they arrive. */
async function* attempt(
  options: CallerOptions,
  lines: readonly Line[],
  requestId: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<BulkNotificationResult> {
  const { fetch, timeoutMs, url, signer, keyId } = options;
  const body = lines.map(({ text }) => `${text}\n`).join('');
  const signed = await signedHeaders(signer, { keyId, method: 'POST', path: PATH, idempotencyKey: null, body });
  const headers = { ...signed, 'Content-Type': 'application/x-ndjson', 'X-Request-Id': requestId };
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  let timer = setTimeout(onAbort, timeoutMs);
  const isAlive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onAbort, timeoutMs);
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const init = { method: 'POST', headers, body, redirect: 'manual' as const, signal: stop.signal };
    const response = await fetch(`${url}${PATH}`, init);
    const isLines = /ndjson/.test(response.headers.get('content-type') ?? '');
    if (!response.ok || !isLines || response.body === null) readAnswer(response, await response.text(), requestId);
    else yield* resultsIn(response.body, isAlive);
  } catch (error) {
    if (error instanceof BellhopError) throw error;
    signal?.throwIfAborted();
    throw broken(options, requestId, error, stop.signal.aborted);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    stop.abort();
  }
}

async function* resultsIn(
  body: ReadableStream<Uint8Array>,
  isAlive: () => void,
): AsyncGenerator<BulkNotificationResult> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    isAlive();
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    // What is cut off by a break is no result.
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as BulkNotificationResult;
  }
}

async function* batchesOf(
  notifications: AsyncIterable<BulkNotification> | Iterable<BulkNotification>,
): AsyncGenerator<readonly Line[]> {
  const iterator = iteratorOf(notifications);
  let next = read(iterator);
  let batch: Line[] = [];
  let octets = 0;
  try {
    for (let number = 1; ; number += 1) {
      const isLate = batch.length > 0 && (await within(LINGER_MS, next)) === null;
      if (isLate) yield batch;
      if (isLate) [batch, octets] = [[], 0];
      const found = await next;
      if (found.done) break;
      const line = lineOf(number, found.value);
      if (batch.length === MOST_LINES || (batch.length > 0 && octets + line.octets > MOST_OCTETS)) {
        yield batch;
        [batch, octets] = [[], 0];
      }
      batch.push(line);
      octets += line.octets;
      next = read(iterator);
    }
    if (batch.length > 0) yield batch;
  } finally {
    await iterator.return?.();
  }
}

function iteratorOf<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncIterator<Item> | Iterator<Item> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

/** What goes wrong with it is told when it is waited for. */
function read<Item>(iterator: AsyncIterator<Item> | Iterator<Item>): Promise<IteratorResult<Item>> {
  const reading = (async () => iterator.next())();
  reading.catch(() => {});
  return reading;
}

/** Null where it takes longer. */
async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function lineOf(number: number, { idempotency_key: key, ...notification }: BulkNotification): Line {
  const text = JSON.stringify({ idempotency_key: key ?? crypto.randomUUID(), ...notification });
  return { number, text, octets: new TextEncoder().encode(text).length };
}

function errorOf({ status, code, detail, request_id: requestId, ...details }: Problem): BellhopError {
  return new BellhopError(detail, { status, code, requestId, details });
}

function broken({ url, timeoutMs }: CallerOptions, requestId: string, cause: unknown, isLate = false): BellhopError {
  const message = isLate ? `nothing came for ${timeoutMs} ms` : 'no connection, or it broke';
  const code = isLate ? 'timeout' : 'connection_failed';
  return new BellhopError(`Bellhop at ${url}: ${message}.`, { code, requestId, cause });
}
