import { randomBytes } from 'node:crypto';
import type { RateLimit } from '../domain/rate-limit.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** A person is slower. */
const OF_ONE_VISITOR: RateLimit = { burst: 10, refillMs: 3000 };
/** A stranger who drops the cookie is another visitor. */
const OF_ALL_VISITORS: RateLimit = { burst: 60, refillMs: 300 };

/** What somebody is told who does more than that. */
export const A_LOT = 'That was a lot at once.';

/** A user id that nobody can guess, and that no back end would choose. */
export function newVisitor(): string {
  return `demo-${randomBytes(16).toString('base64url')}`;
}

/** Whether `newVisitor` makes such ids. */
export function isVisitor(userId: string): boolean {
  return /^demo-[A-Za-z0-9_-]{22}$/.test(userId);
}

/** Counts what costs something, of this visitor and of all together. Throws `too_many_requests`. */
export async function spendAsVisitor(limiter: RateLimiter, userId: string): Promise<void> {
  await limiter.demand(`demo ${userId}`, OF_ONE_VISITOR, A_LOT);
  await limiter.demand('demo', OF_ALL_VISITORS, A_LOT);
}
