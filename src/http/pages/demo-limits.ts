import type { RateLimit } from '../../domain/rate-limit.ts';
import { type RateLimiter, tooManyRequests } from '../../intake/rate-limiter.ts';

/** A person is slower. */
const OF_ONE_VISITOR: RateLimit = { burst: 10, refillMs: 3000 };
/** A stranger who drops the cookie is another visitor. */
const OF_ALL_VISITORS: RateLimit = { burst: 60, refillMs: 300 };
/** Each stream holds a connection open. */
const MAX_STREAMS = 50;
const MAX_STREAMS_OF_ONE = 4;
/** A place among them is free again within seconds, or when one is closed. */
const STREAM_WAIT_MS = 5000;

const A_LOT = 'That was a lot at once.';

export type DemoLimits = {
  /** Counts a request that costs something. Throws `too_many_requests`. */
  spend(userId: string): Promise<void>;
  /** Takes a place for a stream, and returns the function that frees the place. Throws `too_many_requests`. */
  openStream(userId: string): () => void;
  openStreams(): number;
};

/** So that nobody can keep a server busy through its demo page. Streams are counted in this process alone. */
export function createDemoLimits(limiter: RateLimiter): DemoLimits {
  const streams = new Map<string, number>();
  const openStreams = (): number => [...streams.values()].reduce((sum, count) => sum + count, 0);
  return {
    async spend(userId) {
      await limiter.demand(`demo ${userId}`, OF_ONE_VISITOR, A_LOT);
      await limiter.demand('demo', OF_ALL_VISITORS, A_LOT);
    },
    openStream(userId) {
      const own = streams.get(userId) ?? 0;
      if (own >= MAX_STREAMS_OF_ONE || openStreams() >= MAX_STREAMS) throw tooManyRequests(A_LOT, STREAM_WAIT_MS);
      streams.set(userId, own + 1);
      return () => {
        const left = (streams.get(userId) ?? 1) - 1;
        if (left > 0) streams.set(userId, left);
        else streams.delete(userId);
      };
    },
    openStreams,
  };
}
