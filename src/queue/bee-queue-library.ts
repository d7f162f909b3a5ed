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
  ready(): Promise<unknown>;
  createJob(data: unknown): BeeJob;
  toKey(name: string): string;
  checkStalledJobs(intervalMs: number): Promise<number>;
  close(timeoutMs: number): Promise<void>;
  _runJob(job: BeeJob): Promise<unknown>;
  _activateDelayed(): void;
  _evalScriptOn(commandable: unknown, args: unknown[]): Promise<unknown>;
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

/** After a restart Redis has forgotten all scripts, and a stock bee-queue would be answered NOSCRIPT for ever. */
class RecoveringQueue extends PlainBeeQueue {
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

/** Sends what a batch has gathered. */
export function execute(batch: ReturnType<RedisClient['batch']>): Promise<unknown> {
  return answered((done) => batch.exec(done));
}

/** A hung Redis answers nothing at all, and redis@3 knows no time limit. */
export function withinLimit<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Redis does not answer')), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
