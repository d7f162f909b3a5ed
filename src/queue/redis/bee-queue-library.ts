import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/** What Bellhop uses of a redis@3 client, the one that bee-queue brings. */
export type RedisClient = {
  readonly ready: boolean;
  readonly connected: boolean;
  readonly stream: { destroy(): void };
  send_command(name: string, args: readonly (string | number)[], done: Done): boolean;
  batch(): { exec(done: Done): boolean };
  on(event: 'error' | 'ready', listener: (error: unknown) => void): void;
  end(flush: boolean): void;
};

export type Done = (error: Error | null, reply: unknown) => void;

export type BeeJob = {
  readonly id: string;
  readonly data: unknown;
  setId(id: string): BeeJob;
  delayUntil(atMs: number): BeeJob;
  _save(evaluate: (args: unknown[]) => Promise<unknown>): Promise<BeeJob>;
};

/** What Bellhop uses of a bee-queue, which is more than it calls public: its version is pinned by the lock file. */
export type BeeQueue = EventEmitter & {
  handler: ((job: BeeJob) => Promise<unknown>) | null;
  readonly client: RedisClient | null;
  readonly bclient: RedisClient | null;
  readonly eclient: RedisClient | null;
  readonly _isClosed: boolean;
  ready(): Promise<unknown>;
  createJob(data: unknown): BeeJob;
  toKey(name: string): string;
  checkStalledJobs(intervalMs: number): Promise<number>;
  close(timeoutMs: number): Promise<void>;
  _runJob(job: BeeJob): Promise<unknown>;
  _activateDelayed(): void;
  _evalScriptOn(commandable: unknown, args: unknown[]): Promise<unknown>;
  _preventStall(id: string): Promise<unknown>;
  _finishJob(error: unknown, result: unknown, job: BeeJob): Promise<unknown>;
};

type Settings = Readonly<Record<string, unknown>>;
type Scripts = {
  readonly scripts: Readonly<Record<string, string>>;
  readonly shas: Readonly<Record<string, string>>;
  buildCache(client: { script(command: string, name: string, done: Done): void }): Promise<void>;
};

const require = createRequire(import.meta.url);
// Its own redis@3, wherever npm has put it.
const requireOfBeeQueue = createRequire(require.resolve('bee-queue'));

const PlainBeeQueue = require('bee-queue') as new (name: string, settings: Settings) => BeeQueue;
const lua = require('bee-queue/lib/lua') as Scripts;
const jobs = require('bee-queue/lib/job') as { fromData(queue: BeeQueue, id: string, data: string): BeeJob };
const redis = requireOfBeeQueue('redis') as { createClient(settings: Settings): RedisClient };

/** Reads bee-queue's scripts, without asking a server whether it has them: one that is away now must not matter. */
export async function loadScripts(): Promise<void> {
  await lua.buildCache({ script: (_command, _name, done) => done(null, [1]) });
}

// As bee-queue's own commands for one job that succeeded and is not kept.
const REMOVE = `
for _, id in ipairs(ARGV) do
  redis.call('lrem', KEYS[1], 0, id)
  redis.call('srem', KEYS[2], id)
  redis.call('hdel', KEYS[3], id)
end`;

/**
 * After a restart Redis has forgotten all scripts, and a stock bee-queue would be answered NOSCRIPT for ever. And where a
 * stock one tells Redis five commands about each job, this one tells it two about all those of a moment.
 */
class RecoveringQueue extends PlainBeeQueue {
  private readonly keepFromStalling = gather((ids) => this.tell('srem', [this.toKey('stalling'), ...ids]));
  private readonly remove = gather((ids) => {
    const keys = ['active', 'stalling', 'jobs'].map((name) => this.toKey(name));
    return this.tell('eval', [REMOVE, keys.length, ...keys, ...ids]);
  });

  override _preventStall(id: string): Promise<unknown> {
    return this.keepFromStalling(id);
  }

  override async _finishJob(error: unknown, result: unknown, job: BeeJob): Promise<unknown> {
    if (error !== null || this._isClosed) return super._finishJob(error, result, job);
    await this.remove(job.id);
    return ['succeeded', result];
  }

  private tell(name: string, args: readonly (string | number)[]): Promise<unknown> {
    return answered((done) => (this.client as RedisClient).send_command(name, args, done));
  }

  override async _evalScriptOn(commandable: Evaluator, [name, ...rest]: [string, ...unknown[]]): Promise<unknown> {
    try {
      return await answered((done) => commandable.evalsha(lua.shas[name], ...rest, done));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'NOSCRIPT') throw error;
      // A batch is over by the time it is answered, so this goes to the client itself.
      const client = this.client as unknown as Evaluator;
      return answered((done) => client.eval(lua.scripts[name], ...rest, done));
    }
  }
}

/** Makes one call of those that come within one turn of the event loop. */
function gather(tellAll: (ids: readonly string[]) => Promise<unknown>): (id: string) => Promise<unknown> {
  let ids: string[] = [];
  let telling: Promise<unknown> = Promise.resolve();
  return (id) => {
    if (ids.push(id) > 1) return telling;
    telling = new Promise((resolve) => setImmediate(resolve)).then(() => {
      const all = ids;
      ids = [];
      return tellAll(all);
    });
    return telling;
  };
}

type Evaluator = { evalsha(...args: unknown[]): void; eval(...args: unknown[]): void };

/** A queue of this name. `redis` is a client to share, or the settings of clients of its own. */
export function makeBeeQueue(name: string, settings: Settings): BeeQueue {
  return new RecoveringQueue(name, {
    ensureScripts: false,
    getEvents: false,
    sendEvents: false,
    storeJobs: false,
    removeOnSuccess: true,
    removeOnFailure: true,
    ...settings,
  });
}

/** The job as it was saved. */
export function jobFrom(queue: BeeQueue, id: string, data: string): BeeJob {
  return jobs.fromData(queue, id, data);
}

export function makeRedisClient(settings: Settings): RedisClient {
  return redis.createClient(settings);
}

function answered(ask: (done: Done) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ask((error, reply) => (error === null ? resolve(reply) : reject(error)));
  });
}

/** One command. Rejects where Redis has not answered within `limitMs`; the command may still be carried out. */
export function command(
  client: RedisClient,
  name: string,
  args: readonly (string | number)[],
  limitMs: number,
): Promise<unknown> {
  return withinLimit(
    answered((done) => client.send_command(name, args, done)),
    limitMs,
  );
}

// As bee-queue's own script for one job that waits from now on.
const ADD = `
for at = 1, #ARGV, 2 do
  if redis.call('hsetnx', KEYS[1], ARGV[at], ARGV[at + 1]) == 1 then redis.call('lpush', KEYS[2], ARGV[at]) end
end`;

/** Saves jobs in one round trip; those for now by one script, where a stock bee-queue runs one for each. */
export async function saveAll(client: RedisClient, queue: BeeQueue, jobs: readonly BeeJob[]): Promise<void> {
  const batch = client.batch();
  const forNow: string[] = [];
  const saving = jobs.map((job) =>
    job._save((args) => {
      if (args[0] !== 'addJob') return queue._evalScriptOn(batch, args);
      forNow.push(...(args.slice(-2) as string[]));
      return Promise.resolve(job.id);
    }),
  );
  const keys = ['jobs', 'waiting'].map((name) => queue.toKey(name));
  const added =
    forNow.length === 0
      ? null
      : answered((done) => client.send_command('eval', [ADD, keys.length, ...keys, ...forNow], done));
  await Promise.all([answered((done) => batch.exec(done)), added, ...saving]);
}

/** A hung Redis answers nothing at all, and redis@3 knows no time limit. */
export function withinLimit<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Redis does not answer')), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
