import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import type { Logger } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { type Config, ConfigError } from './config.ts';
import { createAttempt } from './delivery/attempt.ts';
import { createFanOutPage } from './delivery/fan-out.ts';
import { createRescuer } from './delivery/rescuer.ts';
import { createSweeper } from './delivery/sweeper.ts';
import { createWorker } from './delivery/worker.ts';
import type { Random } from './domain/ids.ts';
import { createApp } from './http/app.ts';
import { createAccess } from './intake/access.ts';
import { createDeadLetters } from './intake/dead-letters.ts';
import { createNotifications } from './intake/notifications.ts';
import { createSubscriptions } from './intake/subscriptions.ts';
import type { Keys } from './key-files.ts';
import { createVapidSigner } from './push/vapid.ts';
import { createWebPushTransport } from './push/web-push.ts';
import { createInProcessQueue } from './queue/in-process.ts';
import type { JobQueue } from './queue/job-queue.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import type { Store } from './store/store.ts';
import { createEvents } from './telemetry/emitter.ts';
import { logEvents } from './telemetry/event-log.ts';
import type { Events } from './telemetry/events.ts';

export type Service = {
  /** Where the API listens, for example `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Stops intake, lets what is in flight end or takes it back, and lets go of everything. Harmless when repeated. */
  stop(): Promise<void>;
};

/** What a stop waits for pushes in flight before it gives them up; they are recorded, and sent after the next start. */
const DRAIN_MS = 20_000;
/** How long callers in the middle of a request are waited for. */
const INTAKE_DRAIN_MS = 5_000;
/** Beyond the attempt timeout, the time a settlement may take before the delivery counts as interrupted. */
const LEASE_MARGIN_MS = 30_000;

export type ServiceOptions = {
  readonly config: Config;
  readonly keys: Keys;
  readonly log: Logger;
  readonly version: string;
  readonly clock?: Clock;
  readonly random?: Random;
};

/** Used where `VAPID_SUBJECT` is not set; a warning at start says to set it. */
const PLACEHOLDER_SUBJECT = 'mailto:webmaster@example.com';

/**
 * Builds and starts everything, in the one place that knows every part. Resolves once the API listens and what an
 * earlier process left behind is queued again. Rejects, with everything let go, where a part cannot start.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, log } = options;
  const clock = options.clock ?? systemClock;
  const store = await openSqliteStore({ path: join(config.dataDir, 'bellhop.db'), clock });
  const parts = buildParts(options, clock, store);
  try {
    await parts.rescuer.start();
    // Not waited for: after a long stop it may have much to delete.
    void parts.sweeper.start();
    await parts.queue.start(parts.work, { concurrency: config.workerConcurrency });
    const server = await listen(parts.app, config);
    return { address: addressOf(server), stop: stopOnce(parts, server, log) };
  } catch (error) {
    await stopOnce(parts, null, log)();
    throw error;
  }
}

type Parts = ReturnType<typeof buildParts>;

function buildParts(options: ServiceOptions, clock: Clock, store: Store) {
  const { config, keys, log, version } = options;
  const random = options.random ?? secureRandom;
  const events = createEvents((error) => log.error({ err: error }, 'an event listener failed'));
  logEvents(events, log);
  const queue = createInProcessQueue({ clock });
  const giveUp = new AbortController();
  const stopping = new AbortController();
  const subject = config.vapidSubject ?? PLACEHOLDER_SUBJECT;
  const transport = createWebPushTransport({
    vapid: createVapidSigner({ subject, keyPairs: [keys.vapid], clock }),
    attemptTimeoutMs: config.attemptTimeoutMs,
    allowedHosts: config.pushAllowedHosts,
    caPem: config.pushCaPem,
    maxConnectionsPerOrigin: config.workerConcurrency,
  });
  const work = createWorker({
    store,
    queue,
    events,
    clock,
    leaseMs: config.attemptTimeoutMs + LEASE_MARGIN_MS,
    attempt: createAttempt({ transport, policy: config.retry, clock, random, giveUp: giveUp.signal }),
    fanOutPage: createFanOutPage({ store, queue, events, clock }),
  });
  const rescuer = createRescuer({ store, queue, events, clock, random, policy: config.retry });
  queue.onHungry(rescuer.hurry);
  return {
    store,
    queue,
    transport,
    work,
    rescuer,
    sweeper: createSweeper({ store, events, clock, retentionDays: config.retentionDays }),
    giveUp,
    stopping,
    app: buildApi(options, { clock, random, store, queue, events, version, isStopping: () => stopping.signal.aborted }),
  };
}

type ApiParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly version: string;
  readonly isStopping: () => boolean;
};

function buildApi({ config, keys, log }: ServiceOptions, parts: ApiParts) {
  const { store, queue } = parts;
  return createApp({
    ...parts,
    access: createAccess({ ...parts, keys: keys.apiKeys, allowBearer: config.allowBearer }),
    subscriptions: createSubscriptions({
      ...parts,
      store: store.subscriptions,
      allowedHosts: config.pushAllowedHosts,
      vapidPublicKey: keys.vapid.publicKey,
    }),
    notifications: createNotifications({ ...parts, defaultTtlSeconds: config.defaultTtlSeconds }),
    deadLetters: createDeadLetters(parts),
    readiness: async () => ({ store: await succeeds(store.ping()), queue: await succeeds(queue.ping()) }),
    vapidPublicKey: keys.vapid.publicKey,
    corsAllowedOrigins: config.corsAllowedOrigins,
    log: (line) =>
      log.info({ event: 'http.request', ...line }, `${line.method} ${line.route ?? 'no such path'} ${line.status}`),
    logError: (error, requestId) => {
      // A disk that is full has no use for a stack trace on every request.
      if (error.code === 'store_unavailable') log.error({ request_id: requestId, code: error.code }, error.message);
      else log.error({ err: error.cause, request_id: requestId }, 'unexpected error');
    },
  });
}

function succeeds(check: Promise<void>): Promise<boolean> {
  return check.then(
    () => true,
    () => false,
  );
}

/** A number in [0, 1) from 48 bits of the system's randomness, for ids and jitter. */
function secureRandom(): number {
  return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
}

async function listen(app: Parts['app'], config: Config): Promise<Server> {
  const server = serve({ fetch: app.fetch, port: config.port, hostname: config.host }) as Server;
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    const culprit = why === 'EADDRINUSE' || why === 'EACCES' ? 'free the port, or name another' : 'name another HOST';
    throw new ConfigError([`PORT ${config.port} on HOST ${config.host} cannot be listened on (${why}): ${culprit}.`]);
  }
  return server;
}

function addressOf(server: Server): string {
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

/** The order matters: nothing new is taken, then no loop starts work, then work ends, then what it stood on goes. */
function stopOnce(parts: Parts, server: Server | null, log: Logger): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    parts.stopping.abort();
    await Promise.all([parts.rescuer.stop(), parts.sweeper.stop()]);
    const giveUp = setTimeout(() => {
      log.warn('pushes still under way are given up; they are on record and are sent after the next start');
      parts.giveUp.abort();
    }, DRAIN_MS);
    await parts.queue.close();
    clearTimeout(giveUp);
    // Until here callers and load balancers were told that this process is stopping.
    if (server !== null) await closeServer(server);
    await parts.transport.close();
    await parts.store.close();
  };
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const impatience = setTimeout(() => server.closeAllConnections(), INTAKE_DRAIN_MS);
  await closed;
  clearTimeout(impatience);
}
