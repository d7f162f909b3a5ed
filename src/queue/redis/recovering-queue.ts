import { type BeeJob, type BeeQueue, type BeeQueueSettings, lua, PlainBeeQueue } from './bee-queue-library.ts';
import { answered, type RedisClient } from './redis-command.ts';

// What bee-queue's own `_finishJob` tells Redis of a job that succeeded and is not kept, for many jobs.
const REMOVE = `
for _, id in ipairs(ARGV) do
  redis.call('lrem', KEYS[1], 0, id)
  redis.call('srem', KEYS[2], id)
  redis.call('hdel', KEYS[3], id)
end`;

// What bee-queue's own script `addJob` does with a job that has an id, for many jobs.
const ADD = `
for at = 1, #ARGV, 2 do
  if redis.call('hsetnx', KEYS[1], ARGV[at], ARGV[at + 1]) == 1 then redis.call('lpush', KEYS[2], ARGV[at]) end
end`;

/**
 * A bee-queue that survives a Redis that has forgotten its scripts, as after a restart: a stock bee-queue would be answered
 * NOSCRIPT for ever. And where a stock bee-queue sends Redis five commands about each job, this one sends two about all the
 * jobs of a turn of the event loop.
 */
class RecoveringQueue extends PlainBeeQueue {
  private readonly keepFromStalling = oncePerTurn((ids) => this.send('srem', [this.toKey('stalling'), ...ids]));
  private readonly remove = oncePerTurn((ids) => {
    const keys = ['active', 'stalling', 'jobs'].map((name) => this.toKey(name));
    return this.send('eval', [REMOVE, keys.length, ...keys, ...ids]);
  });

  override _preventStall(id: string): Promise<unknown> {
    return this.keepFromStalling(id);
  }

  override async _finishJob(error: unknown, result: unknown, job: BeeJob): Promise<unknown> {
    if (error !== null || this._isClosed) return super._finishJob(error, result, job);
    await this.remove(job.id);
    return ['succeeded', result];
  }

  override async _evalScriptOn(commandable: Evaluator, [name, ...rest]: [string, ...unknown[]]): Promise<unknown> {
    try {
      return await answered((done) => commandable.evalsha(lua.shas[name], ...rest, done));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'NOSCRIPT') throw error;
      // A batch is over once it is answered, so the script goes to the client itself.
      const client = this.client as unknown as Evaluator;
      return answered((done) => client.eval(lua.scripts[name], ...rest, done));
    }
  }

  private send(name: string, args: readonly (string | number)[]): Promise<unknown> {
    return answered((done) => (this.client as RedisClient).send_command(name, args, done));
  }
}

type Evaluator = { evalsha(...args: unknown[]): void; eval(...args: unknown[]): void };

/** Makes one call of all the calls that come within one turn of the event loop. */
function oncePerTurn(callWithAll: (ids: readonly string[]) => Promise<unknown>): (id: string) => Promise<unknown> {
  let ids: string[] = [];
  let call: Promise<unknown> = Promise.resolve();
  return (id) => {
    if (ids.push(id) > 1) return call;
    call = new Promise((resolve) => setImmediate(resolve)).then(() => {
      const all = ids;
      ids = [];
      return callWithAll(all);
    });
    return call;
  };
}

/** A queue of this name. Its setting `redis` is a client to share, or the settings of clients of its own. */
export function makeBeeQueue(name: string, settings: BeeQueueSettings): BeeQueue {
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

/** Saves jobs in one round trip. Jobs for now are saved by one script, where a stock bee-queue runs one for each. */
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
