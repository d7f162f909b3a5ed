import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { createAccess } from '../access/access.ts';
import { type LiveApiKeys, signingKeyOf } from '../access/api-keys.ts';
import { createClientFinder } from '../access/client-address.ts';
import type { Operators } from '../access/operators.ts';
import type { ReceiptTokens } from '../access/receipt-tokens.ts';
import { createValueSigner } from '../access/signed-value.ts';
import { createSubscriberTokens, type SubscriberTokens } from '../access/subscriber-tokens.ts';
import type { Clock } from '../clock.ts';
import { type Config, hasDemoPage } from '../config/config.ts';
import { readEnvironment } from '../config/environment.ts';
import { type Keys, readVapidRing, rotateVapidFile } from '../config/key-files.ts';
import { settingsShown } from '../config/settings-shown.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Compose } from '../domain/content/compose.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import type { BeginCall } from '../domain/trace.ts';
import { type AppOptions, createApp } from '../http/app.ts';
import type { StaticFile } from '../http/kit/static-files.ts';
import { createListener, type Listener } from '../http/listener.ts';
import { createAgingReader } from '../intake/aging.ts';
import { createAuditLog } from '../intake/audit-log.ts';
import { createBackups } from '../intake/backups.ts';
import { createBulkActions } from '../intake/bulk-actions.ts';
import { createDeadLetters } from '../intake/dead-letters.ts';
import { createDemo } from '../intake/demo.ts';
import { createDoctor } from '../intake/doctor.ts';
import { createEventReader } from '../intake/event-reading.ts';
import type { LastBackup } from '../intake/last-backup.ts';
import { createLookUp } from '../intake/lookup.ts';
import type { Notifications } from '../intake/notifications.ts';
import { createOverview } from '../intake/overview.ts';
import type { Processes } from '../intake/processes.ts';
import { createPruneHolds } from '../intake/prune-holds.ts';
import { createRateLimiter, type RateLimiter } from '../intake/rate-limiter.ts';
import { createReceipts } from '../intake/receipts.ts';
import { createSendingControl } from '../intake/sending.ts';
import { createSubscriptionImport } from '../intake/subscription-import.ts';
import { createSubscriptions } from '../intake/subscriptions.ts';
import { createUserDeliveries } from '../intake/user-deliveries.ts';
import { createVapidKeys } from '../intake/vapid-keys.ts';
import { createWebhookEndpoints } from '../intake/webhook-endpoints.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { Wordings } from '../store/wordings.ts';
import type { HttpMetrics } from '../telemetry/http-metrics.ts';
import type { AcceptanceOfAll } from './acceptance.ts';
import { readConsoleFiles, readDemoFiles, readSdkFiles } from './browser-files.ts';
import { buildPeople, type PeopleSettings } from './people.ts';

export type ApiOptions = {
  readonly config: Config;
  readonly keys: Keys;
  readonly apiKeys: LiveApiKeys;
  readonly log: Logger;
  readonly version: string;
  readonly examine?: Parameters<typeof createDoctor>[0] | undefined;
};

/** What the API stands on. */
export type ApiParts = AcceptanceOfAll & {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly coordination: Coordination;
  readonly events: Events;
  readonly compose: Compose;
  readonly rules: StandingRules;
  readonly wordings: Wordings;
  readonly clock: Clock;
  readonly random: Random;
  readonly receiptTokens: ReceiptTokens;
  readonly operators: Operators;
  /** Somebody paused or resumed sending: what sends in this process is to look. */
  readonly onSendingChange: () => void;
  readonly processes: Processes;
  /** Null where the store is backed up by other means. */
  readonly lastBackup: LastBackup | null;
  /** A schedule was made or changed: the scheduler of this process is to look. */
  readonly onScheduleChange: () => void;
  readonly onBulkAction: () => void;
  readonly onErasure: () => void;
  readonly onWebhookChange: () => void;
  /** In Prometheus’ text format. */
  readonly metrics: () => Promise<string>;
  readonly httpMetrics: HttpMetrics;
  /** Aborted when the service begins to stop: from then on routes are refused, and streams end. */
  readonly stopping: AbortSignal;
  /** Null where no spans are made. */
  readonly beginCall: BeginCall | null;
};

/** What callers reach: the routes, and all that stands behind them. */
export function buildApi(options: ApiOptions, parts: ApiParts): Listener {
  const appOptions = appOptionsOf(options, parts);
  return createListener(createApp(appOptions), appOptions);
}

function appOptionsOf(options: ApiOptions, parts: ApiParts): AppOptions {
  const { config, keys, apiKeys, log, version } = options;
  const { store, queue } = parts;
  const limiter = createRateLimiter(parts);
  const subscriberTokens = createSubscriberTokens({ ...parts, keys: apiKeys });
  const people = buildPeople({ ...parts, limiter }, peopleSettingsOf(config));
  const registering = {
    ...parts,
    store: store.subscriptions,
    allowedHosts: config.pushAllowedHosts,
    publicKeys: keys.heldPublicKeys,
  };
  return {
    ...parts,
    version,
    isStopping: () => parts.stopping.aborted,
    subscriberTokens,
    ...(hasDemoPage(config) ? buildDemo(options, { ...parts, subscriberTokens, ...people, limiter }) : {}),
    ...(config.console.isServed ? buildConsole(options, { ...parts, limiter }) : {}),
    access: createAccess({
      ...parts,
      keys: apiKeys,
      allowBearer: config.allowBearer,
      metricsToken: config.metricsToken,
    }),
    subscriptionImport: createSubscriptionImport({ ...registering, users: people.users }),
    subscriptions: createSubscriptions({
      ...registering,
      limiter,
      registrationLimit: config.registrationLimit,
      maxPerUser: config.maxSubscriptionsPerUser,
      countsVisitors: hasDemoPage(config),
    }),
    deadLetters: createDeadLetters(parts),
    bulkActions: createBulkActions(parts),
    receipts: createReceipts({ ...parts, limiter, verifyToken: parts.receiptTokens.verify, tracking: config.tracking }),
    clickedSiteUrl: config.publicUrl === null ? null : config.siteUrl,
    userDeliveries: createUserDeliveries(parts),
    ...people,
    ...overviewOf(apiKeys, parts),
    pruneHolds: createPruneHolds(parts),
    ...keysOf(options, store),
    sending: createSendingControl({ ...parts, onChange: parts.onSendingChange }),
    ...recordsOf(options, parts),
    backups: createBackups({ ...parts, store: store.backups, keep: config.backups?.keep ?? 1 }),
    readiness: { store: () => store.ping(), queue: () => queue.ping() },
    bodyLimits: config.intakeLimits,
    spoolFolders: [config.dataDir],
    servesApi: config.roles.includes('api'),
    vapidPublicKey: keys.vapid.publicKey,
    sdk: ifBuilt('the browser SDK', readSdkFiles(), log),
    corsAllowedOrigins: config.corsAllowedOrigins,
    findClient: createClientFinder(config.trustedProxies),
    ...tellingOf(log, parts),
  };
}

function keysOf({ config, keys }: ApiOptions, store: Store): Pick<AppOptions, 'vapidKeys' | 'readAging'> {
  const { dataDir } = config;
  const keyInUse = keys.vapid.publicKey;
  // Several processes have folders of their own: their pair is one that all of them are given.
  const isOwnPair = config.vapidKeys === null && config.mongodbUrl === null;
  const next = () => readVapidRing(dataDir)[0]?.publicKey ?? keyInUse;
  const make = () => rotateVapidFile(dataDir, keyInUse).publicKey;
  const rotation = isOwnPair ? { next, make } : null;
  const vapidKeys = createVapidKeys({ store, publicKeys: keys.heldPublicKeys, rotation });
  return { vapidKeys, readAging: createAgingReader(store.facts) };
}

/** What tells how everything stands, and where something is. */
function overviewOf(apiKeys: LiveApiKeys, parts: ApiParts): Pick<AppOptions, 'overview' | 'lookUp'> {
  return {
    overview: createOverview({ ...parts, lanes: () => parts.processes.lanes() }),
    lookUp: createLookUp({ store: parts.store, keyIds: () => apiKeys().map(({ id }) => id) }),
  };
}

/** What tells what happened: programs, and those who ask who changed what. */
function recordsOf(
  { config: { webhookAllowedHosts: allowedHosts } }: ApiOptions,
  parts: ApiParts,
): Pick<AppOptions, 'eventReader' | 'audit' | 'webhookEndpoints'> {
  const { store, clock } = parts;
  return {
    webhookEndpoints: createWebhookEndpoints({ ...parts, newSecret, allowedHosts }),
    audit: createAuditLog(store.audit),
    eventReader: createEventReader({ store: store.events, clock }),
  };
}

/** Of Standard Webhooks: 24 octets or more. */
function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

function peopleSettingsOf(config: Config): PeopleSettings {
  return { ...config, serverZone: config.timeZone, countsVisitors: hasDemoPage(config) };
}

/** Where requests, and errors that nobody foresaw, are told. */
function tellingOf(
  log: Logger,
  { httpMetrics, beginCall }: Pick<ApiParts, 'httpMetrics' | 'beginCall'>,
): Pick<AppOptions, 'onRoutes' | 'log' | 'logError' | 'beginCall'> {
  return {
    beginCall,
    onRoutes: httpMetrics.know,
    log: (line) => {
      httpMetrics.count(line);
      log.info({ event: 'http.request', ...line }, `${line.method} ${line.route ?? 'no such path'} ${line.status}`);
    },
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

function buildConsole(
  { config, log, examine }: ApiOptions,
  { store, stopping, limiter }: Pick<ApiParts, 'store' | 'stopping'> & { readonly limiter: RateLimiter },
): Pick<AppOptions, 'console'> {
  const files = ifBuilt('the console', readConsoleFiles(), log);
  const { viewersSeeContent } = config.console;
  const doctor = examine === undefined ? null : createDoctor(examine);
  const settings = settingsShown(readEnvironment());
  const storeOctets = () => store.sizeOctets();
  const shown = { viewersSeeContent, settings, storeOctets, doctor };
  return files === null ? {} : { console: { ...shown, files, limiter, stopping } };
}

type DemoParts = ApiParts & {
  readonly subscriberTokens: SubscriberTokens;
  readonly notifications: Notifications;
  readonly explanations: AppOptions['explanations'];
  readonly limiter: RateLimiter;
};

function buildDemo({ config, apiKeys, log }: ApiOptions, parts: DemoParts): Pick<AppOptions, 'demo'> {
  const files = ifBuilt('the demo page', readDemoFiles(), log);
  if (files === null) return {};
  const { stopping, limiter } = parts;
  const signer = createValueSigner(apiKeys, 'demo visitor');
  const demo = createDemo({
    ...parts,
    explain: parts.explanations.explain,
    signer,
    keyId: () => signingKeyOf(apiKeys),
  });
  return { demo: { demo, files, stopping, limiter, isLocal: config.demoPage === 'local' } };
}
