import { type BeeJob, type BeeQueue, type BeeQueueSettings, lua, PlainBeeQueue } from './bee-queue-library.ts';
import { answered, type RedisClient } from './redis-command.ts';
import { addJobs, leaveLine, type NewJob, raiseDelayedJobs, removeJobs } from './user-lines.ts';

/**
 * A bee-queue that survives a Redis that has forgotten its scripts, as after a restart: a stock bee-queue would be answered
 * NOSCRIPT for ever. And where a stock bee-queue sends Redis five commands about each job, this one sends two about all the
 * jobs of a turn of the event loop.
 */
class RecoveringQueue extends PlainBeeQueue {
  private readonly keepFromStalling = oncePerTurn((ids: readonly string[]) =>
    this.send('srem', [this.toKey('stalling'), ...ids]),
  );
  private readonly remove = oncePerTurn((jobs: readonly BeeJob[]) => removeJobs(this.commands(), this, jobs));

  override _preventStall(id: string): Promise<unknown> {
    return this.keepFromStalling(id);
  }

  override async _finishJob(error: unknown, result: unknown, job: BeeJob): Promise<unknown> {
    if (error === null && !this._isClosed) {
      await this.remove(job);
      return ['succeeded', result];
    }
    const finished = await super._finishJob(error, result, job);
    await leaveLine(this.commands(), this, job);
    return finished;
  }

  override async _evalScriptOn(commandable: Evaluator, [name, ...rest]: [string, ...unknown[]]): Promise<unknown> {
    if (name === 'raiseDelayedJobs') {
      const [nowMs, debounceMs] = rest.slice(-2) as [number, number];
      return raiseDelayedJobs(this.commands(), this, { nowMs, debounceMs });
    }
    try {
      return await answered((done) => commandable.evalsha(lua.shas[name], ...rest, done));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'NOSCRIPT') throw error;
      // A batch is over once it is answered, so the script goes to the client itself.
      const client = this.client as unknown as Evaluator;
      return answered((done) => client.eval(lua.scripts[name], ...rest, done));
    }
  }

  private commands(): RedisClient {
    return this.client as RedisClient;
  }

  private send(name: string, args: readonly (string | number)[]): Promise<unknown> {
    return answered((done) => this.commands().send_command(name, args, done));
  }
}

type Evaluator = { evalsha(...args: unknown[]): void; eval(...args: unknown[]): void };

/** Makes one call of all the calls that come within one turn of the event loop. */
function oncePerTurn<Item>(
  callWithAll: (items: readonly Item[]) => Promise<unknown>,
): (item: Item) => Promise<unknown> {
  let items: Item[] = [];
  let call: Promise<unknown> = Promise.resolve();
  return (item) => {
    if (items.push(item) > 1) return call;
    call = new Promise((resolve) => setImmediate(resolve)).then(() => {
      const all = items;
      items = [];
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
  const forNow: NewJob[] = [];
  const saving = jobs.map((job) =>
    job._save((args) => {
      if (args[0] !== 'addJob') return queue._evalScriptOn(batch, args);
      const [id = '', text = ''] = args.slice(-2) as string[];
      forNow.push({ job, id, text });
      return Promise.resolve(job.id);
    }),
  );
  const added = forNow.length === 0 ? null : addJobs(client, queue, forNow);
  await Promise.all([answered((done) => batch.exec(done)), added, ...saving]);
}
