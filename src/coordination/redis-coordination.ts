import { createHash, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { LONGEST_PAUSE_MS } from '../domain/push-service/origin-pause.ts';
import { refillOfBurstMs } from '../domain/rate-limit.ts';
import { redisFaultOf } from '../domain/redis-fault.ts';
import type { Coordination } from './coordination.ts';
import { createOriginPauses, type OriginPauses } from './origin-pauses.ts';
import { createSpending } from './spending.ts';

export type RedisCoordinationOptions = {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  /** Certificate authorities to trust, where not the well-known ones alone. */
  readonly ca?: readonly string[] | null;
  /** How long a leader that died is waited for. Longer than the pause between two ticks of any loop it holds. */
  readonly leaseMs?: number;
  /** Told once for each time that Redis is lost. */
  readonly onError: (error: unknown) => void;
};

const DEFAULT_LEASE_MS = 15_000;
const ANSWER_LIMIT_MS = 1000;
const LONGEST_WAIT_MS = 1000;
/** A connection on which nothing was answered for so long leads nowhere any more. */
const SILENCE_LIMIT_MS = 3000;
/** What was refused so long ago no longer slows the next connection. */
const FORGOTTEN_AFTER_MS = 10_000;

// Takes a lease that is free, and extends one's own. Gives 1 where it is held afterwards.
const HOLD = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const LET_GO = `
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return 1`;

// Keeps the longer of two pauses, and tells the others of a new one.
const PAUSE = `
if tonumber(ARGV[2]) <= tonumber(redis.call('hget', KEYS[1], ARGV[1]) or '0') then return 0 end
redis.call('hset', KEYS[1], ARGV[1], ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[3])
redis.call('publish', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
return 1`;

// `spendOne` of domain/rate-limit.ts, in one step for all processes. Lua would write a large number with few digits.
const SPEND = `
local now, refill, whole = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local from = math.min(math.max(tonumber(redis.call('get', KEYS[1]) or '0'), now), now + whole)
local wait = from + refill - (now + whole)
if wait > 0 then return wait end
redis.call('set', KEYS[1], string.format('%.0f', from + refill), 'PX', whole)
return 0`;

// Each announcement has its end before it, by the clock of Redis: those of processes differ.
const ANNOUNCE = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('hset', KEYS[1], ARGV[1], string.format('%.0f %s', now + ARGV[2], ARGV[3]))
redis.call('pexpire', KEYS[1], ARGV[4])
return 1`;

// Those of processes that died are swept away by whoever looks.
const ANNOUNCEMENTS = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all, standing = redis.call('hgetall', KEYS[1]), {}
for i = 1, #all, 2 do
  local ends, words = string.match(all[i + 1], '^(%d+) (.*)$')
  if ends and tonumber(ends) > now then
    standing[#standing + 1] = all[i]
    standing[#standing + 1] = words
  else redis.call('hdel', KEYS[1], all[i]) end
end
return standing`;

const PROCESSES = 'bellhop:processes';
/** With no process there, nothing stays. */
const PROCESSES_KEPT_MS = 86_400_000;

const PAUSES = 'bellhop:pauses';
/** Longer than any pause: what is left of them goes by itself. */
const PAUSES_KEPT_MS = 2 * LONGEST_PAUSE_MS;

/** Leases and pauses in Redis, by two connections that are made again for as long as the process lives. */
export function createRedisCoordination(options: RedisCoordinationOptions): Coordination {
  const { leaseMs = DEFAULT_LEASE_MS } = options;
  const me = randomUUID();
  const held = new Set<string>();
  const redis = connect(options);
  const pauses = createOriginPauses();
  const spending = createSpending();
  const listener = listenForPauses(redis, connect(options), pauses);
  let isOpen = true;
  let announced: readonly string[] = [];
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
    async pauseOrigin(pause) {
      pauses.add(pause);
      const { origin, untilMs } = pause;
      await redis.eval(PAUSE, 1, PAUSES, origin, untilMs, PAUSES_KEPT_MS).catch(() => {});
    },
    pausedUntilMs: (origin, nowMs) => pauses.untilMs(origin, nowMs),
    async spend(spender, limit, nowMs) {
      try {
        const values = [nowMs, limit.refillMs, refillOfBurstMs(limit)];
        return Number(await redis.eval(SPEND, 1, spenderKey(spender), ...values));
      } catch {
        return spending.spend(spender, limit, nowMs);
      }
    },
    async announce(words, forMs) {
      announced = [words];
      await redis.eval(ANNOUNCE, 1, PROCESSES, me, forMs, words, PROCESSES_KEPT_MS).catch(() => {});
    },
    async announcements() {
      const answer = await redis.eval(ANNOUNCEMENTS, 1, PROCESSES).catch(() => []);
      return [...announced, ...wordsOfOthers(answer, me)];
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      const letGo = [...held].map((key) => redis.eval(LET_GO, 1, key, me));
      await Promise.allSettled([...letGo, redis.hdel(PROCESSES, me)]);
      redis.disconnect();
      listener.disconnect();
    },
  };
}

/** Redis gives a hash as a list of fields and values in turn. */
function wordsOfOthers(answer: unknown, me: string): readonly string[] {
  if (!Array.isArray(answer)) return [];
  return answer.flatMap((words, at) => (at % 2 === 1 && answer[at - 1] !== me ? [String(words)] : []));
}

/** Hears of pauses as they come, and after each time that Redis was away asks for those it missed. */
function listenForPauses(redis: Redis, listener: Redis, pauses: OriginPauses): Redis {
  const add = (origin: string, text: string): void => {
    const untilMs = Number(text);
    if (Number.isSafeInteger(untilMs)) pauses.add({ origin, untilMs });
  };
  let hasBeenReady = false;
  listener.on('message', (_channel, message: string) => {
    const [origin = '', untilMs = ''] = message.split(' ');
    add(origin, untilMs);
  });
  listener.on('ready', () => {
    listener.subscribe(PAUSES).catch(() => {});
  });
  redis.on('ready', () => {
    // A subscriber does not learn that its server is no longer the primary. Commands do, and connect elsewhere.
    if (hasBeenReady) listener.disconnect(true);
    hasBeenReady = true;
    const missed = redis.hgetall(PAUSES);
    missed.then(
      (known) => {
        for (const [origin, untilMs] of Object.entries(known)) add(origin, untilMs);
      },
      () => {},
    );
  });
  return listener;
}

function keyOf(loop: string): string {
  return `bellhop:leader:${loop}`;
}

/** A digest: a spender is named by a user id, which may be long and is nobody's business in a list of keys. */
function spenderKey(spender: string): string {
  return `bellhop:spent:${createHash('sha256').update(spender).digest('base64url')}`;
}

function connect({ url, ca = null, onError }: RedisCoordinationOptions): Redis {
  let [refusals, refusedAtMs] = [0, Number.NEGATIVE_INFINITY];
  /** Behind a stable address another server may be the primary by now. */
  const reconnectOnError = (error: Error): boolean => {
    const isElsewhere = redisFaultOf(error)?.isElsewhere ?? false;
    if (isElsewhere) {
      refusals = performance.now() - refusedAtMs < FORGOTTEN_AFTER_MS ? refusals + 1 : 1;
      refusedAtMs = performance.now();
    }
    return isElsewhere;
  };
  const redis = new Redis(url, {
    ...(ca === null ? {} : { tls: { ca: [...ca] } }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: ANSWER_LIMIT_MS,
    connectTimeout: ANSWER_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    // Done here, when it is ready: nobody answers for ioredis' own, and what nobody answers for ends the process.
    autoResubscribe: false,
    reconnectOnError,
    retryStrategy: (attempt) => {
      const longestMs = Math.min(Math.max(attempt, refusals) * 100, LONGEST_WAIT_MS);
      return Math.ceil((longestMs * (1 + Math.random())) / 2);
    },
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
