import type { IncomingMessage } from 'node:http';
import { createMiddleware } from 'hono/factory';
import type { Caller } from '../../access/access.ts';
import type { ClientFinder } from '../../access/client-address.ts';
import type { Clock } from '../../clock.ts';
import type { AppErrorCode } from '../../domain/app-error.ts';
import { traceIdOf } from '../../domain/trace.ts';
import type { ApiEnv } from './request-context.ts';

/** One request as the log shows it. The route is a pattern: a path may hold what a log must not. */
export type RequestLine = {
  readonly request_id: string;
  /** Where the call is part of a trace. */
  readonly trace_id?: string;
  readonly method: string;
  /** Null where no route matched. */
  readonly route: string | null;
  readonly status: number;
  readonly latency_ms: number;
  readonly key_id: string | null;
  /** A back end that proved the key itself, or a page with a token that the key signed. */
  readonly caller: Caller['kind'] | null;
  /** Only for the console’s pages: who looks. */
  readonly operator?: string;
  readonly code: AppErrorCode | null;
  readonly resource_id: string | null;
  /** Only where the answer repeats that to an earlier call with the same idempotency key. */
  readonly replayed?: true;
  /** The address that the request came from, as far as trusted proxies tell. Null without a network connection. */
  readonly client: string | null;
};

export type RequestLogOptions = {
  readonly clock: Clock;
  readonly log: (line: RequestLine) => void;
  readonly findClient: ClientFinder;
};

/** Who sent this, for its line of the log. */
export function clientOf(incoming: IncomingMessage, findClient: ClientFinder): string | null {
  return findClient({
    remoteAddress: incoming.socket.remoteAddress,
    header: (name) => incoming.headers[name]?.toString(),
  });
}

type Refusal = {
  readonly requestId: string;
  readonly method: string;
  readonly status: number;
  readonly code: AppErrorCode;
  readonly client: string | null;
};

/** The line of what was refused before it came to the routes. */
export function refusalLine({ requestId, method, status, code, client }: Refusal): RequestLine {
  return {
    request_id: requestId,
    method,
    route: null,
    status,
    latency_ms: 0,
    key_id: null,
    caller: null,
    code,
    resource_id: null,
    client,
  };
}

/** One line per request, once its answer is known. */
export function logRequest({ clock, log, findClient }: RequestLogOptions) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const startedAtMs = clock.now();
    const { incoming } = c.env ?? {};
    // A connection that is broken by the time of the answer has no address any more.
    const client = incoming === undefined ? null : clientOf(incoming, findClient);
    c.set('client', client);
    await next();
    const caller = c.get('caller');
    const operator = c.get('operator');
    const trace = c.get('trace');
    log({
      request_id: c.get('requestId'),
      ...(trace === undefined ? {} : { trace_id: traceIdOf(trace) }),
      method: c.req.method,
      route: c.get('route'),
      status: c.res.status,
      latency_ms: clock.now() - startedAtMs,
      key_id: caller?.keyId ?? null,
      caller: caller?.kind ?? null,
      ...(operator === undefined ? {} : { operator }),
      code: c.get('code'),
      resource_id: c.get('resourceId'),
      ...(c.get('isReplay') === true ? { replayed: true as const } : {}),
      client,
    });
  });
}
