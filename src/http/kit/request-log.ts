import { createMiddleware } from 'hono/factory';
import type { Caller } from '../../access/access.ts';
import type { Clock } from '../../clock.ts';
import type { AppErrorCode } from '../../domain/app-error.ts';
import type { ApiEnv } from './request-context.ts';

/** One request as the log shows it. The route is a pattern: a path may hold what a log must not. */
export type RequestLine = {
  readonly request_id: string;
  readonly method: string;
  /** Null where no route matched. */
  readonly route: string | null;
  readonly status: number;
  readonly latency_ms: number;
  readonly key_id: string | null;
  /** A back end that proved the key itself, or a page with a token that the key signed. */
  readonly caller: Caller['kind'] | null;
  readonly code: AppErrorCode | null;
  readonly resource_id: string | null;
};

/** One line per request, once its answer is known. */
export function logRequest({ clock, log }: { readonly clock: Clock; readonly log: (line: RequestLine) => void }) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const startedAtMs = clock.now();
    await next();
    const caller = c.get('caller');
    log({
      request_id: c.get('requestId'),
      method: c.req.method,
      route: c.get('route'),
      status: c.res.status,
      latency_ms: clock.now() - startedAtMs,
      key_id: caller?.keyId ?? null,
      caller: caller?.kind ?? null,
      code: c.get('code'),
      resource_id: c.get('resourceId'),
    });
  });
}
