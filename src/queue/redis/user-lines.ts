import { createHash } from 'node:crypto';
import type { BeeJob, BeeQueue } from './bee-queue-library.ts';
import { answered, type RedisClient } from './redis-command.ts';

/**
 * So many jobs of one user, of a priority, wait or run at once, all processes together. The user's other jobs stand in a line
 * of their own in Redis, from which one follows each that has ended. So another user's job has few of them before it.
 */
const MOST_OUT_OF_USER = 64;

/** Delayed jobs that one call brings to the waiting ones: more of them would hold up Redis. */
const MOST_RAISED = 1000;

/** Users whose lines are looked after in one call. */
const USERS_TENDED = 20;

type Script = { readonly text: string; readonly digest: string };

function script(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}

/*
 * Keys of a priority, beside bee-queue's own:
 *
 *   out:USER   set   names of the user's jobs that wait or run
 *   line:USER  list  names of the user's jobs that stand in line, the newest first
 *   lines      set   the users who have a line
 *
 * Jobs without a user have no line. Each script changes all of them at once, so that no process sees them half changed.
 */
const SHARED = `
local waiting, lines, prefix, most = KEYS[1], KEYS[2], ARGV[1], ${MOST_OUT_OF_USER}
local function add(id, user)
  if user == '' then return redis.call('lpush', waiting, id) end
  if redis.call('scard', prefix .. 'out:' .. user) < most then
    redis.call('sadd', prefix .. 'out:' .. user, id)
    redis.call('lpush', waiting, id)
  else
    redis.call('lpush', prefix .. 'line:' .. user, id)
    redis.call('sadd', lines, user)
  end
end
local function advance(user)
  while redis.call('scard', prefix .. 'out:' .. user) < most do
    local id = redis.call('rpop', prefix .. 'line:' .. user)
    if not id then return redis.call('srem', lines, user) end
    redis.call('sadd', prefix .. 'out:' .. user, id)
    redis.call('lpush', waiting, id)
  end
end
local function leave(id, user)
  if user == '' then return end
  redis.call('srem', prefix .. 'out:' .. user, id)
  if redis.call('sismember', lines, user) == 1 then advance(user) end
end
`;

// What bee-queue's own script `addJob` does with a job that has an id, for many jobs, each given as id, data and user.
const ADD = script(`${SHARED}
for at = 2, #ARGV, 3 do
  if redis.call('hsetnx', KEYS[3], ARGV[at], ARGV[at + 1]) == 1 then add(ARGV[at], ARGV[at + 2]) end
end`);

// What bee-queue's own `_finishJob` tells Redis of a job that succeeded and is not kept, for many jobs, as id and user.
const REMOVE = script(`${SHARED}
for at = 2, #ARGV, 2 do
  redis.call('lrem', KEYS[3], 0, ARGV[at])
  redis.call('srem', KEYS[4], ARGV[at])
  redis.call('hdel', KEYS[5], ARGV[at])
  leave(ARGV[at], ARGV[at + 1])
end`);

const LEAVE = script(`${SHARED}
leave(ARGV[2], ARGV[3])`);

// What bee-queue's own script `raiseDelayedJobs` does, a thousand at a time. The user is in the job's data.
const RAISE = script(`${SHARED}
local now, debounce = ARGV[2], tonumber(ARGV[3])
local raised = redis.call('zrangebyscore', KEYS[3], 0, now, 'LIMIT', 0, ${MOST_RAISED})
for _, id in ipairs(raised) do
  local isRead, job = pcall(cjson.decode, redis.call('hget', KEYS[4], id) or '')
  local user = isRead and type(job) == 'table' and type(job.data) == 'table' and job.data.userId
  add(id, type(user) == 'string' and user or '')
  redis.call('zrem', KEYS[3], id)
end
local nearTerm = -1
local head = redis.call('zrange', KEYS[3], 0, 0, 'WITHSCORES')
if head[2] then
  nearTerm = head[2]
  if tonumber(nearTerm) > tonumber(now) then
    nearTerm = redis.call('zrevrangebyscore', KEYS[3], head[2] + debounce, 0, 'WITHSCORES', 'LIMIT', 0, 1)[2]
  end
end
return {#raised, nearTerm}`);

// Jobs that are gone without having ended here, as when Redis has no data of them, must not keep the user's others waiting.
const TEND = script(`${SHARED}
for _, user in ipairs(redis.call('srandmember', lines, ${USERS_TENDED})) do
  for _, id in ipairs(redis.call('smembers', prefix .. 'out:' .. user)) do
    if redis.call('hexists', KEYS[3], id) == 0 then redis.call('srem', prefix .. 'out:' .. user, id) end
  end
  advance(user)
end`);

// What could run now: all jobs but the delayed ones and those that were taken.
const DEPTH = script(`
return redis.call('hlen', KEYS[1]) - redis.call('zcard', KEYS[2]) - redis.call('llen', KEYS[3])`);

/** The user whose line a job stands in; empty for a job of no user, or of one that an earlier Bellhop has left. */
function userOf({ data }: Pick<BeeJob, 'data'>): string {
  const { userId } = data as { readonly userId?: unknown };
  return typeof userId === 'string' ? userId : '';
}

/** A job to add, as bee-queue writes it. */
export type NewJob = { readonly job: BeeJob; readonly id: string; readonly text: string };

/** Adds jobs that may run now. One that Redis has already is not added twice. */
export async function addJobs(client: RedisClient, queue: BeeQueue, jobs: readonly NewJob[]): Promise<void> {
  const words = jobs.flatMap(({ job, id, text }) => [id, text, userOf(job)]);
  await run(client, queue, ADD, ['jobs'], words);
}

/** Removes jobs that have ended, and lets the next of their users' lines come. */
export function removeJobs(client: RedisClient, queue: BeeQueue, jobs: readonly BeeJob[]): Promise<unknown> {
  const words = jobs.flatMap((job) => [job.id, userOf(job)]);
  return run(client, queue, REMOVE, ['active', 'stalling', 'jobs'], words);
}

/** Lets the next of a user's line come, after one that was removed otherwise. */
export async function leaveLine(client: RedisClient, queue: BeeQueue, job: BeeJob): Promise<void> {
  await run(client, queue, LEAVE, [], [job.id, userOf(job)]);
}

/** Brings delayed jobs whose time has come to the waiting ones. Answers as bee-queue's own script does. */
export function raiseDelayedJobs(
  client: RedisClient,
  queue: BeeQueue,
  { nowMs, debounceMs }: { readonly nowMs: number; readonly debounceMs: number },
): Promise<unknown> {
  return run(client, queue, RAISE, ['delayed', 'jobs'], [nowMs, debounceMs]);
}

/** Looks after some users' lines, so that none stands still. To be called now and then. */
export async function tendLines(client: RedisClient, queue: BeeQueue): Promise<void> {
  await run(client, queue, TEND, ['jobs'], []);
}

/** How many jobs could run now, those in line too. */
export async function depthOf(client: RedisClient, queue: BeeQueue): Promise<number> {
  const keys = ['jobs', 'delayed', 'active'].map((name) => queue.toKey(name));
  return Math.max(0, Number(await evaluate(client, DEPTH, [keys.length, ...keys])));
}

function run(
  client: RedisClient,
  queue: BeeQueue,
  toRun: Script,
  names: readonly string[],
  words: readonly (string | number)[],
): Promise<unknown> {
  const keys = ['waiting', 'lines', ...names].map((name) => queue.toKey(name));
  return evaluate(client, toRun, [keys.length, ...keys, queue.toKey(''), ...words]);
}

/** By its digest, which is shorter. A Redis that does not know the script, as after a restart, is told it. */
async function evaluate(
  client: RedisClient,
  { text, digest }: Script,
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await answered((done) => client.send_command('evalsha', [digest, ...args], done));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'NOSCRIPT') throw error;
    return answered((done) => client.send_command('eval', [text, ...args], done));
  }
}
