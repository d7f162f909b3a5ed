import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createLoneCoordination } from '../coordination/alone.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { StorePace } from '../delivery/engine.ts';
import type { PartName } from '../domain/events.ts';
import { createServiceNames } from '../domain/push-service/service-name.ts';
import { createInProcessQueue } from '../queue/in-process/in-process-queue.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';

/** What the rest stands on: where documents are kept, where jobs wait, and what processes share beside them. */
export type Backends = {
  readonly store: Store;
  /** How much is done at once suits the store. */
  readonly pace: StorePace;
  readonly queue: JobQueue;
  readonly coordination: Coordination;
};

/**
 * Deliveries being claimed and encrypted. Measured: with more of them what is urgent waits longer, and few keep the turns of
 * the event loop short (docs/performance.md). A page of fan-out is one commit, which nothing else interrupts: about 1 ms.
 */
export const EMBEDDED_PACE: StorePace = {
  atWork: { mostAtWork: 40, mostAtWorkWhenMixed: 4, mostOvertaking: 4 },
  fanOutPageSize: 25,
};

/** The round trips to MongoDB want larger groups (docs/performance.md), and it has no commit that holds up all others. */
export const MONGODB_PACE: StorePace = { atWork: { mostAtWorkWhenMixed: 32, mostOvertaking: 4 }, fanOutPageSize: 500 };

export type BackendOptions = {
  readonly config: Pick<
    Config,
    | 'dataDir'
    | 'backups'
    | 'mongodbUrl'
    | 'mongodbCa'
    | 'redisUrl'
    | 'redisCa'
    | 'retentionDays'
    | 'eventTypes'
    | 'pushAllowedHosts'
  >;
  readonly clock: Clock;
  /** Told what an operator should know of the data file. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Told of trouble that no call is there to answer for: a connection lost, the sole process succeeded. */
  readonly onError: (part: Extract<PartName, 'store' | 'queue' | 'coordination'>, error: unknown) => void;
};

/**
 * Opens the four combinations: documents in the embedded file or MongoDB, jobs in this process or Redis. Rejects with
 * AppError, and nothing left open, where one refuses. A Redis that is only away does not: what is accepted waits for it.
 */
export async function openBackends(options: BackendOptions): Promise<Backends> {
  const { store, pace } = await openStore(options);
  try {
    const queue = await openQueue(options);
    return { store, pace, queue, coordination: await openCoordination(options) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

// What is not used is not loaded: the drivers of MongoDB and Redis take 30 MiB and a tenth of a second.

/** The store alone. Rejects with AppError where it refuses. `isAlone` false: beside whatever processes there are. */
export async function openStore({
  config,
  clock,
  onError,
  warn,
  isAlone = config.redisUrl === null,
}: BackendOptions & { readonly isAlone?: boolean }): Promise<Pick<Backends, 'store' | 'pace'>> {
  const { mongodbUrl: url, mongodbCa: ca, retentionDays, eventTypes } = config;
  if (url === null) {
    const path = join(config.dataDir, 'bellhop.db');
    const store = await openSqliteStore({ path, clock, backupDir: config.backups?.folder ?? null, eventTypes, warn });
    return { store, pace: EMBEDDED_PACE };
  }
  const { openMongoStore } = await import('../store/mongodb/mongodb-store.ts');
  const onLost = (error: unknown): void => onError('store', error);
  const alone = isAlone ? { onLost } : null;
  return { store: await openMongoStore({ url, ca, clock, retentionDays, eventTypes, alone }), pace: MONGODB_PACE };
}

async function openQueue({ config, clock, onError }: BackendOptions): Promise<JobQueue> {
  const { redisUrl: url, redisCa: ca, pushAllowedHosts } = config;
  const lineOf = createServiceNames(pushAllowedHosts);
  if (url === null) return createInProcessQueue({ clock, lineOf });
  const { createBeeQueue } = await import('../queue/redis/bee-queue.ts');
  return createBeeQueue({ url, ca, lineOf, onError: (error) => onError('queue', error) });
}

async function openCoordination({
  config: { redisUrl: url, redisCa: ca },
  onError,
}: BackendOptions): Promise<Coordination> {
  if (url === null) return createLoneCoordination();
  const { createRedisCoordination } = await import('../coordination/redis-coordination.ts');
  return createRedisCoordination({ url, ca, onError: (error) => onError('coordination', error) });
}
