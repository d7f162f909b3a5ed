import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { type Backends, openBackends } from './backends.ts';
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
import { addressOf, closeServer, listen } from './server.ts';
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
  const events = createEvents((error) => log.error({ err: error }, 'an event listener failed'));
  logEvents(events, log, clock);
  const backends = await openBackends({
    config,
    clock,
    onError: (part, error) => events.publish({ type: 'loop.failed', loop: part, error }),
  });
  const parts = buildParts(options, clock, events, backends);
  try {
    await checkVapidKey(options, backends);
    if (parts.sending !== null) await startSending(parts.sending, backends, config);
    const server = await listen(parts.app, config);
    return { address: addressOf(server), stop: stopOnce(parts, server, log) };
  } catch (error) {
    await stopOnce(parts, null, log)();
    throw error;
  }
}

/**
 * Browsers subscribed to one key, and push services refuse any other. A pair that was made beside a store that knows
 * another is a mistake: a folder lost, or not shared between processes. A pair that was set is somebody's decision.
 */
async function checkVapidKey({ config, keys, log }: ServiceOptions, { store }: Backends): Promise<void> {
  const { publicKey } = keys.vapid;
  const known = await store.keepFact('vapid_public_key', publicKey);
  if (known === publicKey) return;
  if (config.vapidKeys === null) {
    throw new ConfigError([
      `The VAPID key pair in ${config.dataDir} is not the one that this store's browsers subscribed to: put the right vapid.json there, or let all processes share one DATA_DIR, or set VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY.`,
    ]);
  }
  log.warn('VAPID_PUBLIC_KEY has changed: browsers that subscribed to the earlier key must subscribe again');
  await store.replaceFact('vapid_public_key', publicKey);
}

type Parts = ReturnType<typeof buildParts>;
type Sending = ReturnType<typeof buildSending>;

function buildParts(options: ServiceOptions, clock: Clock, events: Events, backends: Backends) {
  const { config, version } = options;
  const random = options.random ?? secureRandom;
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  const shared = { ...backends, clock, random, events };
  return {
    backends,
    stopping,
    sending: config.roles.includes('worker') ? buildSending(options, shared) : null,
    app: buildApi(options, { ...shared, version, isStopping }),
  };
}

type Shared = Backends & { readonly clock: Clock; readonly random: Random; readonly events: Events };

/** What the role `worker` does: attempts, fan-out, and the loops that find what was left. */
function buildSending({ config, keys }: ServiceOptions, shared: Shared) {
  const { store, queue, coordination, clock, random, events } = shared;
  const giveUp = new AbortController();
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
    coordination,
    leaseMs: config.attemptTimeoutMs + LEASE_MARGIN_MS,
    attempt: createAttempt({ transport, policy: config.retry, clock, random, giveUp: giveUp.signal }),
    fanOutPage: createFanOutPage({ store, queue, events, clock }),
  });
  const leads = (loop: string) => coordination.lead(loop);
  const rescuer = createRescuer({ store, queue, events, clock, random, policy: config.retry, leads });
  queue.onHungry(rescuer.hurry);
  const sweeper = createSweeper({ store, events, clock, retentionDays: config.retentionDays, leads });
  return { transport, work, rescuer, sweeper, giveUp };
}

async function startSending({ rescuer, sweeper, work }: Sending, { queue }: Backends, config: Config): Promise<void> {
  await rescuer.start();
  // Not waited for: after a long stop it may have much to delete.
  void sweeper.start();
  await queue.start(work, { concurrency: config.workerConcurrency });
}

type ApiParts = Shared & { readonly version: string; readonly isStopping: () => boolean };

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
    readiness: { store: () => store.ping(), queue: () => queue.ping() },
    servesApi: config.roles.includes('api'),
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

/** A number in [0, 1) from 48 bits of the system's randomness, for ids and jitter. */
function secureRandom(): number {
  return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
}

/** The order matters: nothing new is taken, then no loop starts work, then work ends, then what it stood on goes. */
function stopOnce(parts: Parts, server: Server | null, log: Logger): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    const { stopping, sending, backends } = parts;
    stopping.abort();
    await Promise.all([sending?.rescuer.stop(), sending?.sweeper.stop()]);
    // Loops that this process led are taken over while it drains.
    await backends.coordination.close();
    const giveUp = setTimeout(() => {
      log.warn('pushes still under way are given up; they are on record and are sent after the next start');
      sending?.giveUp.abort();
    }, DRAIN_MS);
    await backends.queue.close();
    clearTimeout(giveUp);
    // Until here callers and load balancers were told that this process is stopping.
    if (server !== null) await closeServer(server);
    await sending?.transport.close();
    await backends.store.close();
  };
  return () => {
    stopped ??= stop();
    return stopped;
  };
}
