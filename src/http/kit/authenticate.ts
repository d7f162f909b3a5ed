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

/** The user that a subscriber's token is bound to; null with an API key, which may act for anybody. */
export function boundUser(c: ApiContext): string | null {
  const caller = c.get('caller');
  return caller?.kind === 'subscriber' ? caller.userId : null;
}

/** The user that a request is about: the one it names, which a token must agree with, else the token's; null: none. */
export function namedUser(c: ApiContext, named: string | undefined): string | null {
  const bound = boundUser(c);
  if (bound !== null && named !== undefined && named !== bound) {
    throw new AppError(
      'subscriber_token_not_enough',
      'user_id is not the user of this token (“sub”). Leave it out, or use an API key.',
    );
  }
  return named ?? bound;
}
