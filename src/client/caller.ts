import { BellhopError } from './bellhop-error.ts';
import { type RetryPolicy, retryAfterSeconds, wait, waitBeforeRetry } from './retry.ts';
import { type Signer, signedHeaders } from './signing.ts';

export type CallOptions = {
  /** Ends the call, waits between tries included, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

export type CallerOptions = RetryPolicy & {
  /** Without a slash at its end. */
  readonly url: string;
  readonly signer: Signer;
  readonly keyId: string | null;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
};

type Call = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
  /** False: a call that may have been done is not made again. Only a refusal of which that is certain is. */
  readonly isRepeatable?: boolean;
};

export type Caller = <Result>(call: Call) => Promise<Result>;

type Prepared = Call & { readonly pathWithQuery: string; readonly text: string; readonly requestId: string };

/** Makes signed calls, each try with a signature of its own, and tries again what may pass. */
export function createCaller(options: CallerOptions): Caller {
  return async <Result>(call: Call): Promise<Result> => {
    const prepared: Prepared = {
      ...call,
      pathWithQuery: call.path + queryText(call.query ?? {}),
      text: call.body === undefined ? '' : JSON.stringify(call.body),
      requestId: crypto.randomUUID(),
    };
    for (let retriesSpent = 0; ; retriesSpent += 1) {
      try {
        return (await attempt(options, prepared)) as Result;
      } catch (error) {
        // What an earlier try deleted, whose answer was lost, is not there any more.
        if (call.method === 'DELETE' && retriesSpent > 0 && isNotFound(error)) return null as Result;
        const isSafe = call.isRepeatable !== false || isRefusedUndone(error);
        const waitMs = isSafe ? waitBeforeRetry(error, retriesSpent, options) : null;
        if (waitMs === null) throw error;
        await wait(waitMs, call.signal);
      }
    }
  };
}

async function attempt(options: CallerOptions, call: Prepared): Promise<unknown> {
  const { method, pathWithQuery: path, text: body, requestId } = call;
  const { idempotencyKey = null } = call;
  const headers = {
    ...(await signedHeaders(options.signer, { keyId: options.keyId, method, path, idempotencyKey, body })),
    ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    'X-Request-Id': requestId,
  };
  call.signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  const timer = setTimeout(() => stop.abort(), options.timeoutMs);
  call.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const init = { method, headers, redirect: 'manual' as const, signal: stop.signal };
    // Not called as a method: some runtimes refuse that.
    const { fetch } = options;
    const response = await fetch(`${options.url}${path}`, call.body === undefined ? init : { ...init, body });
    return readAnswer(response, await response.text(), requestId);
  } catch (error) {
    if (error instanceof BellhopError) throw error;
    call.signal?.throwIfAborted();
    const message = stop.signal.aborted ? `no answer within ${options.timeoutMs} ms` : 'no connection, or it broke';
    const code = stop.signal.aborted ? 'timeout' : 'connection_failed';
    throw new BellhopError(`Bellhop at ${options.url}: ${message}.`, { code, requestId, cause: error });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', onAbort);
  }
}

/** What an answer holds. Throws a `BellhopError` where it is a refusal, or not Bellhop’s. */
export function readAnswer(response: Response, text: string, sentId: string): unknown {
  const { status, headers } = response;
  if (status === 204) return null;
  const body = /json/.test(headers.get('content-type') ?? '') ? parse(text) : null;
  if (response.ok && body !== null) return body;
  const requestId = headers.get('x-request-id') ?? sentId;
  const common = { status, requestId, retryAfterSeconds: retryAfterSeconds(headers.get('retry-after'), Date.now()) };
  if (response.ok || body === null || typeof body.code !== 'string') {
    const where = headers.get('location');
    const hint = status >= 300 && status < 400 && where !== null ? `, with ${where} as the place to go` : '';
    const message = `The answer (${status}) is not Bellhop’s: it is from something on the way${hint}. Check the url.`;
    throw new BellhopError(message, { ...common, code: 'unexpected_answer' });
  }
  const { code, detail, type: _type, title, status: _status, request_id: _requestId, ...details } = body;
  throw new BellhopError(`${detail ?? title}${issuesText(details.issues)}`, { ...common, code, details });
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function issuesText(issues: unknown): string {
  if (!Array.isArray(issues)) return '';
  return issues.map(({ path, message }) => ` ${path}: ${message}.`).join('');
}

function queryText(query: NonNullable<Call['query']>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return text === '' ? '' : `?${text}`;
}

function isNotFound(error: unknown): boolean {
  return error instanceof BellhopError && error.status === 404 && error.code.endsWith('_not_found');
}

function isRefusedUndone(error: unknown): boolean {
  return error instanceof BellhopError && error.code === 'shutting_down';
}
