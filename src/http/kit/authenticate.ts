import type { Access, Caller, Judged } from '../../access/access.ts';
import type { Scope } from '../../access/api-keys.ts';
import { AppError } from '../../domain/app-error.ts';
import { type ApiContext, targetOf } from './request-context.ts';

/** `metrics`: a key, or the token for metrics. */
export type RouteAccess = 'key' | 'subscriber' | 'metrics';

/** Refuses a key without this scope. A subscriber's token has none: it is bound to its user, and to fewer routes. */
export function demandScope(caller: Caller, scope: Scope): void {
  if (caller.kind !== 'key' || caller.scopes.includes(scope)) return;
  throw new AppError(
    'insufficient_scope',
    `The key ${caller.keyId} may not do this: it has ${caller.scopes.join(' and ')}, and this needs ${scope}.`,
    { needed_scope: scope, scopes: caller.scopes },
  );
}

/** Refuses a caller for whatever shows without the body, which is not read for a stranger. Runs before anything is parsed. */
export function judgeCaller(
  c: ApiContext,
  access: Access,
  { access: needed, scope }: { readonly access: RouteAccess; readonly scope: Scope },
): Judged {
  const judged = access.judgeHead(
    { method: c.req.method, target: targetOf(c), header: (name) => c.req.header(name) },
    needed === 'metrics' ? 'metrics' : 'api',
  );
  if (judged.kind === 'signed') return judged;
  c.set('caller', judged);
  if (judged.kind === 'subscriber' && needed !== 'subscriber') {
    throw new AppError(
      'subscriber_token_not_enough',
      'A subscriber token is good only for its user’s own subscriptions and preferences. This takes an API key.',
    );
  }
  demandScope(judged, scope);
  return judged;
}

/** The user that a subscriber's token is bound to; null with an API key, which may act for anybody. */
export function boundUser(c: ApiContext): string | null {
  const caller = c.get('caller');
  return caller?.kind === 'subscriber' ? caller.userId : null;
}

/**
 * The user that a request is about: the one it names, else the one of its token; null where there is neither. Throws
 * `subscriber_token_not_enough` where the two differ.
 */
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
