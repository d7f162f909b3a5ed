import { createMiddleware } from 'hono/factory';
import type { Clock } from '../../clock.ts';
import { requestId as newRequestId, type Random } from '../../domain/ids.ts';
import type { ApiEnv } from './request-context.ts';

/** Anything else could break a log line apart. */
const USABLE = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives every answer an `X-Request-Id`: the caller's own where usable, else a new one. */
export function assignRequestId({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const given = c.req.header('x-request-id') ?? '';
    const requestId = USABLE.test(given) ? given : newRequestId(clock.now(), random);
    c.set('requestId', requestId);
    c.set('route', null);
    c.set('caller', null);
    c.set('code', null);
    c.set('resourceId', null);
    c.set('rawBody', new Uint8Array());
    c.set('hasRequestIdHeader', false);
    await next();
    // To add a header to an answer that is made costs as much as making another, so the answers of routes have it already.
    if (!c.get('hasRequestIdHeader')) c.header('X-Request-Id', requestId);
  });
}
