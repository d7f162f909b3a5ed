import type { Priority } from '../../domain/notification/priority.ts';
import type { Job } from '../job-queue.ts';
import { type BeeQueue, jobFrom } from './bee-queue-library.ts';
import { makeBeeQueue } from './recovering-queue.ts';
import { command, type RedisClient, withinLimit } from './redis-command.ts';
import { tendLines } from './user-lines.ts';

/** A job moved from waiting to active, not run yet. */
export type Taken = { readonly id: string; readonly data: string };

export type RedisPriorityOptions = {
  readonly priority: Priority;
  /** Settings of the redis@3 clients. */
  readonly redis: Readonly<Record<string, unknown>>;
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
    redis,
    stallInterval: stallIntervalMs,
    activateDelayedJobs: true,
    nearTermWindow: 60_000,
    delayedDebounce: 100,
  });
  queue.on('error', onError);
  const ready = queue.ready();
  await Promise.race([ready, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))]);
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
  const [waiting, active, jobs] = ['waiting', 'active', 'jobs'].map((name) => queue.toKey(name)) as [
    string,
    string,
    string,
  ];
  const discard = (id: string) => command(commands, 'lrem', [active, 0, id], ANSWER_LIMIT_MS);
  return {
    async take(count) {
      const reply = await command(commands, 'eval', [TAKE, 3, waiting, active, jobs, count], ANSWER_LIMIT_MS);
      const taken = pairsOf(reply as string[]);
      // Without data there is nothing to run: Redis was emptied meanwhile, or something else wrote the id.
      await Promise.all(taken.filter(({ data }) => data === '').map(({ id }) => discard(id)));
      return taken.filter(({ data }) => data !== '');
    },
    async next() {
      const limitMs = NEXT_WAIT_SECONDS * 1000 + ANSWER_LIMIT_MS;
      const id = await command(blocking, 'brpoplpush', [waiting, active, NEXT_WAIT_SECONDS], limitMs).catch((error) => {
        // A late answer to this command would be taken for the answer to the next.
        if (blocking.connected) blocking.stream.destroy();
        throw error;
      });
      if (typeof id !== 'string') return null;
      const data = await command(commands, 'hget', [jobs, id], ANSWER_LIMIT_MS);
      if (typeof data === 'string') return { id, data };
      await discard(id);
      return null;
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
    async tend() {
      await Promise.all([commands, events].map(cutIfSilent));
      if (!commands.ready) return;
      queue._activateDelayed();
      await withinLimit(tendLines(commands, queue), ANSWER_LIMIT_MS).catch(onError);
    },
    async close() {
      const closed = queue.close(CLOSE_LIMIT_MS).catch(() => {});
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS).unref())]);
      for (const client of [commands, blocking, events]) client.end(true);
    },
  };
}

function pairsOf(reply: readonly string[]): readonly Taken[] {
  const pairs: Taken[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2) pairs.push({ id: reply[at] ?? '', data: reply[at + 1] ?? '' });
  return pairs;
}

async function cutIfSilent(client: RedisClient): Promise<void> {
  if (!client.connected) return;
  try {
    await command(client, 'ping', [], ANSWER_LIMIT_MS);
  } catch {
    if (client.connected) client.stream.destroy();
  }
}
