import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createLoneCoordination } from '../coordination/alone.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { PartName } from '../domain/events.ts';
import { createInProcessQueue } from '../queue/in-process/in-process-queue.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';

/** What the rest stands on: where documents are kept, where jobs wait, and what processes share beside them. */
export type Backends = { readonly store: Store; readonly queue: JobQueue; readonly coordination: Coordination };

export type BackendOptions = {
  readonly config: Pick<Config, 'dataDir' | 'mongodbUrl' | 'redisUrl' | 'retentionDays'>;
  readonly clock: Clock;
  /** Told of trouble that no call is there to answer for: a connection lost, the sole process succeeded. */
  readonly onError: (part: Extract<PartName, 'store' | 'queue' | 'coordination'>, error: unknown) => void;
};

/**
 * Opens the four combinations: documents in the embedded file or MongoDB, jobs in this process or Redis. Rejects with
 * AppError, and nothing left open, where one refuses. A Redis that is only away does not: what is accepted waits for it.
 */
export async function openBackends(options: BackendOptions): Promise<Backends> {
  const store = await openStore(options);
  try {
    const queue = await openQueue(options);
    return { store, queue, coordination: await openCoordination(options) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

// What is not used is not loaded: the drivers of MongoDB and Redis take 30 MiB and a tenth of a second.

async function openStore({ config, clock, onError }: BackendOptions): Promise<Store> {
  const { mongodbUrl: url, redisUrl, retentionDays } = config;
  if (url === null) return openSqliteStore({ path: join(config.dataDir, 'bellhop.db'), clock });
  const { openMongoStore } = await import('../store/mongodb/mongodb-store.ts');
  const onLost = (error: unknown): void => onError('store', error);
  return openMongoStore({ url, clock, retentionDays, alone: redisUrl === null ? { onLost } : null });
}

async function openQueue({ config: { redisUrl: url }, clock, onError }: BackendOptions): Promise<JobQueue> {
  if (url === null) return createInProcessQueue({ clock });
  const { createBeeQueue } = await import('../queue/redis/bee-queue.ts');
  return createBeeQueue({ url, onError: (error) => onError('queue', error) });
}

async function openCoordination({ config: { redisUrl: url }, onError }: BackendOptions): Promise<Coordination> {
  if (url === null) return createLoneCoordination();
  const { createRedisCoordination } = await import('../coordination/redis-coordination.ts');
  return createRedisCoordination({ url, onError: (error) => onError('coordination', error) });
}
