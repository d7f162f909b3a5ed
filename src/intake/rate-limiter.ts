import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { AppError } from '../domain/app-error.ts';
import type { RateLimit } from '../domain/rate-limit.ts';

/** Refuses whoever does something too often. */
export type RateLimiter = {
  /**
   * Counts one for this spender. Throws `too_many_requests`, which says when to come again, where the limit is reached.
   * `advice` is a sentence that says what is too much.
   */
  demand(spender: string, limit: RateLimit, advice: string): Promise<void>;
};

export type RateLimiterOptions = { readonly coordination: Pick<Coordination, 'spend'>; readonly clock: Clock };

/** Counts in all processes together, as far as coordination can. */
export function createRateLimiter({ coordination, clock }: RateLimiterOptions): RateLimiter {
  return {
    async demand(spender, limit, advice) {
      const waitMs = await coordination.spend(spender, limit, clock.now());
      if (waitMs > 0) throw tooManyRequests(advice, waitMs);
    },
  };
}

/** The refusal of who shall come again after so long. */
export function tooManyRequests(advice: string, waitMs: number): AppError {
  const seconds = Math.ceil(waitMs / 1000);
  return new AppError('too_many_requests', `${advice} Try again in ${seconds} s.`, { retry_after_seconds: seconds });
}
