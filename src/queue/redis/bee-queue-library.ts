import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Done, RedisClient } from './redis-command.ts';

// All that Bellhop uses of bee-queue. Names with an underscore, and all of `bee-queue/lib`, are not public: package.json has
// its exact version, test/queue/redis/bee-queue-sources.test.ts compares their sources, and
// docs/decisions/0016-what-of-bee-queue.md says why.

export type BeeJob = {
  readonly id: string;
  readonly data: unknown;
  setId(id: string): BeeJob;
  delayUntil(atMs: number): BeeJob;
  _save(evaluate: (args: unknown[]) => Promise<unknown>): Promise<BeeJob>;
};

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

export type BeeQueueSettings = Readonly<Record<string, unknown>>;

type Lua = {
  readonly scripts: Readonly<Record<string, string>>;
  readonly shas: Readonly<Record<string, string>>;
  buildCache(client: { script(command: string, name: string, done: Done): void }): Promise<void>;
};

const require = createRequire(import.meta.url);
// bee-queue's own redis@3, wherever npm has put it.
const requireOfBeeQueue = createRequire(require.resolve('bee-queue'));

export const PlainBeeQueue = require('bee-queue') as new (name: string, settings: BeeQueueSettings) => BeeQueue;
export const lua = require('bee-queue/lib/lua') as Lua;
const jobs = require('bee-queue/lib/job') as { fromData(queue: BeeQueue, id: string, data: string): BeeJob };

/** What `recovering-client.ts` reaches into redis@3 for. */
type OpenRedisClient = RedisClient & {
  readonly closing: boolean;
  readonly options: { retry_strategy: (failure: { readonly attempt: number }) => number | Error };
  readonly server_info: { readonly master_link_status?: string };
  retry_totaltime: number;
  emit(event: 'error', error: Error): boolean;
  create_stream(): void;
  return_error(error: Error): void;
};

export const { RedisClient: PlainRedisClient } = requireOfBeeQueue('redis') as {
  RedisClient: new (options: object) => OpenRedisClient;
};
/** Reads the URL among the settings. */
export const clientOptionsOf = requireOfBeeQueue('redis/lib/createClient') as (settings: BeeQueueSettings) => object;

/** Reads bee-queue's scripts without asking a server whether it has them: a Redis that is away now must not matter. */
export async function loadScripts(): Promise<void> {
  await lua.buildCache({ script: (_command, _name, done) => done(null, [1]) });
}

/** The job as it was saved. */
export function jobFrom(queue: BeeQueue, id: string, data: string): BeeJob {
  return jobs.fromData(queue, id, data);
}
