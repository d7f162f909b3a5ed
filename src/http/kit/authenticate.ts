import type { Access } from '../../access/access.ts';
import { AppError } from '../../domain/app-error.ts';
import { type ApiContext, pathWithQuery } from './request-context.ts';

export type RouteAccess = 'key' | 'subscriber';

/** Lets only known callers pass. Runs after the raw body is read and before anything of it is parsed. */
export async function authenticate(c: ApiContext, access: Access, needed: RouteAccess): Promise<void> {
  const caller = await access.authenticate({
    method: c.req.method,
    pathWithQuery: pathWithQuery(c),
    rawBody: c.get('rawBody'),
    header: (name) => c.req.header(name),
  });
  c.set('caller', caller);
  if (caller.kind === 'subscriber' && needed === 'key') {
    throw new AppError(
      'subscriber_token_not_enough',
      'A subscriber token is good only for its user’s own subscriptions. This takes an API key.',
    );
  }
}
