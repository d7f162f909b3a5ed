import type { Clock } from '../../clock.ts';
import { AppError } from '../../domain/app-error.ts';

/** Requests of one visitor at once. A person is slower. */
const VISITOR_BURST = 10;
/** Requests of all visitors at once: a stranger who drops the cookie is another visitor. */
const TOTAL_BURST = 60;
/** One visitor may make one request more after this time, and all visitors together ten. */
const REFILL_MS = 3000;
const MAX_VISITORS_KEPT = 1000;
/** Each stream holds a connection open. */
const MAX_STREAMS = 50;
const MAX_STREAMS_OF_ONE = 4;

export type DemoLimits = {
  /** Counts a request that costs something. Throws `too_many_requests`. */
  spend(userId: string): void;
  /** Takes a place for a stream, and returns the function that frees the place. Throws `too_many_requests`. */
  openStream(userId: string): () => void;
  openStreams(): number;
};

type Bucket = { tokens: number; atMs: number };

/** Limits of this process, so that nobody can keep a server busy through its demo page. */
export function createDemoLimits(clock: Clock): DemoLimits {
  const visitors = new Map<string, Bucket>();
  const total: Bucket = { tokens: TOTAL_BURST, atMs: clock.now() };
  const streams = new Map<string, number>();
  const openStreams = (): number => [...streams.values()].reduce((sum, count) => sum + count, 0);
  return {
    spend(userId) {
      const nowMs = clock.now();
      const own = visitors.get(userId) ?? { tokens: VISITOR_BURST, atMs: nowMs };
      visitors.delete(userId);
      visitors.set(userId, own);
      const [oldest] = visitors.keys();
      if (visitors.size > MAX_VISITORS_KEPT && oldest !== undefined) visitors.delete(oldest);
      if (!take(own, VISITOR_BURST, REFILL_MS, nowMs)) throw tooMany();
      if (!take(total, TOTAL_BURST, REFILL_MS / 10, nowMs)) throw tooMany();
    },
    openStream(userId) {
      const own = streams.get(userId) ?? 0;
      if (own >= MAX_STREAMS_OF_ONE || openStreams() >= MAX_STREAMS) throw tooMany();
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

/** Takes a token from a bucket that gets one back every `refillMs`; false where the bucket is empty. */
function take(bucket: Bucket, burst: number, refillMs: number, nowMs: number): boolean {
  bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs);
  bucket.atMs = nowMs;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

function tooMany(): AppError {
  return new AppError('too_many_requests', 'That was a lot at once. Wait a few seconds and try again.');
}
