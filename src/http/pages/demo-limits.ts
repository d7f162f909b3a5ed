import { A_LOT, spendAsVisitor } from '../../intake/demo-visitors.ts';
import { type RateLimiter, tooManyRequests } from '../../intake/rate-limiter.ts';

/** Each stream holds a connection open. */
const MAX_STREAMS = 50;
const MAX_STREAMS_OF_ONE = 4;
/** A place among them is free again within seconds, or when one is closed. */
const STREAM_WAIT_MS = 5000;

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
    spend: (userId) => spendAsVisitor(limiter, userId),
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
