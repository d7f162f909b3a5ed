import { createECDH, createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccess } from '../../src/access/access.ts';
import { type ApiKey, SCOPES } from '../../src/access/api-keys.ts';
import { createClientFinder } from '../../src/access/client-address.ts';
import { createOperators } from '../../src/access/operators.ts';
import { createSubscriberTokens } from '../../src/access/subscriber-tokens.ts';
import type { Config } from '../../src/config/config.ts';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import type { AppError } from '../../src/domain/app-error.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import type { FinalState } from '../../src/domain/delivery/delivery.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import type { LaneView } from '../../src/domain/push-service/lane-view.ts';
import { type AppOptions, createApp } from '../../src/http/app.ts';
import type { ConsoleParts } from '../../src/http/console/console-parts.ts';
import type { RequestLine } from '../../src/http/kit/request-log.ts';
import { createAuditLog } from '../../src/intake/audit-log.ts';
import { createBackups } from '../../src/intake/backups.ts';
import { createBulkActions } from '../../src/intake/bulk-actions.ts';
import { createDeadLetters } from '../../src/intake/dead-letters.ts';
import { createEventReader } from '../../src/intake/event-reading.ts';
import { createLastBackup } from '../../src/intake/last-backup.ts';
import { createLookUp } from '../../src/intake/lookup.ts';
import { createOverview } from '../../src/intake/overview.ts';
import { createProcesses } from '../../src/intake/processes.ts';
import { createPruneHolds } from '../../src/intake/prune-holds.ts';
import { createRateLimiter } from '../../src/intake/rate-limiter.ts';
import { createSendingControl } from '../../src/intake/sending.ts';
import { createSubscriptionImport } from '../../src/intake/subscription-import.ts';
import { createSubscriptions } from '../../src/intake/subscriptions.ts';
import { createUserDeliveries } from '../../src/intake/user-deliveries.ts';
import type { VapidKeysOptions } from '../../src/intake/vapid-keys.ts';
import { createWebhookEndpoints } from '../../src/intake/webhook-endpoints.ts';
import { createInProcessQueue } from '../../src/queue/in-process/in-process-queue.ts';
import type { Job, JobQueue } from '../../src/queue/job-queue.ts';
import { buildAcceptance } from '../../src/service/acceptance.ts';
import { readConsoleFiles } from '../../src/service/browser-files.ts';
import { buildPeople } from '../../src/service/people.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import type { Store } from '../../src/store/store.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { answersAsDocumented, CONSOLE, keysOf, LIMITS, OWN_PROCESS, PLAIN, WEBHOOKS } from './api-document.ts';
import { deliver } from './deliver.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import type { OpenApiCheck } from './openapi-check.ts';
import { receiptsOf } from './receipts-of.ts';
import { recorded } from './recorded-queue.ts';
import { NOW_MS } from './samples.ts';

export const CURRENT_KEY = 'BExampleVapidPublicKey';
/** RFC 8292 section 2.4. */
export const OLDER_KEY = 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs';

export const SECRET = 'secret-of-the-default-key';
const KEYS: readonly ApiKey[] = [
  { id: 'default', secret: SECRET, scopes: SCOPES },
  { id: 'default', secret: 'the-older-secret-of-default', scopes: SCOPES },
  { id: 'shop', secret: 'secret-of-the-shop', scopes: SCOPES },
  // One secret under two names, as somebody has it who renames a key.
  { id: 'store', secret: 'secret-of-the-shop', scopes: SCOPES },
  ...SCOPES.map((scope) => ({ id: `${scope}s-only`, secret: `secret-that-${scope}s-only`, scopes: [scope] })),
];

export type CallOptions = {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** `none`: no credentials but those in `headers`. */
  readonly sign?: 'hmac' | 'bearer' | 'none';
  readonly secret?: string;
  readonly keyId?: string;
  readonly nonce?: string;
  readonly timestamp?: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; undefined without a body. Tests look into it freely. */
  // biome-ignore lint/suspicious/noExplicitAny: what it holds was checked against the schema of its route.
  readonly body: any;
};

export type ApiOptions = Partial<AppOptions> &
  Partial<Pick<Config, 'registrationLimit' | 'userChangeLimit' | 'tracking'>> &
  Partial<Pick<ConsoleParts, 'viewersSeeContent' | 'doctor' | 'settings'> & Pick<VapidKeysOptions, 'rotation'>> & {
    readonly allowBearer?: boolean;
    readonly metricsToken?: string;
    readonly siteUrl?: string;
    readonly lanes?: readonly LaneView[];
    readonly maxPerUser?: number;
    readonly onBulkAction?: () => void;
    /** Puts a fault in front of the real parts. */
    readonly wrapStore?: (store: Store) => Store;
    readonly wrapQueue?: (queue: JobQueue) => JobQueue;
  };

export type Api = Awaited<ReturnType<typeof startApi>>;

/** The API on a real store and queue. Every answer to `call` is held against /openapi.json. */
export async function startApi(options: ApiOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-api-'));
  const clock = createFakeClock(NOW_MS);
  const realStore = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock, backupDir: folder });
  const store = options.wrapStore?.(realStore) ?? realStore;
  const jobs: Job[] = [];
  const realQueue = recorded(createInProcessQueue({ clock }), jobs);
  const queue = options.wrapQueue?.(realQueue) ?? realQueue;
  const events = createEvents((error) => {
    throw error;
  });
  const told: BellhopEvent[] = [];
  events.subscribe((event) => told.push(event));
  const lastBackup = createLastBackup(store.facts, events);
  const lanes = options.lanes ?? [];
  const processes = createProcesses({ coordination: createLoneCoordination(), own: () => ({ ...OWN_PROCESS, lanes }) });
  const lines: RequestLine[] = [];
  const log = (line: RequestLine): void => void lines.push(line);
  const findClient = options.findClient ?? createClientFinder([]);
  const errors: AppError[] = [];
  const limiter = createRateLimiter({ coordination: createLoneCoordination(), clock });
  const parts = {
    store,
    queue,
    events,
    clock,
    limiter,
    random: Math.random,
    compose: createComposer(options.siteUrl ?? null),
    rules: createStandingRules({ store, clock }),
    wordings: createWordings(store.templates),
  };
  const registering = {
    ...parts,
    store: store.subscriptions,
    allowedHosts: [{ host: 'push.example.net', port: null }],
    publicKeys: (): readonly [string, string] => [CURRENT_KEY, OLDER_KEY],
  };
  const { receiptTokens, receipts } = receiptsOf(parts, () => KEYS, options);
  const settings = { serverZone: 'UTC', defaultTtlSeconds: 3600, ...LIMITS, ...options };
  const acceptance = buildAcceptance(parts, settings);
  const people = buildPeople({ ...parts, ...acceptance, onScheduleChange: () => {} }, settings);
  const app = createApp({
    ...parts,
    access: createAccess({ ...parts, metricsToken: null, allowBearer: true, ...options, keys: () => KEYS }),
    subscriptionImport: createSubscriptionImport({ ...registering, users: people.users }),
    subscriptions: createSubscriptions({ ...registering, ...LIMITS, ...options }),
    subscriberTokens: createSubscriberTokens({ ...parts, keys: () => KEYS }),
    ...people,
    receipts,
    deadLetters: createDeadLetters(parts),
    bulkActions: createBulkActions({ ...parts, onBulkAction: options.onBulkAction ?? (() => {}) }),
    userDeliveries: createUserDeliveries(parts),
    overview: createOverview({ ...parts, lanes: processes.lanes, lastBackup }),
    processes,
    lookUp: createLookUp({ store, keyIds: () => KEYS.map(({ id }) => id) }),
    pruneHolds: createPruneHolds(parts),
    ...keysOf({ store, publicKeys: registering.publicKeys }, options),
    sending: createSendingControl({ ...parts, onChange: () => {} }),
    ...{ audit: createAuditLog(store.audit), eventReader: createEventReader({ store: store.events, clock }) },
    webhookEndpoints: createWebhookEndpoints({ ...parts, ...WEBHOOKS }),
    operators: createOperators({ keys: () => KEYS, store: store.operators, clock }),
    console: {
      ...CONSOLE,
      storeOctets: () => store.sizeOctets(),
      ...options,
      files: readConsoleFiles() ?? [],
      limiter,
    },
    backups: createBackups({ ...parts, store: store.backups, keep: 2 }),
    metrics: createMetrics(events).text,
    readiness: { store: async () => {}, queue: async () => {} },
    bodyLimits: { bodyTimeoutMs: 30_000, maxUnverifiedBodyOctets: 12 * 1024 * 1024 },
    servesApi: true,
    vapidPublicKey: CURRENT_KEY,
    ...PLAIN,
    log,
    findClient,
    logError: (error) => errors.push(error),
    ...options,
  });
  const check = await answersAsDocumented();
  const call = (method: string, path: string, given: CallOptions = {}) =>
    callApp(app, clock, check, method, path, given);
  return {
    app,
    /** What a listener in front of the app needs. */
    parts: { clock, random: Math.random, log, findClient },
    store: realStore,
    receiptTokens,
    clock,
    jobs,
    told,
    occurrences: acceptance.occurrences,
    lines,
    errors,
    call,
    /** Registers a new browser for the user. */
    async register(userId: string, overrides: Record<string, unknown> = {}) {
      const answer = await call('POST', '/v1/subscriptions', { json: { user_id: userId, ...browser(), ...overrides } });
      return answer.body as { id: string; user_id: string };
    },
    /** Accepts a notification; without jobs being run, its deliveries do not exist yet. */
    async notify(userIds: readonly string[], overrides: Record<string, unknown> = {}): Promise<{ id: string }> {
      const json = { type: 'order.shipped', title: 'On its way', user_ids: userIds, ...overrides };
      return (await call('POST', '/v1/notifications', { json })).body;
    },
    /** Fans out to this subscription and, if a state is named, ends the delivery in it. */
    deliver: (notificationId: string, subscription: { id: string; user_id: string }, state?: FinalState) =>
      deliver(realStore, clock, notificationId, subscription, state),
    async dispose(): Promise<void> {
      await realQueue.close();
      await realStore.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function callApp(
  app: ReturnType<typeof createApp>,
  clock: FakeClock,
  check: OpenApiCheck,
  method: string,
  path: string,
  given: CallOptions,
): Promise<Answer> {
  const body = given.json === undefined ? given.body : JSON.stringify(given.json);
  const init: RequestInit & { duplex?: 'half' } = {
    method,
    headers: {
      ...(given.json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...credentials(clock, method, path, body, given),
      ...given.headers,
    },
  };
  if (body !== undefined) Object.assign(init, { body, duplex: 'half' });
  const response = await app.request(path, init);
  const text = await response.text();
  const { status, headers } = response;
  check({ method, path, status, headers, text });
  const isJson = /[/+]json/.test(headers.get('content-type') ?? '');
  return { status, headers, text, body: isJson && text !== '' ? JSON.parse(text) : undefined };
}

function credentials(
  clock: FakeClock,
  method: string,
  path: string,
  body: CallOptions['body'],
  { sign = 'hmac', secret = SECRET, keyId, nonce, timestamp: given, headers = {} }: CallOptions,
): Record<string, string> {
  const idempotencyKey = headers['Idempotency-Key'];
  if (sign === 'none') return {};
  if (sign === 'bearer' || body instanceof ReadableStream) return { Authorization: `Bearer ${secret}` };
  const timestamp = given ?? String(Math.floor(clock.now() / 1000));
  return {
    'X-Timestamp': timestamp,
    'X-Signature': signatureOf({ secret, timestamp, method, path, idempotencyKey, body, nonce }),
    ...(keyId === undefined ? {} : { 'X-Key-Id': keyId }),
    ...(nonce === undefined ? {} : { 'X-Nonce': nonce }),
  };
}

/** A signature as docs/http.md describes it, made without the code under test. */
export function signatureOf(of: {
  readonly secret?: string;
  readonly timestamp: string;
  readonly nonce?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey?: string | undefined;
  readonly body?: string | Uint8Array | undefined;
}): string {
  const { timestamp, nonce = '', method, path, idempotencyKey = '' } = of;
  const sentBody = of.body ?? '';
  const bodyDigest = createHash('sha256').update(sentBody).digest('hex');
  // Header values are octets, which reach a program as Latin-1.
  const signed = ['v2', timestamp, nonce, method, path, idempotencyKey, bodyDigest].join('\n');
  return createHmac('sha256', of.secret ?? SECRET)
    .update(signed, 'latin1')
    .digest('hex');
}

/** What a browser gives: PushSubscription.toJSON(). */
export function browser(): { endpoint: string; expirationTime: null; keys: { p256dh: string; auth: string } } {
  return {
    endpoint: `https://push.example.net/send/${randomBytes(12).toString('base64url')}`,
    expirationTime: null,
    keys: { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: randomBytes(16).toString('base64url') },
  };
}
