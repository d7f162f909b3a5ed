import { createMiddleware } from 'hono/factory';
import type { Clock } from '../clock.ts';
import type { AppErrorCode } from '../domain/app-error.ts';
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
  readonly code: AppErrorCode | null;
  readonly resource_id: string | null;
};

/** One line per request, once its answer is known. */
export function logRequest({ clock, log }: { readonly clock: Clock; readonly log: (line: RequestLine) => void }) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const startedAtMs = clock.now();
    await next();
    log({
      request_id: c.get('requestId'),
      method: c.req.method,
      route: c.get('route'),
      status: c.res.status,
      latency_ms: clock.now() - startedAtMs,
      key_id: c.get('keyId'),
      code: c.get('code'),
      resource_id: c.get('resourceId'),
    });
  });
}
