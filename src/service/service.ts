import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { createAccess } from '../access/access.ts';
import { createSubscriberTokens, type SubscriberTokens } from '../access/subscriber-tokens.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { type Keys, publicKeysOf } from '../config/key-files.ts';
import { createAttempt } from '../delivery/attempt.ts';
import { createFanOutPage } from '../delivery/fan-out.ts';
import { GATES } from '../delivery/gates.ts';
import { createLanes } from '../delivery/lanes.ts';
import { createPruneGuard } from '../delivery/prune-guard.ts';
import { createWorker } from '../delivery/worker.ts';
import { type Compose, createComposer } from '../domain/content/compose.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import { type AppOptions, createApp } from '../http/app.ts';
import { createListener } from '../http/listener.ts';
import type { StaticFile } from '../http/pages/static-files.ts';
import { createDeadLetters } from '../intake/dead-letters.ts';
import { createDemo } from '../intake/demo.ts';
import { createNotifications, type Notifications } from '../intake/notifications.ts';
import { createPruneHolds } from '../intake/prune-holds.ts';
import { createSubscriptions } from '../intake/subscriptions.ts';
import { createVapidKeys } from '../intake/vapid-keys.ts';
import { createVapidSigner } from '../push/vapid.ts';
import { createWebPushTransport } from '../push/web-push.ts';
import { createEvents } from '../telemetry/emitter.ts';
import { logEvents } from '../telemetry/event-log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createRescuer } from '../upkeep/rescuer.ts';
import { createSweeper } from '../upkeep/sweeper.ts';
import { type Backends, openBackends } from './backends.ts';
import { readDemoFiles, readSdkFiles } from './browser-files.ts';
import { createSecureRandom } from './secure-random.ts';
import { addressOf, closeServer, listen } from './server.ts';
import { checkClock, checkVapidKeys } from './start-checks.ts';

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
/** There is always room for the other push services, whatever one of them does. */
const SHARE_OF_ONE_ORIGIN = 0.8;
/**
 * Deliveries being claimed and encrypted. Measured on the embedded store: with more of them what is urgent waits longer, and
 * few keep the turns of the event loop short; with MongoDB the round trips want larger groups (docs/performance.md).
 */
const AT_WORK = { mostAtWork: 40, mostAtWorkWhenMixed: 4, mostOvertaking: 4 };
const AT_WORK_WITH_MONGODB = { mostAtWorkWhenMixed: 32, mostOvertaking: 4 };
/** Deliveries made in one commit, which nothing else interrupts: about 1 ms. MongoDB has no such commit. */
const FAN_OUT = { pageSize: 25 };
const FAN_OUT_WITH_MONGODB = { pageSize: 500 };

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
  checkClock(clock.now());
  const events = createEvents((error) => log.error({ err: error }, 'an event listener failed'));
  logEvents(events, log, clock);
  const metrics = createMetrics(events);
  const backends = await openBackends({
    config,
    clock,
    onError: (part, error) => events.publish({ type: 'part.failed', part, error }),
  });
  const parts = buildParts(
    options,
    {
      ...backends,
      clock,
      random: options.random ?? createSecureRandom(),
      events,
      compose: createComposer(config.siteUrl),
    },
    metrics,
  );
  try {
    await checkVapidKeys({ config, keys: options.keys, log, store: backends.store });
    if (parts.sending !== null) await startSending(parts.sending, backends, config);
    const server = await listen(parts.listener, config);
    return { address: addressOf(server), stop: stopOnce(parts, server, log) };
  } catch (error) {
    await stopOnce(parts, null, log)();
    throw error;
  }
}

type Parts = ReturnType<typeof buildParts>;
type Sending = ReturnType<typeof buildSending>;

function buildParts(options: ServiceOptions, shared: Shared, metrics: Metrics) {
  const { config, version } = options;
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  const api = apiOptionsOf(options, {
    ...shared,
    version,
    isStopping,
    metrics: metrics.text,
    stopping: stopping.signal,
  });
  return {
    backends: shared,
    stopping,
    sending: config.roles.includes('worker') ? buildSending(options, shared) : null,
    listener: createListener(createApp(api), api),
  };
}

type Shared = Backends & {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly compose: Compose;
};

/** What the role `worker` does: attempts, fan-out, and the loops that find what was left. */
function buildSending({ config, keys }: ServiceOptions, shared: Shared) {
  const { store, queue, coordination, clock, random, events, compose } = shared;
  const giveUp = new AbortController();
  const subject = config.vapidSubject ?? PLACEHOLDER_SUBJECT;
  const transport = createWebPushTransport({
    vapid: createVapidSigner({ subject, keyPairs: [keys.vapid, ...keys.olderVapid], findPair: keys.findVapid, clock }),
    attemptTimeoutMs: config.attemptTimeoutMs,
    allowedHosts: config.pushAllowedHosts,
    caPem: config.pushCaPem,
    maxConnectionsPerOrigin: config.workerConcurrency,
    useEncryptionThread: availableParallelism() > 1,
  });
  const policy = { ...config.retry, quarantine: config.quarantine };
  const pruneGuard = createPruneGuard({ ...shared, store: store.pruneHolds, policy: config.pruneGuard });
  const worker = createWorker({
    ...shared,
    leaseMs: config.attemptTimeoutMs + LEASE_MARGIN_MS,
    lanes: createLanes({
      ...shared,
      maxInFlightPerOrigin: Math.ceil(config.workerConcurrency * SHARE_OF_ONE_ORIGIN),
      ratesPerSecond: config.pushRatesPerSecond,
    }),
    gates: GATES,
    attempt: createAttempt({
      transport,
      policy,
      pruneGuard,
      clock,
      random,
      compose,
      giveUp: giveUp.signal,
    }),
    fanOutPage: createFanOutPage({
      ...shared,
      ...(config.mongodbUrl === null ? FAN_OUT : FAN_OUT_WITH_MONGODB),
    }),
  });
  const leads = (loop: string) => coordination.lead(loop);
  const rescuer = createRescuer({ store, queue, events, clock, random, policy, leads });
  queue.onRoom(rescuer.refill);
  const sweeper = createSweeper({ store, events, clock, retentionDays: config.retentionDays, leads });
  return { transport, worker, pruneGuard, rescuer, sweeper, giveUp };
}

async function startSending(sending: Sending, { queue }: Backends, config: Config): Promise<void> {
  const { rescuer, sweeper, pruneGuard, worker } = sending;
  // First: what is decided about pruning counts for the first answer, too.
  await pruneGuard.start();
  await rescuer.start();
  // Not waited for: after a long stop it may have much to delete.
  void sweeper.start();
  await queue.start(worker.work, {
    concurrency: config.workerConcurrency,
    ...(config.mongodbUrl === null ? AT_WORK : AT_WORK_WITH_MONGODB),
    mustWait: worker.mustWait,
  });
}

type ApiParts = Shared & Pick<AppOptions, 'version' | 'isStopping' | 'metrics'> & { readonly stopping: AbortSignal };

function apiOptionsOf({ config, keys, log }: ServiceOptions, parts: ApiParts): AppOptions {
  const { store, queue } = parts;
  const subscriberTokens = createSubscriberTokens({ ...parts, keys: keys.apiKeys });
  const notifications = createNotifications({
    ...parts,
    defaultTtlSeconds: config.defaultTtlSeconds,
  });
  return {
    ...parts,
    subscriberTokens,
    notifications,
    ...(config.demoPage ? buildDemo(keys, log, { ...parts, subscriberTokens, notifications }) : {}),
    access: createAccess({ ...parts, keys: keys.apiKeys, allowBearer: config.allowBearer }),
    subscriptions: createSubscriptions({
      ...parts,
      store: store.subscriptions,
      allowedHosts: config.pushAllowedHosts,
      publicKeys: publicKeysOf(keys),
    }),
    deadLetters: createDeadLetters(parts),
    pruneHolds: createPruneHolds(parts),
    vapidKeys: createVapidKeys({ store: store.subscriptions, publicKeys: publicKeysOf(keys) }),
    readiness: { store: () => store.ping(), queue: () => queue.ping() },
    servesApi: config.roles.includes('api'),
    vapidPublicKey: keys.vapid.publicKey,
    sdk: ifBuilt('the browser SDK', readSdkFiles(), log),
    corsAllowedOrigins: config.corsAllowedOrigins,
    log: (line) =>
      log.info({ event: 'http.request', ...line }, `${line.method} ${line.route ?? 'no such path'} ${line.status}`),
    logError: (error, requestId) => {
      // A disk that is full has no use for a stack trace on every request.
      if (error.code === 'store_unavailable') log.error({ request_id: requestId, code: error.code }, error.message);
      else log.error({ err: error.cause, request_id: requestId }, 'unexpected error');
    },
  };
}

function ifBuilt(what: string, files: readonly StaticFile[] | null, log: Logger): readonly StaticFile[] | null {
  if (files === null) log.warn(`${what} is not built, so it is not served: npm run build`);
  return files;
}

type DemoParts = ApiParts & { readonly subscriberTokens: SubscriberTokens; readonly notifications: Notifications };

function buildDemo({ apiKeys }: Keys, log: Logger, { stopping, ...parts }: DemoParts): Pick<AppOptions, 'demo'> {
  const [signing] = apiKeys;
  const files = ifBuilt('the demo page', readDemoFiles(), log);
  if (signing === undefined || files === null) return {};
  return { demo: { demo: createDemo({ ...parts, keyId: signing.id }), files, stopping } };
}

/** The order matters: nothing new is taken, then no loop starts work, then work ends, then what it stood on goes. */
function stopOnce(parts: Parts, server: Server | null, log: Logger): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    const { stopping, sending, backends } = parts;
    stopping.abort();
    await Promise.all([sending?.rescuer.stop(), sending?.sweeper.stop(), sending?.pruneGuard.stop()]);
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
