import type { ApiKey } from '../access/api-keys.ts';
import type { AddressRange } from '../access/client-address.ts';
import type { RetryPolicy } from '../domain/delivery/retry-policy.ts';
import type { EventType } from '../domain/event/outbox-event.ts';
import { isLoopbackHost } from '../domain/loopback.ts';
import { printable } from '../domain/printable-text.ts';
import type { ProcessRole } from '../domain/process/process-view.ts';
import type { PruneGuardPolicy } from '../domain/pruning/prune-hold.ts';
import type { PushProxy } from '../domain/push-service/proxy.ts';
import { readVapidPair, type VapidKeyPair, vapidPublicKeyOf } from '../domain/push-service/vapid-key.ts';
import { perMinute, type RateLimit } from '../domain/rate-limit.ts';
import type { Tracking } from '../domain/receipt/receipt.ts';
import type { AllowedHost } from '../domain/subscription/endpoint-policy.ts';
import type { QuarantinePolicy } from '../domain/subscription/quarantine.ts';
import { type BackupPolicy, backupsOf } from './backup-policy.ts';
import { apiKeysOf } from './configured-keys.ts';
import { pushProxyOf } from './push-proxy.ts';
import type { DemoPage } from './setting-parsers.ts';
import { type Environment, type ReadText, readSettings } from './setting-values.ts';
import type { SettingName, SettingValues } from './settings.ts';
import { type TracingConfig, tracingOf } from './tracing-settings.ts';
import { checkTls, trustOf } from './trusted-authorities.ts';

/** What those who send requests may take, before it is known whether they may call. */
type IntakeLimits = {
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Of all connections together. */
  readonly maxUnverifiedBodyOctets: number;
};

type ConsolePolicy = {
  readonly isServed: boolean;
  /** Without a slash at its end; null: the address on this machine. */
  readonly url: string | null;
  readonly viewersSeeContent: boolean;
};

/** Everything a process is told by its environment, parsed and checked. */
export type Config = {
  readonly port: number;
  readonly host: string;
  readonly intakeLimits: IntakeLimits;
  readonly dataDir: string;
  /** Null: backups are made only when asked for. */
  readonly backups: BackupPolicy | null;
  /** For the keys in a backup. */
  readonly backupPassphrase: string | null;
  /** Null: the embedded file in `dataDir`. */
  readonly mongodbUrl: string | null;
  /** Certificate authorities trusted for it, the well-known ones among them; null: these alone. */
  readonly mongodbCa: readonly string[] | null;
  /** Null: the queue in this process. */
  readonly redisUrl: string | null;
  /** As `mongodbCa`. */
  readonly redisCa: readonly string[] | null;
  readonly roles: readonly ProcessRole[];
  /** Live secrets; the same id twice while one is rotated. Empty: a secret is made and kept in the data folder. */
  readonly apiKeys: readonly ApiKey[];
  readonly apiKeysFile: string | null;
  /** Files that held a setting, such as `HMAC_SECRET_FILE`. */
  readonly secretFiles: readonly string[];
  readonly allowShortSecrets: boolean;
  readonly allowBearer: boolean;
  readonly metricsToken: string | null;
  /** Null: a key pair is made and kept in the data folder. */
  readonly vapidKeys: VapidKeyPair | null;
  /** Earlier pairs named by the environment. */
  readonly olderVapidKeys: readonly VapidKeyPair[];
  readonly allowLostVapidKeys: boolean;
  readonly vapidSubject: string | null;
  readonly logLevel: string;
  /** `elsewhere`: asked for on a loopback HOST alone, and HOST is none. */
  readonly demoPage: DemoPage | 'elsewhere';
  /** The origin that paths in a notification belong to. */
  readonly siteUrl: string | null;
  /** Where browsers reach this service, without a slash at its end. */
  readonly publicUrl: string | null;
  /** What devices may be asked to tell. */
  readonly tracking: Tracking;
  readonly tracing: TracingConfig | null;
  readonly console: ConsolePolicy;
  /** Whose word on the address of a caller is taken. */
  readonly trustedProxies: readonly AddressRange[];
  readonly corsAllowedOrigins: readonly string[];
  readonly workerConcurrency: number;
  readonly retry: RetryPolicy;
  readonly quarantine: QuarantinePolicy;
  readonly goneGraceMs: number;
  readonly pruneGuard: PruneGuardPolicy;
  /** Pushes a second by host, or host and port. */
  readonly pushRatesPerSecond: ReadonlyMap<string, number>;
  readonly maxSubscriptionsPerUser: number;
  readonly registrationLimit: RateLimit;
  readonly userChangeLimit: RateLimit;
  readonly attemptTimeoutMs: number;
  readonly defaultTtlSeconds: number;
  /** The zone of users who have none, as the IANA database names it. */
  readonly timeZone: string;
  readonly retentionDays: number;
  /** Which events are written. */
  readonly eventTypes: readonly EventType[];
  readonly eventRetentionDays: number;
  readonly webhookAllowedHosts: readonly AllowedHost[];
  readonly pushAllowedHosts: readonly AllowedHost[];
  /** PEM text of certificate authorities trusted for push hosts, beside the system's. */
  readonly pushCaPem: string | null;
  /** Null: pushes go directly. */
  readonly pushProxy: PushProxy | null;
};

/** Every problem of a configuration at once, each with what to do about it. Names values only where they are no secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${printable(problem)}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const HOUR_MS = 3_600_000;

/** The latest answers that the guard of pruning looks at. */
const PRUNE_GUARD_WINDOW = 500;

/**
 * Reads the environment once. An empty value counts as unset. `readText` reads the files that settings name.
 * Throws ConfigError, which lists every problem, where any value is malformed or a name unknown.
 */
export function parseConfig(environment: Environment, readText: ReadText): Config {
  const { values, secretFiles, problems } = readSettings(environment, readText);
  const apiKeys = apiKeysOf(values, readText, problems);
  const vapidKeys = vapidKeysOf(values, problems);
  const redisUrl = redisUrlOf(values, problems);
  const network = { ...trustOf(values, readText, problems), pushProxy: pushProxyOf(values, problems) };
  checkTls(values, redisUrl, problems);
  checkRoles(values, redisUrl, problems);
  checkWaits(values, problems);
  const backups = backupsOf(values, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    port: values.PORT,
    host: values.HOST,
    intakeLimits: intakeLimitsOf(values),
    dataDir: values.DATA_DIR,
    backups,
    backupPassphrase: values.BACKUP_PASSPHRASE,
    mongodbUrl: values.MONGODB_URL,
    redisUrl,
    ...network,
    roles: values.ROLES,
    apiKeys,
    apiKeysFile: values.API_KEYS_FILE,
    secretFiles,
    allowShortSecrets: values.ALLOW_SHORT_SECRETS,
    allowBearer: values.ALLOW_BEARER,
    metricsToken: values.METRICS_TOKEN,
    vapidKeys,
    olderVapidKeys: values.VAPID_OLD_KEYS ?? [],
    allowLostVapidKeys: values.ALLOW_LOST_VAPID_KEYS,
    vapidSubject: values.VAPID_SUBJECT,
    logLevel: values.LOG_LEVEL,
    demoPage: demoPageOf(values),
    ...placeOf(values),
    trustedProxies: values.TRUSTED_PROXIES,
    corsAllowedOrigins: values.CORS_ALLOWED_ORIGINS,
    workerConcurrency: values.WORKER_CONCURRENCY,
    retry: { maxRetries: values.MAX_RETRIES, baseMs: values.RETRY_BASE_MS, maxMs: values.RETRY_MAX_MS },
    quarantine: {
      retryMs: values.QUARANTINE_RETRY_HOURS * HOUR_MS,
      retireAfterMs: values.QUARANTINE_RETIRE_DAYS * 24 * HOUR_MS,
    },
    goneGraceMs: values.GONE_GRACE_SECONDS * 1000,
    pruneGuard: pruneGuardOf(values),
    pushRatesPerSecond: values.PUSH_RATE_LIMITS,
    maxSubscriptionsPerUser: values.MAX_SUBSCRIPTIONS_PER_USER,
    ...pageLimitsOf(values),
    attemptTimeoutMs: values.ATTEMPT_TIMEOUT_MS,
    defaultTtlSeconds: values.DEFAULT_TTL_SECONDS,
    ...toldOf(values),
    pushAllowedHosts: values.PUSH_ALLOWED_HOSTS,
  });
}

function pageLimitsOf(values: SettingValues): Pick<Config, 'registrationLimit' | 'userChangeLimit'> {
  return {
    registrationLimit: perMinute(values.REGISTRATIONS_PER_MINUTE),
    userChangeLimit: perMinute(values.USER_CHANGES_PER_MINUTE),
  };
}

function toldOf(values: SettingValues) {
  const { RETENTION_DAYS: retentionDays, EVENT_TYPES: eventTypes, EVENT_RETENTION_DAYS: eventRetentionDays } = values;
  const { WEBHOOK_ALLOWED_HOSTS: webhookAllowedHosts } = values;
  return { retentionDays, eventTypes, eventRetentionDays, webhookAllowedHosts, ...tracingOf(values) };
}

function placeOf(values: SettingValues): Pick<Config, 'siteUrl' | 'publicUrl' | 'tracking' | 'timeZone' | 'console'> {
  const { SITE_URL: siteUrl, TIME_ZONE: timeZone, CONSOLE_VIEWERS_SEE_CONTENT: viewersSeeContent } = values;
  const { PUBLIC_URL: publicUrl, TRACKING: tracking } = values;
  return {
    siteUrl,
    publicUrl,
    tracking,
    timeZone,
    console: { isServed: values.CONSOLE, url: values.CONSOLE_URL, viewersSeeContent },
  };
}

function pruneGuardOf({ PRUNE_GUARD_PERCENT: percent, PRUNE_GUARD_COUNT: maxCount }: SettingValues): PruneGuardPolicy {
  return { windowSize: PRUNE_GUARD_WINDOW, maxShare: percent / 100, maxCount };
}

function intakeLimitsOf(values: SettingValues): IntakeLimits {
  return {
    maxConnections: values.MAX_CONNECTIONS,
    headersTimeoutMs: values.HEADERS_TIMEOUT_MS,
    bodyTimeoutMs: values.BODY_TIMEOUT_MS,
    keepAliveTimeoutMs: values.KEEP_ALIVE_TIMEOUT_MS,
    maxUnverifiedBodyOctets: values.MAX_UNVERIFIED_BODY_OCTETS,
  };
}

function demoPageOf({ DEMO_PAGE, HOST }: SettingValues): Config['demoPage'] {
  const isLoopback = isLoopbackHost(HOST.includes(':') ? `[${HOST}]` : HOST);
  return DEMO_PAGE === 'local' && !isLoopback ? 'elsewhere' : DEMO_PAGE;
}

/** Whether this process serves the demo page, to whomever. */
export function hasDemoPage({ demoPage }: Pick<Config, 'demoPage'>): boolean {
  return demoPage === 'local' || demoPage === 'open';
}

function redisUrlOf({ REDIS_URL: url, REDIS_ADDR: address }: SettingValues, problems: string[]): string | null {
  if (url !== null && address !== null) problems.push('REDIS_URL and REDIS_ADDR are both set: keep one of them.');
  return url ?? address;
}

/** A process with one role leaves the other to processes that share its documents and its jobs. */
function checkRoles({ ROLES: roles, MONGODB_URL }: SettingValues, redisUrl: string | null, problems: string[]): void {
  if (roles.length === 2 || (MONGODB_URL !== null && redisUrl !== null)) return;
  const missing = [...(MONGODB_URL === null ? ['MONGODB_URL'] : []), ...(redisUrl === null ? ['REDIS_URL'] : [])];
  problems.push(
    `ROLES is ${roles.join(',')}, but without ${missing.join(' and ')} there is only this process: set ${missing.join(' and ')}, or both roles.`,
  );
}

function checkWaits(values: SettingValues, problems: string[]): void {
  if (values.QUARANTINE_RETRY_HOURS >= values.QUARANTINE_RETIRE_DAYS * 24)
    problems.push('QUARANTINE_RETRY_HOURS is not shorter than QUARANTINE_RETIRE_DAYS: lower one or raise the other.');
  if (values.RETRY_BASE_MS > values.RETRY_MAX_MS)
    problems.push('RETRY_BASE_MS is larger than RETRY_MAX_MS: lower one or raise the other.');
}

function vapidKeysOf(values: SettingValues, problems: string[]): VapidKeyPair | null {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey } = values;
  if (publicKey === null && privateKey === null) return null;
  if (publicKey === null || privateKey === null) {
    const missing: SettingName = publicKey === null ? 'VAPID_PUBLIC_KEY' : 'VAPID_PRIVATE_KEY';
    // A public key is no secret, and most tools write one file with the private key alone.
    const derived = privateKey === null ? null : vapidPublicKeyOf(privateKey);
    const what = derived === null ? '' : ` (to VAPID_PRIVATE_KEY belongs ${derived})`;
    problems.push(`${missing} is missing: set both halves of the VAPID key pair${what}, or neither.`);
    return null;
  }
  const reading = readVapidPair({ publicKey, privateKey });
  if (reading.kind === 'pair') return reading.pair;
  problems.push(`VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY: ${reading.problem}`);
  return null;
}
