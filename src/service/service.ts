import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { availableParallelism, hostname } from 'node:os';
import type { Logger } from 'pino';
import type { ApiKey } from '../access/api-keys.ts';
import { createOperators, type Operators } from '../access/operators.ts';
import { createReceiptTokens, type ReceiptTokens } from '../access/receipt-tokens.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Keys } from '../config/key-files.ts';
import { sealKeys } from '../config/sealed-keys.ts';
import { createEngine, type Engine } from '../delivery/engine.ts';
import { type Compose, createComposer } from '../domain/content/compose.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import type { ProcessView } from '../domain/process/process-view.ts';
import type { LaneView } from '../domain/push-service/lane-view.ts';
import { wayOfPushes } from '../domain/push-service/proxy.ts';
import { createServiceNames } from '../domain/push-service/service-name.ts';
import type { Listener } from '../http/listener.ts';
import { eraseDue } from '../intake/erasing.ts';
import { createLastBackup } from '../intake/last-backup.ts';
import { createProcesses } from '../intake/processes.ts';
import { createThreadedTransport, type ThreadedTransport, threadsFor } from '../push/threads/threaded-transport.ts';
import { createVapidSigner } from '../push/vapid.ts';
import { createStandingRules, type StandingRules } from '../store/standing-rules.ts';
import { createWordings, type Wordings } from '../store/wordings.ts';
import { createEvents } from '../telemetry/emitter.ts';
import { logEvents } from '../telemetry/event-log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { openTracing, type Tracing } from '../telemetry/tracing.ts';
import { type BackupKeeper, createBackupKeeper } from '../upkeep/backup-keeper.ts';
import { createBulkWorker } from '../upkeep/bulk-worker.ts';
import { createEraser } from '../upkeep/eraser.ts';
import type { Loop } from '../upkeep/loop.ts';
import { createPresence } from '../upkeep/presence.ts';
import { createScheduler, type Scheduler } from '../upkeep/scheduler.ts';
import { type AcceptanceOfAll, buildAcceptance } from './acceptance.ts';
import { type ApiOptions, type ApiParts, buildApi } from './api.ts';
import { type Backends, openBackends } from './backends.ts';
import { buildMetrics } from './metrics.ts';
import { createSecureRandom } from './secure-random.ts';
import { addressOf, closeServer, listen } from './server.ts';
import { checkClock, checkVapidKeys } from './start-checks.ts';
import { warmUpSoon } from './warm-up.ts';
import { buildWebhooks, type Webhooks } from './webhooks.ts';

export type Service = {
  /** Where the API listens, for example `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Has these API keys and no others live from now on. */
  useApiKeys(keys: readonly ApiKey[]): void;
  /** Lets people into the console. */
  readonly operators: Operators;
  /** Stops intake, lets what is in flight end or takes it back, and lets go of everything. Harmless when repeated. */
  stop(): Promise<void>;
};

export type ServiceOptions = {
  readonly config: Config;
  readonly keys: Keys;
  readonly log: Logger;
  readonly version: string;
  /** What the doctor does. Left out: nobody asks him at the console. */
  readonly examine?: ApiOptions['examine'];
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
  const { config, keys, log } = options;
  const parts = await buildParts(options);
  try {
    await checkVapidKeys({ config, keys, log, store: parts.backends.store, clock: options.clock ?? systemClock });
    await parts.sending?.engine.start();
    await parts.sending?.scheduler.start();
    // Not waited for: it may have much to do.
    void parts.sending?.bulkWorker.start();
    void parts.sending?.eraser.start();
    void parts.sending?.webhooks.sender.start();
    const server = await listen(parts.listener, config);
    if (parts.sending !== null) warmUpSoon(parts.sending.transport);
    // Not waited for: a backup takes its time.
    void parts.backupKeeper?.start();
    void parts.presence.start();
    if (await parts.backends.store.backups.forgetUpgrade()) log.info('the backup from before the upgrade is removed');
    return {
      address: addressOf(server),
      useApiKeys: parts.useApiKeys,
      operators: parts.operators,
      stop: stopOnce(parts, server, log),
    };
  } catch (error) {
    await stopOnce(parts, null, log)();
    throw error;
  }
}

type Shared = Backends &
  AcceptanceOfAll & {
    readonly clock: Clock;
    readonly random: Random;
    readonly events: Events;
    readonly compose: Compose;
    readonly rules: StandingRules;
    readonly wordings: Wordings;
    readonly receiptTokens: ReceiptTokens;
  };

type Parts = {
  readonly backends: Backends;
  /** Null where this process only serves the API. */
  readonly sending: Sending | null;
  readonly backupKeeper: BackupKeeper | null;
  readonly presence: Loop;
  readonly listener: Listener;
  readonly operators: Operators;
  readonly useApiKeys: (keys: readonly ApiKey[]) => void;
  readonly stopping: AbortController;
  /** Null where no spans are made. */
  readonly tracing: Tracing | null;
};

async function buildParts(options: ServiceOptions): Promise<Parts> {
  const { config, log, clock = systemClock, random = createSecureRandom() } = options;
  checkClock(clock.now());
  const events = createEvents((error) => log.error({ err: error }, 'an event listener failed'));
  logEvents(events, log, clock);
  const counts = createMetrics(events);
  const tracing = await buildTracing(options, events);
  const backends = await openBackends({
    config,
    clock,
    warn: (text) => log.warn(text),
    onError: (part, error) => events.publish({ type: 'part.failed', part, error }),
  });
  const rules = createStandingRules({ store: backends.store, clock });
  const wordings = createWordings(backends.store.templates);
  const compose = createComposer(config.siteUrl, config.publicUrl);
  let { apiKeys } = options.keys;
  const receiptTokens = createReceiptTokens(() => apiKeys);
  const base = { ...backends, receiptTokens, clock, random, events, rules, wordings, compose };
  const acceptance = buildAcceptance(base, { ...config, serverZone: config.timeZone });
  const shared: Shared = { ...base, ...acceptance };
  const stopping = new AbortController();
  const sending = config.roles.includes('worker') ? buildSending(options, shared) : null;
  const operators = createOperators({ keys: () => apiKeys, store: backends.store.operators, clock });
  const views = () => sending?.engine.lanes.views() ?? [];
  const own = ownView(options, clock.now(), views);
  const processes = createProcesses({ ...shared, own });
  const lastBackup = config.mongodbUrl === null ? createLastBackup(backends.store.facts, events) : null;
  const api: ApiParts = {
    ...shared,
    ...buildMetrics(counts, { ...shared, version: options.version, lanes: views }),
    operators,
    processes,
    lastBackup,
    onSendingChange: () => sending?.engine.sendingWatch.hurry(),
    onScheduleChange: () => sending?.scheduler.hurry(),
    onBulkAction: () => sending?.bulkWorker.hurry(),
    onErasure: () => sending?.eraser.hurry(),
    onWebhookChange: () => sending?.webhooks.sender.hurry(),
    stopping: stopping.signal,
    beginCall: tracing?.beginCall ?? null,
  };
  return {
    backends,
    sending,
    backupKeeper: buildBackupKeeper(options, shared),
    presence: createPresence({ ...shared, view: own }),
    operators,
    listener: buildApi({ ...options, apiKeys: () => apiKeys }, api),
    useApiKeys: (keys) => {
      apiKeys = keys;
    },
    stopping,
    tracing,
  };
}

/** Null where no spans are made. */
async function buildTracing(
  { config, version, clock = systemClock }: ServiceOptions,
  events: Events,
): Promise<Tracing | null> {
  return config.tracing === null ? null : openTracing(events, { ...config.tracing, version }, clock);
}

function ownView(
  { config, version }: ServiceOptions,
  startedAtMs: number,
  lanes: () => readonly LaneView[],
): () => ProcessView {
  const still = { id: randomUUID(), host: hostname(), pid: process.pid, version, roles: config.roles, startedAtMs };
  return () => ({ ...still, lanes: lanes() });
}

/** Null where no backup is made by itself. */
function buildBackupKeeper({ config }: ServiceOptions, { store, events, clock }: Shared): BackupKeeper | null {
  const { backups, backupPassphrase: passphrase } = config;
  if (backups === null) return null;
  const sealing = backups.withKeys && passphrase !== null ? () => sealKeys(config, passphrase) : null;
  return createBackupKeeper({ ...backups, store: store.backups, events, clock, sealKeys: sealing });
}

type Sending = {
  readonly transport: ThreadedTransport;
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  readonly bulkWorker: Loop;
  readonly eraser: Loop;
  readonly webhooks: Webhooks;
};

/** What the role `worker` does. */
function buildSending({ config, keys, log }: ServiceOptions, shared: Shared): Sending {
  const { clock, pace } = shared;
  const { attemptTimeoutMs, workerConcurrency: concurrency } = config;
  const subject = config.vapidSubject ?? PLACEHOLDER_SUBJECT;
  if (config.pushProxy !== null) log.info(`pushes ${wayOfPushes(config.pushProxy)}`);
  const transport = createThreadedTransport({
    vapid: createVapidSigner({ subject, keyPairs: [keys.vapid, ...keys.olderVapid], findPair: keys.findVapid, clock }),
    attemptTimeoutMs,
    allowedHosts: config.pushAllowedHosts,
    caPem: config.pushCaPem,
    proxy: config.pushProxy,
    maxConnectionsPerOrigin: concurrency,
    threads: threadsFor(availableParallelism()),
    onLost: (error) => shared.events.publish({ type: 'part.failed', part: 'sender_thread', error }),
  });
  const policy = {
    delivery: { ...config.retry, quarantine: config.quarantine, goneGraceMs: config.goneGraceMs },
    pruning: config.pruneGuard,
    ratesPerSecond: config.pushRatesPerSecond,
    serviceOf: createServiceNames(config.pushAllowedHosts),
    attemptTimeoutMs,
    serverZone: config.timeZone,
    retentionDays: config.retentionDays,
    eventRetentionDays: config.eventRetentionDays,
  };
  const { store, events, coordination, occurrences } = shared;
  const leads = (loop: string): Promise<boolean> => coordination.lead(loop);
  const settle = occurrences.settle;
  return {
    transport,
    engine: createEngine({ ...shared, transport, receiptToken: shared.receiptTokens.make }, policy, {
      ...pace,
      concurrency,
    }),
    bulkWorker: createBulkWorker({ ...shared, leads }),
    eraser: createEraser({ eraseDue: (isStopped) => eraseDue(shared, isStopped), events, clock, leads }),
    webhooks: buildWebhooks(config, shared),
    scheduler: createScheduler({ store: store.schedules, events, clock, settle, leads }),
  };
}

/** The order matters: nothing new is taken, then no loop starts work, then work ends, then what it stood on goes. */
function stopOnce(parts: Parts, server: Server | null, log: Logger): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    const { stopping, sending, backupKeeper, presence, backends, tracing } = parts;
    stopping.abort();
    await sending?.scheduler.stop();
    await sending?.bulkWorker.stop();
    await sending?.eraser.stop();
    await sending?.webhooks.sender.stop();
    await sending?.engine.stopLoops();
    // Its backup under way is given up, so its tick is not waited for.
    const keeping = backupKeeper?.stop();
    await presence.stop();
    // Loops that this process led are taken over while it drains.
    await backends.coordination.close();
    await sending?.engine.drain(() => {
      log.warn('pushes still under way are given up; they are on record and are sent after the next start');
    });
    await backends.queue.close();
    // Until here callers and load balancers were told that this process is stopping.
    if (server !== null) await closeServer(server);
    await sending?.transport.close();
    await sending?.webhooks.transport.close();
    await tracing?.stop();
    await backends.store.close();
    await keeping;
  };
  return () => {
    stopped ??= stop();
    return stopped;
  };
}
