import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../domain/app-error.ts';
import { PRIORITIES, type Priority } from '../../domain/notification/priority.ts';
import { orAborted } from '../../domain/or-aborted.ts';
import { redisFaultOf } from '../../domain/redis-fault.ts';
import type { Job, JobHandler, JobQueue, StartOptions } from '../job-queue.ts';
import type { LineOf } from '../picking/ready-jobs.ts';
import { type BeeQueue, loadScripts } from './bee-queue-library.ts';
import { createPriorityPicker, type PriorityPicker } from './priority-picker.ts';
import { makeRedisClient } from './recovering-client.ts';
import { makeBeeQueue, saveAll } from './recovering-queue.ts';
import { cutIfSilent, inOurWords, probeWrite, type RedisClient, redisAway, withinLimit } from './redis-command.ts';
import { preflightRedis } from './redis-preflight.ts';
import { openRedisPriority, type RedisPriority } from './redis-priority.ts';
import { depthOf } from './user-lines.ts';

export type BeeQueueOptions = {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  /** Certificate authorities to trust, where not the well-known ones alone. */
  readonly ca?: readonly string[] | null;
  /** Called for lost connections and the like; the queue recovers by itself. */
  readonly onError: (error: unknown) => void;
  /** Which origins are one push service. Unless given, each is one of its own. */
  readonly lineOf?: LineOf;
  /** The jobs of a process that died run again elsewhere after about this long. */
  readonly stallIntervalMs?: number;
  /** The most that saving waits for a Redis that does not answer. */
  readonly saveLimitMs?: number;
};

const DEFAULT_STALL_INTERVAL_MS = 5000;
const DEFAULT_SAVE_LIMIT_MS = 2000;
const ANSWER_LIMIT_MS = 1000;
/** Long, so that a slow moment is none: who asks decides how long to wait. */
const PING_LIMIT_MS = 3000;
/** Also the most that a delayed job waits beyond its time where Redis lost the message about it. */
const TEND_INTERVAL_MS = 500;
const OPEN_AGAIN_MS = 1000;
const REFUSAL_KEPT_MS = 10_000;

/** Jobs saved in one round trip. */
const SAVED_AT_ONCE = 500;

/**
 * Jobs in three bee-queues on Redis, one for each priority. A Redis that is away now is waited for in the background; where
 * Redis refuses, this rejects with AppError `store_unavailable`. Losing every job in Redis loses nothing.
 */
export async function createBeeQueue(options: BeeQueueOptions): Promise<JobQueue> {
  await preflightRedis(options.url, options.ca ?? null);
  await loadScripts();
  return new RedisJobQueue(options);
}

class RedisJobQueue implements JobQueue {
  private readonly options: BeeQueueOptions;
  private readonly onError: (error: unknown) => void;
  private readonly producer: RedisClient;
  private readonly savers = new Map<Priority, BeeQueue>();
  private readonly closing = new AbortController();
  /** Names of the jobs that run in this process. */
  private readonly running = new Set<string>();
  private picker: PriorityPicker | null = null;
  private tellOfRoom: (priority: Priority) => void = () => {};
  /** Priorities of which jobs were not saved. */
  private readonly missed = new Set<Priority>();
  private looking: Promise<void> | null = null;
  private refusal: { readonly error: AppError; readonly atMs: number } | null = null;
  private working: Promise<void> = Promise.resolve();
  private closed: Promise<void> | null = null;

  constructor(options: BeeQueueOptions) {
    this.options = options;
    this.onError = (error) => options.onError(this.noted(inOurWords(error)));
    // Without an offline queue a save fails at once while Redis is away, instead of hanging until it is back.
    this.producer = makeRedisClient({ url: options.url, ...tlsOf(options), queuesOffline: false });
    this.producer.on('error', this.onError);
  }

  async enqueueMany(jobs: readonly Job[]): Promise<void> {
    for (const priority of PRIORITIES) {
      const ofPriority = jobs.filter((job) => job.priority === priority);
      for (let start = 0; start < ofPriority.length; start += SAVED_AT_ONCE) {
        await this.save(priority, ofPriority.slice(start, start + SAVED_AT_ONCE));
        this.picker?.notice(priority);
      }
    }
  }

  async start(handler: JobHandler, options: StartOptions): Promise<void> {
    const trackedHandler: JobHandler = async (job, onPosted) => {
      const name = nameOf(job);
      this.running.add(name);
      await handler(job, onPosted).finally(() => this.running.delete(name));
    };
    const { lineOf = (origin) => origin } = this.options;
    const picker = createPriorityPicker({ ...options, handler: trackedHandler, onError: this.onError, lineOf });
    this.picker = picker;
    // Not waited for: a Redis that is away must not keep the service from starting.
    this.working = this.work(picker);
  }

  async stop(): Promise<void> {
    this.closing.abort();
    await this.picker?.stop();
    await this.working;
  }

  /** Those that wait in Redis come when their time has come: within seconds. */
  wake(): void {
    this.picker?.look();
  }

  /** Redis has room for all jobs, but where it refused some, the listener is called once it takes them again. */
  onRoom(listener: (priority: Priority) => void): void {
    this.tellOfRoom = listener;
  }

  depthOf(priority: Priority): Promise<number> {
    return this.ask(() => depthOf(this.producer, this.saverOf(priority)), ANSWER_LIMIT_MS);
  }

  ping(): Promise<void> {
    return this.ask(() => probeWrite(this.producer, PING_LIMIT_MS), PING_LIMIT_MS);
  }

  close(): Promise<void> {
    this.closed ??= this.stop().then(() => this.producer.end(true));
    return this.closed;
  }

  private async save(priority: Priority, jobs: readonly Job[]): Promise<void> {
    const queue = this.saverOf(priority);
    const nowMs = Date.now();
    const saving = async (): Promise<void> => {
      await queue.ready();
      const made = jobs.map((job) => queue.createJob(job).setId(this.idOf(job, nowMs)).delayUntil(job.runAtMs));
      await saveAll(this.producer, queue, made);
    };
    try {
      await this.ask(saving, this.options.saveLimitMs ?? DEFAULT_SAVE_LIMIT_MS);
    } catch (error) {
      this.missed.add(priority);
      throw error;
    }
  }

  private async tellOfRoomAgain(): Promise<void> {
    if (this.missed.size === 0 || (await isRejected(this.ping()))) return;
    const missed = [...this.missed];
    this.missed.clear();
    for (const priority of missed) this.tellOfRoom(priority);
  }

  private async ask<Value>(work: () => Promise<Value>, limitMs: number): Promise<Value> {
    if (!this.producer.ready) throw this.whyNotReady();
    try {
      const value = await withinLimit(work(), limitMs);
      this.refusal = null;
      return value;
    } catch (error) {
      this.noted(error);
      // One at a time, however many wait in vain.
      this.looking ??= cutIfSilent(this.producer, ANSWER_LIMIT_MS).finally(() => {
        this.looking = null;
      });
      throw error;
    }
  }

  /**
   * Redis refuses a name that it has, and it has the name of a job that runs until the job ends. So a job for later has a
   * name of its own, and so has a job that is added while it runs for a time that has passed by now.
   */
  private idOf(job: Job, nowMs: number): string {
    const name = nameOf(job);
    if (job.runAtMs > nowMs) return `${name}@${job.runAtMs}`;
    return this.running.has(name) ? `${name}~${randomUUID()}` : name;
  }

  /** Between two connections nothing is answered, and what the one before was refused for tells more. */
  private whyNotReady(): AppError {
    const { refusal } = this;
    return refusal !== null && performance.now() - refusal.atMs < REFUSAL_KEPT_MS ? refusal.error : redisAway();
  }

  private noted(error: unknown): unknown {
    if (error instanceof AppError && redisFaultOf(error.cause) !== null) {
      this.refusal = { error, atMs: performance.now() };
    }
    return error;
  }

  private saverOf(priority: Priority): BeeQueue {
    const known = this.savers.get(priority);
    if (known !== undefined) return known;
    const queue = makeBeeQueue(priority, { prefix: 'bellhop', redis: this.producer, isWorker: false });
    queue.on('error', this.onError);
    this.savers.set(priority, queue);
    return queue;
  }

  /** Opens the worker's end of each priority, however long Redis stays away, and tends them until the queue stops. */
  private async work(picker: PriorityPicker): Promise<void> {
    const { signal } = this.closing;
    const opened = new Map<Priority, RedisPriority>();
    await Promise.all(
      PRIORITIES.map(async (priority) => {
        const redis = await this.openUntil(priority, signal);
        if (redis !== null) opened.set(priority, redis);
      }),
    );
    if (opened.size === PRIORITIES.length && !signal.aborted) picker.begin(opened);
    while (!signal.aborted) {
      await wait(TEND_INTERVAL_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const tended = Promise.all([picker, ...opened.values()].map((each) => each.tend()));
      // A stop does not wait for a Redis that does not answer.
      await orAborted(
        tended.then(() => this.tellOfRoomAgain()),
        signal,
      );
    }
    await picker.stop();
    await Promise.all([...opened.values()].map((redis) => redis.close()));
  }

  private async openUntil(priority: Priority, signal: AbortSignal): Promise<RedisPriority | null> {
    const { url, stallIntervalMs = DEFAULT_STALL_INTERVAL_MS } = this.options;
    while (!signal.aborted) {
      try {
        return await openRedisPriority({
          priority,
          redis: { url, ...tlsOf(this.options) },
          stallIntervalMs,
          onError: this.onError,
          signal,
        });
      } catch (error) {
        this.onError(error);
        await wait(OPEN_AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    return null;
  }
}

function isRejected(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}

function tlsOf({ ca = null }: BeeQueueOptions): { readonly tls?: object } {
  return ca === null ? {} : { tls: { ca } };
}

function nameOf({ kind, id, step }: Job): string {
  return `${kind}:${id}:${step}`;
}
