import type { Priority } from '../../domain/notification/priority.ts';
import { orAborted } from '../../domain/or-aborted.ts';
import type { Job } from '../job-queue.ts';
import { type BeeQueue, jobFrom } from './bee-queue-library.ts';
import { makeRedisClient, type RedisClientOptions } from './recovering-client.ts';
import { makeBeeQueue } from './recovering-queue.ts';
import { command, cutIfSilent, probeWrite, type RedisClient, redisAway, withinLimit } from './redis-command.ts';
import { tendLines } from './user-lines.ts';

/** A job moved from waiting to active, not run yet. */
export type Taken = { readonly id: string; readonly data: string };

export type RedisPriorityOptions = {
  readonly priority: Priority;
  readonly redis: Pick<RedisClientOptions, 'url' | 'tls'>;
  readonly stallIntervalMs: number;
  readonly onError: (error: unknown) => void;
  /** Ends the wait for a Redis that is away. */
  readonly signal: AbortSignal;
};

/** A worker's end of one priority: a bee-queue with three connections, whose jobs the priority picker fetches. */
export interface RedisPriority {
  /** Up to `count` waiting jobs, now. */
  take(count: number): Promise<readonly Taken[]>;
  /** Waits for the next job; null where none came for some seconds. */
  next(): Promise<Taken | null>;
  /** Runs a job and removes it. Resolves when it is gone from Redis, too. */
  run(taken: Taken, handler: (job: Job) => Promise<void>): Promise<void>;
  /** Says that these jobs, which were taken and are not run yet, have not stalled. To be called every half stall interval. */
  keep(taken: readonly Taken[]): Promise<void>;
  /** Puts a job back that was not run. */
  putBack(taken: Taken): Promise<void>;
  /** Cuts connections that do not answer, so that they are made anew; looks for delayed jobs whose time has come. */
  tend(): Promise<void>;
  close(): Promise<void>;
}

const ANSWER_LIMIT_MS = 3000;
const NEXT_WAIT_SECONDS = 5;
const CLOSE_LIMIT_MS = 1500;

// The id and the data of each job, one after the other.
const TAKE = `
local taken = {}
for _ = 1, tonumber(ARGV[1]) do
  local id = redis.call('rpoplpush', KEYS[1], KEYS[2])
  if not id then break end
  taken[#taken + 1] = id
  taken[#taken + 1] = redis.call('hget', KEYS[3], id) or ''
end
return taken`;

/** Connects, however long Redis is away; null where the signal came first. Rejects where Redis refuses. */
export async function openRedisPriority(options: RedisPriorityOptions): Promise<RedisPriority | null> {
  const { priority, redis, stallIntervalMs, onError, signal } = options;
  const queue = makeBeeQueue(priority, {
    prefix: 'bellhop',
    redis: makeRedisClient({ ...redis, queuesOffline: true, signal }),
    quitCommandClient: true,
    stallInterval: stallIntervalMs,
    activateDelayedJobs: true,
    nearTermWindow: 60_000,
    delayedDebounce: 100,
  });
  queue.on('error', onError);
  const ready = queue.ready();
  await orAborted(ready, signal);
  if (signal.aborted) {
    // The queue may have connected in this very moment.
    ready.then(
      () => priorityOn(queue, clientsOf(queue), onError).close(),
      () => {},
    );
    return null;
  }
  queue.checkStalledJobs(Math.round(stallIntervalMs / 2)).catch(onError);
  queue._activateDelayed();
  return priorityOn(queue, clientsOf(queue), onError);
}

type Keys = readonly [waiting: string, active: string, jobs: string];

type Clients = { readonly commands: RedisClient; readonly blocking: RedisClient; readonly events: RedisClient };

function clientsOf({ client, bclient, eclient }: BeeQueue): Clients {
  if (client === null || bclient === null || eclient === null) throw new Error('bee-queue is ready without a client');
  return { commands: client, blocking: bclient, events: eclient };
}

function priorityOn(
  queue: BeeQueue,
  { commands, blocking, events }: Clients,
  onError: (error: unknown) => void,
): RedisPriority {
  const [waiting, active, jobs] = ['waiting', 'active', 'jobs'].map((name) => queue.toKey(name)) as unknown as Keys;
  const discard = (id: string) => command(commands, 'lrem', [active, 0, id], ANSWER_LIMIT_MS);
  return {
    async take(count) {
      demandConnection(commands);
      const reply = await command(commands, 'eval', [TAKE, 3, waiting, active, jobs, count], ANSWER_LIMIT_MS);
      const taken = pairsOf(reply as string[]);
      // Without data there is nothing to run: Redis was emptied meanwhile, or something else wrote the id.
      await Promise.all(taken.filter(({ data }) => data === '').map(({ id }) => discard(id)));
      return taken.filter(({ data }) => data !== '');
    },
    async next() {
      demandConnection(blocking);
      try {
        return await nextOn(blocking, [waiting, active, jobs]);
      } catch (error) {
        // A late answer to this command would be taken for the answer to the next.
        if (blocking.connected) blocking.stream.destroy();
        throw error;
      }
    },
    async run({ id, data }, handler) {
      queue.handler = (job) => handler(job.data as Job);
      await queue._runJob(jobFrom(queue, id, data));
    },
    async keep(taken) {
      if (taken.length === 0) return;
      await command(commands, 'srem', [queue.toKey('stalling'), ...taken.map(({ id }) => id)], ANSWER_LIMIT_MS);
    },
    async putBack({ id }) {
      await command(commands, 'rpush', [waiting, id], ANSWER_LIMIT_MS);
      await discard(id);
    },
    tend: tendingOf(queue, { commands, events }, onError),
    async close() {
      const closed = queue.close(CLOSE_LIMIT_MS).catch(() => {});
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS).unref())]);
      for (const client of [commands, blocking, events]) client.end(true);
    },
  };
}

/** A command that waits for Redis to be back would take jobs when nobody waits for them any more. */
function demandConnection(client: RedisClient): void {
  if (!client.ready) throw redisAway();
}

/** All on one connection: after a failover another one may lead to another server for a while, which has no data of the job. */
async function nextOn(blocking: RedisClient, [waiting, active, jobs]: Keys): Promise<Taken | null> {
  const limitMs = NEXT_WAIT_SECONDS * 1000 + ANSWER_LIMIT_MS;
  const id = await command(blocking, 'brpoplpush', [waiting, active, NEXT_WAIT_SECONDS], limitMs);
  if (typeof id !== 'string') return null;
  const data = await command(blocking, 'hget', [jobs, id], ANSWER_LIMIT_MS);
  if (typeof data === 'string') return { id, data };
  await command(blocking, 'lrem', [active, 0, id], ANSWER_LIMIT_MS);
  return null;
}

function tendingOf(
  queue: BeeQueue,
  { commands, events }: Pick<Clients, 'commands' | 'events'>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let connections = commands.times_connected;
  /** A subscriber cannot ask whether its server is still the primary: where commands go elsewhere, it goes there, too. */
  const followCommands = (): void => {
    if (commands.times_connected === connections) return;
    connections = commands.times_connected;
    events.stream.destroy();
  };
  return async () => {
    await Promise.all([commands, events].map((client) => cutIfSilent(client, ANSWER_LIMIT_MS)));
    if (!commands.ready) return;
    await probeWrite(commands, ANSWER_LIMIT_MS).then(followCommands, onError);
    if (!commands.ready) return;
    queue._activateDelayed();
    await withinLimit(tendLines(commands, queue), ANSWER_LIMIT_MS).catch(onError);
  };
}

function pairsOf(reply: readonly string[]): readonly Taken[] {
  const pairs: Taken[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2) pairs.push({ id: reply[at] ?? '', data: reply[at + 1] ?? '' });
  return pairs;
}
