import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'hono';
import type { Caller } from '../../access/access.ts';
import type { AppErrorCode } from '../../domain/app-error.ts';
import type { BodyStream } from './streams.ts';
import { invalidRequest } from './validation.ts';

/** What the pipeline learns about a request on its way, for the handlers and the log line. */
export type ApiEnv = {
  /** Under Node, the request as it was on the wire. */
  Bindings: { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse };
  Variables: {
    requestId: string;
    /** The `traceparent` of what this request leads to. */
    trace?: string;
    /** Whether the answer was made with its `X-Request-Id` and the headers that all answers have. */
    hasCommonHeaders: boolean;
    /** The pattern, for example `/v1/notifications/:id`; null where no route matched. */
    route: string | null;
    /** Null until the credentials are checked, and where none are needed. */
    caller: Caller | null;
    /** The address that the request came from, as far as trusted proxies tell. */
    client?: string | null;
    /** Who is signed in at the console that this request came from. */
    operator?: string;
    rawBody: Uint8Array;
    /** On routes that take lines. */
    bodyStream?: BodyStream;
    code: AppErrorCode | null;
    /** The answer repeats that to an earlier call with the same idempotency key. */
    isReplay?: true;
    /** What the request is about: the id in its path, or the one it was answered with. */
    resourceId: string | null;
  };
};

export type ApiContext = Context<ApiEnv>;

/**
 * Path and query as they were sent: what a caller signed. Throws `invalid_request` where routing went by another path, so
 * that no signature is good for what it does not cover, whatever makes a URL of a request in front of this app.
 */
export function targetOf(c: ApiContext): string {
  const { url } = c.req;
  const pathAt = url.indexOf('/', url.indexOf('://') + 3);
  const routed = pathAt === -1 ? '/' : url.slice(pathAt);
  const sent = c.env?.incoming?.url ?? routed;
  if (sent === routed || pathOf(sent) === pathOf(routed)) return sent;
  throw invalidRequest([{ path: 'target', message: 'is not what this request would be routed by' }]);
}

function pathOf(target: string): string {
  const queryAt = target.indexOf('?');
  return queryAt === -1 ? target : target.slice(0, queryAt);
}
