import { createMiddleware } from 'hono/factory';
import type { Clock } from '../../clock.ts';
import { requestId as newRequestId, type Random } from '../../domain/ids.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import type { ApiContext, ApiEnv } from './request-context.ts';

export type RequestIdOptions = { readonly clock: Clock; readonly random: Random };

/** Other characters could break a log line apart. */
const USABLE = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's own where usable, else a new one. */
export function requestIdOf(given: string | undefined, { clock, random }: RequestIdOptions): string {
  return given !== undefined && USABLE.test(given) ? given : newRequestId(clock.now(), random);
}

/** What the caller calls this request; null where it gave no name, or none that is usable. */
export function givenRequestId(c: ApiContext): string | null {
  const requestId = c.get('requestId');
  return c.req.header('x-request-id') === requestId ? requestId : null;
}

/** Gives every answer an `X-Request-Id`, and the headers that all answers have. */
export function assignRequestId(options: RequestIdOptions) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const requestId = requestIdOf(c.req.header('x-request-id'), options);
    c.set('requestId', requestId);
    c.set('route', null);
    c.set('caller', null);
    c.set('code', null);
    c.set('resourceId', null);
    c.set('rawBody', new Uint8Array());
    c.set('hasCommonHeaders', false);
    await next();
    // Adding a header to a finished answer costs as much as making one, so the answers of routes come with these.
    if (c.get('hasCommonHeaders')) return;
    c.header('X-Request-Id', requestId);
    for (const [name, value] of Object.entries(ANSWER_HEADERS)) if (!c.res.headers.has(name)) c.header(name, value);
  });
}
