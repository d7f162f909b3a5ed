import { createMiddleware } from 'hono/factory';
import type { Access } from '../intake/access.ts';
import { type ApiEnv, pathWithQuery } from './request-context.ts';

/** Lets only known callers pass. Runs after the raw body is read and before anything of it is parsed. */
export function authenticate(access: Access) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const { keyId } = await access.authenticate({
      method: c.req.method,
      pathWithQuery: pathWithQuery(c),
      rawBody: c.get('rawBody'),
      header: (name) => c.req.header(name),
    });
    c.set('keyId', keyId);
    await next();
  });
}
