import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Coordination } from './coordination.ts';

export type RedisCoordinationOptions = {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  /** How long a leader that died is waited for. Longer than the pause between two ticks of any loop it holds. */
  readonly leaseMs?: number;
  /** Told once for each time that Redis is lost. */
  readonly onError: (error: unknown) => void;
};

const DEFAULT_LEASE_MS = 15_000;
const ANSWER_LIMIT_MS = 1000;
const LONGEST_WAIT_MS = 1000;

// Takes a lease that is free, and extends one's own. Gives 1 where it is held afterwards.
const HOLD = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const LET_GO = `
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return 1`;

/** Leases in Redis, by one connection that is made again for as long as the process lives. */
export function createRedisCoordination(options: RedisCoordinationOptions): Coordination {
  const { leaseMs = DEFAULT_LEASE_MS } = options;
  const me = randomUUID();
  const held = new Set<string>();
  const redis = connect(options);
  let isOpen = true;
  return {
    async lead(loop) {
      const key = keyOf(loop);
      try {
        const leads = (await redis.eval(HOLD, 1, key, me, leaseMs)) === 1;
        if (leads) held.add(key);
        else held.delete(key);
        return leads;
      } catch {
        return isOpen;
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await Promise.allSettled([...held].map((key) => redis.eval(LET_GO, 1, key, me)));
      redis.disconnect();
    },
  };
}

function keyOf(loop: string): string {
  return `bellhop:leader:${loop}`;
}

function connect({ url, onError }: RedisCoordinationOptions): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: ANSWER_LIMIT_MS,
    connectTimeout: ANSWER_LIMIT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_WAIT_MS),
  });
  let isTold = false;
  redis.on('ready', () => {
    isTold = false;
  });
  redis.on('error', (error) => {
    if (!isTold) onError(error);
    isTold = true;
  });
  return redis;
}
