import { type AllowedHost, parseAllowedHost } from './domain/endpoint-policy.ts';
import { MAX_TTL_SECONDS } from './domain/notification.ts';
import { type VapidKeyPair, vapidKeyProblem, vapidSubjectProblem } from './push/vapid.ts';

/** Says what is wrong with a value and what it should be, as the rest of a sentence that begins with its name. */
export class SettingProblem extends Error {}

export type Setting<Value> = {
  /** As it would be written in the environment; null where being unset means something of its own. */
  readonly byDefault: string | null;
  readonly meaning: string;
  readonly parse: (text: string) => Value;
};

type WithDefault<Value> = Setting<Value> & { readonly byDefault: string };

function setting<Value>(byDefault: string, parse: (text: string) => Value, meaning: string): WithDefault<Value> {
  return { byDefault, parse, meaning };
}

function optional<Value>(
  parse: (text: string) => Value,
  meaning: string,
): Setting<Value> & { readonly byDefault: null } {
  return { byDefault: null, parse, meaning };
}

/** Every setting there is. `docs/configuration.md` is made from this table. */
export const SETTINGS = {
  PORT: setting('8080', integer(0, 65_535), 'TCP port of the API; 0 takes any free one.'),
  HOST: setting('127.0.0.1', hostName, 'Address to listen on. The container image sets `0.0.0.0`.'),
  DATA_DIR: setting('./data', asIs, 'Folder of the embedded store and of the secrets made at the first start.'),
  MONGODB_URL: optional(
    mongodbUrl,
    'Documents live in this MongoDB (4.4 or newer) instead of the embedded file: `mongodb://user:password@host:27017/bellhop`. [Operations](operations.md) says when.',
  ),
  REDIS_URL: optional(
    redisUrl,
    'Jobs wait in this Redis (6.2 or newer) instead of the process: `redis://user:password@host:6379/0`, or `rediss://` for TLS. One database number for each installation. With `MONGODB_URL` as well, any number of processes share the work.',
  ),
  REDIS_ADDR: optional(redisAddress, 'The same as `host:port`, for a Redis without a password.'),
  ROLES: setting(
    'api,worker',
    roles,
    'What this process does: `api` takes requests, `worker` sends. One without the other only with `MONGODB_URL` and `REDIS_URL`.',
  ),
  HMAC_SECRET: optional(
    secret,
    'Secret of the API key `default`, 16 characters or more. Unset: the one in `DATA_DIR/hmac-secret`, which the first start makes where there are no `API_KEYS` either.',
  ),
  API_KEYS: optional(apiKeys, 'More API keys, `id:secret,id:secret`. The same id twice while its secret is rotated.'),
  ALLOW_BEARER: setting(
    'true',
    boolean,
    'Whether `Authorization: Bearer <secret>` is accepted beside signed requests.',
  ),
  VAPID_PUBLIC_KEY: optional(
    asIs,
    'VAPID public key, base64url. Unset, with no private key: a pair is made at the first start and kept in `DATA_DIR/vapid.json`.',
  ),
  VAPID_PRIVATE_KEY: optional(asIs, 'VAPID private key, base64url.'),
  VAPID_OLD_KEYS: optional(
    vapidPairs,
    'Earlier VAPID pairs, `public:private,public:private`: they go on signing for the browsers that subscribed with them.',
  ),
  ALLOW_LOST_VAPID_KEYS: setting(
    'false',
    boolean,
    'Start although active subscriptions were made with a VAPID key whose private half is not held. Nothing can be sent to them.',
  ),
  VAPID_SUBJECT: optional(
    vapidSubject,
    '`mailto:` or `https:` address at which a push service can reach you. Set it: Apple refuses pushes with a subject that is not real.',
  ),
  LOG_LEVEL: setting(
    'info',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'What is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
  ),
  SITE_URL: optional(
    siteUrl,
    'Origin of the site whose pages subscribe, such as `https://app.example.com`. With it, a notification whose `url` is a path is also sent in the form that Safari shows without a service worker.',
  ),
  CORS_ALLOWED_ORIGINS: setting('', origins, 'Origins of pages that may call the API from a browser, comma-separated.'),
  WORKER_CONCURRENCY: setting(
    '125',
    integer(1, 10_000),
    'Pushes under way at once; one push service gets four fifths of them at most, so that there is always room for the others. A push takes 50-100 ms, nearly all of it waiting, so these keep 1 000 to 2 000 a second going, about what one core can encrypt and record; more only makes each of them wait longer.',
  ),
  MAX_RETRIES: setting(
    '3',
    integer(0, 20),
    'Retries after a failed first attempt, before a delivery becomes a dead letter.',
  ),
  RETRY_BASE_MS: setting(
    '5000',
    integer(1, 3_600_000),
    'Longest wait before the first retry, in milliseconds; it doubles with each, and the wait itself is drawn evenly from zero to it.',
  ),
  RETRY_MAX_MS: setting(
    '600000',
    integer(1, 86_400_000),
    'The most that wait can grow to, in milliseconds. A `Retry-After` of the push service goes before both.',
  ),
  QUARANTINE_RETRY_HOURS: setting(
    '6',
    integer(1, 168),
    'How long a subscription waits whose push service refuses it (403) in a way that sometimes heals, in hours.',
  ),
  QUARANTINE_RETIRE_DAYS: setting('3', integer(1, 60), 'A subscription refused for so long is retired, in days.'),
  PRUNE_GUARD_PERCENT: setting(
    '20',
    integer(1, 100),
    'Pruning is put on hold for an origin or VAPID key where more than this share of its latest 500 answers says that the subscription is gone, in percent …',
  ),
  PRUNE_GUARD_COUNT: setting('50', integer(0, 500), '… and more than this many of them do.'),
  PUSH_RATE_LIMITS: setting(
    '',
    rateLimits,
    'Pushes a second to a push host, for each process: `fcm.googleapis.com=500,host:port=20`. Unset: as fast as it takes them.',
  ),
  ATTEMPT_TIMEOUT_MS: setting(
    '30000',
    integer(10, 300_000),
    'How long one attempt may take, from connecting to the end of the answer, in milliseconds.',
  ),
  DEFAULT_TTL_SECONDS: setting(
    '3600',
    integer(1, MAX_TTL_SECONDS),
    'Life of a notification that names no `ttl_seconds`, in seconds.',
  ),
  RETENTION_DAYS: setting(
    '30',
    integer(1, 3650),
    'How long completed notifications, their deliveries and attempts, and retired subscriptions are kept, in days.',
  ),
  PUSH_ALLOWED_HOSTS: setting(
    '',
    allowedHosts,
    'Push hosts allowed beside those of Google, Mozilla, Apple and Microsoft, `host` or `host:port`, comma-separated. A host on a loopback or private address only when named here.',
  ),
  PUSH_CA_FILE: optional(asIs, 'PEM file of certificate authorities trusted for push hosts, beside the system’s.'),
} as const;

export type SettingName = keyof typeof SETTINGS;

type ValueOf<S> = S extends { readonly byDefault: null; readonly parse: (text: string) => infer Value }
  ? Value | null
  : S extends { readonly parse: (text: string) => infer Value }
    ? Value
    : never;

export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

function mongodbUrl(text: string): string {
  // The driver says the rest; the value holds a password, so it is not repeated.
  if (/^mongodb(\+srv)?:\/\/[^/?]/.test(text)) return text;
  throw new SettingProblem('is not a MongoDB URL: write mongodb://user:password@host:27017/bellhop.');
}

function redisUrl(text: string): string {
  if (/^rediss?:\/\/./.test(text) && URL.canParse(text) && /^\/?\d*$/.test(new URL(text).pathname)) return text;
  throw new SettingProblem(
    'is not a Redis URL: write redis://user:password@host:6379/0, with special characters percent-encoded.',
  );
}

function redisAddress(text: string): string {
  const url = `redis://${text}`;
  if (/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(text) && URL.canParse(url)) return url;
  throw new SettingProblem(`is ${quote(text)}: write host:port; a password needs REDIS_URL.`);
}

/** What a process can do. */
export const ROLES = ['api', 'worker'] as const;
export type Role = (typeof ROLES)[number];

function roles(text: string): readonly Role[] {
  const named = listed(text);
  const known = ROLES.filter((role) => named.includes(role));
  if (known.length > 0 && named.every((role) => (ROLES as readonly string[]).includes(role))) return known;
  throw new SettingProblem(`is ${quote(text)}: write api, worker, or api,worker.`);
}

function asIs(text: string): string {
  return text;
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new SettingProblem(`is ${quote(text)}: it must be a whole number from ${min} to ${max}.`);
  };
}

function boolean(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new SettingProblem(`is ${quote(text)}: it must be true or false.`);
}

function oneOf(...names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new SettingProblem(`is ${quote(text)}: it must be one of ${names.join(', ')}.`);
  };
}

function hostName(text: string): string {
  if (/^[A-Za-z0-9._:-]+$/.test(text)) return text;
  throw new SettingProblem(`is ${quote(text)}: it must be an address or host name, without a port.`);
}

function secret(text: string): string {
  if (text.length >= 16) return text;
  throw new SettingProblem('is too short: use at least 16 characters, such as the output of `openssl rand -hex 32`.');
}

function apiKeys(text: string): readonly { id: string; secret: string }[] {
  return listed(text).map((entry, index) => {
    const [, id, keySecret] = /^([A-Za-z0-9._-]{1,64}):(\S{16,})$/.exec(entry) ?? [];
    // The entry itself may be a secret, so it is named by its place.
    if (id === undefined || keySecret === undefined) {
      throw new SettingProblem(
        `has a malformed entry (number ${index + 1}): write id:secret, with at least 16 characters of secret.`,
      );
    }
    return { id, secret: keySecret };
  });
}

function vapidSubject(text: string): string {
  const problem = vapidSubjectProblem(text);
  if (problem === null) return text;
  throw new SettingProblem(`is ${quote(text)}: ${problem}`);
}

function vapidPairs(text: string): readonly VapidKeyPair[] {
  return listed(text).map((entry, index) => {
    const [publicKey = '', privateKey = '', ...rest] = entry.split(':');
    // The entry holds a private key, so it is named by its place.
    const problem = rest.length > 0 ? 'Write public:private.' : vapidKeyProblem({ publicKey, privateKey });
    if (problem === null) return { publicKey, privateKey };
    throw new SettingProblem(`has a malformed pair (number ${index + 1}): ${problem}`);
  });
}

function rateLimits(text: string): ReadonlyMap<string, number> {
  return new Map(
    listed(text).map((entry) => {
      const [, hostText = '', rateText = ''] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(entry) ?? [];
      const host = parseAllowedHost(hostText);
      const rate = Number(rateText);
      if (host !== null && rate > 0) return [host.port === null ? host.host : `${host.host}:${host.port}`, rate];
      throw new SettingProblem(
        `has ${quote(entry)}: write host=number or host:port=number, such as fcm.googleapis.com=500.`,
      );
    }),
  );
}

function origins(text: string): readonly string[] {
  return listed(text).map((entry) => {
    if (entry === '*' || (URL.canParse(entry) && new URL(entry).origin === entry)) return entry;
    throw new SettingProblem(
      `has ${quote(entry)}: write origins such as https://app.example.com, without a path or a slash at the end.`,
    );
  });
}

function siteUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  const isOrigin = url !== null && (text === url.origin || text === `${url.origin}/`);
  if (url !== null && isOrigin && (url.protocol === 'https:' || isLocal)) return url.origin;
  throw new SettingProblem(
    `is ${quote(text)}: write an origin such as https://app.example.com, without a path. Push needs https everywhere but on localhost.`,
  );
}

function allowedHosts(text: string): readonly AllowedHost[] {
  return listed(text).map((entry) => {
    const host = parseAllowedHost(entry);
    if (host !== null) return host;
    throw new SettingProblem(`has ${quote(entry)}: write host or host:port, without a scheme or path.`);
  });
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
