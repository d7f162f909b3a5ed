import type { Context } from 'hono';
import type { AppErrorCode } from '../domain/app-error.ts';

/** What the pipeline learns about a request on its way, for the handlers and the log line. */
export type ApiEnv = {
  Variables: {
    requestId: string;
    /** The pattern, for example `/v1/notifications/:id`; null where no route matched. */
    route: string | null;
    keyId: string | null;
    rawBody: Uint8Array;
    code: AppErrorCode | null;
  };
};

export type ApiContext = Context<ApiEnv>;

/** Path and query as they were sent: what a caller signed. */
export function pathWithQuery(c: ApiContext): string {
  const afterScheme = c.req.url.indexOf('://') + 3;
  const pathStart = c.req.url.indexOf('/', afterScheme);
  return pathStart === -1 ? '/' : c.req.url.slice(pathStart);
}
