import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { Caller } from '../../access/access.ts';
import type { AppErrorCode } from '../../domain/app-error.ts';

/** What the pipeline learns about a request on its way, for the handlers and the log line. */
export type ApiEnv = {
  /** Under Node, the request as it was on the wire. */
  Bindings: { readonly incoming?: IncomingMessage };
  Variables: {
    requestId: string;
    /** Whether the answer was made with its `X-Request-Id`. */
    hasRequestIdHeader: boolean;
    /** The pattern, for example `/v1/notifications/:id`; null where no route matched. */
    route: string | null;
    /** Null until the credentials are checked, and where none are needed. */
    caller: Caller | null;
    rawBody: Uint8Array;
    code: AppErrorCode | null;
    /** What the request is about: the id in its path, or the one it was answered with. */
    resourceId: string | null;
  };
};

export type ApiContext = Context<ApiEnv>;

/** Path and query as they were sent: what a caller signed. */
export function pathWithQuery(c: ApiContext): string {
  // A Request normalises its URL: a quote or a dot segment would no longer be what the caller signed.
  const sent = c.env?.incoming?.url;
  if (sent?.startsWith('/')) return sent;
  const afterScheme = c.req.url.indexOf('://') + 3;
  const pathStart = c.req.url.indexOf('/', afterScheme);
  return pathStart === -1 ? '/' : c.req.url.slice(pathStart);
}
