import { MAX_TTL_SECONDS } from '../domain/notification/notification.ts';
import { EVENT_SETTINGS } from './event-settings.ts';
import { ofTheSystem, optional, secretly, setting } from './setting.ts';
import {
  addressRanges,
  allowedHosts,
  apiKeys,
  asIs,
  boolean,
  consoleUrl,
  demoPage,
  hostName,
  integer,
  longSecret,
  mongodbUrl,
  oneOf,
  origins,
  pushProxyUrl,
  rateLimits,
  redisAddress,
  redisUrl,
  roles,
  secret,
  siteUrl,
  timeZone,
  tracking,
  vapidPairs,
  vapidSubject,
} from './setting-parsers.ts';
import { TRACING_SETTINGS } from './tracing-settings.ts';

/** Every setting there is. `docs/configuration.md` is made from this table. */
export const SETTINGS = {
  PORT: setting('8080', integer(0, 65_535), 'TCP port of the API; 0 takes any free one.'),
  HOST: setting('127.0.0.1', hostName, 'Address to listen on. The container image sets `0.0.0.0`.'),
  MAX_CONNECTIONS: setting(
    '1000',
    integer(10, 100_000),
    'Connections at once. Where nine tenths are open, those that wait for a next request are closed; where all are, further ones are.',
  ),
  HEADERS_TIMEOUT_MS: setting(
    '10000',
    integer(100, 300_000),
    'How long the head of a request may take to arrive, in milliseconds. Also how long a new connection may be silent.',
  ),
  BODY_TIMEOUT_MS: setting(
    '30000',
    integer(100, 300_000),
    'How long the body of a request may take to arrive, in milliseconds; then the answer is 408.',
  ),
  KEEP_ALIVE_TIMEOUT_MS: setting(
    '75000',
    integer(1000, 3_600_000),
    'How long a connection is kept for a next request, in milliseconds. Longer than the proxy in front keeps it (60 seconds, most of them), or the proxy now and then sends a request into a connection that is being closed, and answers 502.',
  ),
  MAX_UNVERIFIED_BODY_OCTETS: setting(
    '8388608',
    integer(4_194_304, 1_073_741_824),
    'Octets held for the bodies of callers whose signature is not checked yet, all connections together. Where there are more, those that take longest are answered 503. The first 8 KiB of a body are not counted.',
  ),
  DATA_DIR: setting('./data', asIs, 'Folder of the embedded store and of the secrets made at the first start.'),
  BACKUP_DIR: optional(
    asIs,
    'Folder for backups of the embedded store, best on another disk. Unset: none are made by themselves. [Backup](backup.md) says more.',
  ),
  BACKUP_EVERY_HOURS: setting('24', integer(1, 8760), 'How often a backup is made in `BACKUP_DIR`, in hours.'),
  BACKUP_KEEP: setting('7', integer(1, 10_000), 'How many backups stay in `BACKUP_DIR`; the oldest go.'),
  BACKUP_WITH_KEYS: setting(
    'false',
    boolean,
    'Put the VAPID keys and the API secret into the backups in `BACKUP_DIR`, too, encrypted with `BACKUP_PASSPHRASE`.',
  ),
  BACKUP_PASSPHRASE: secretly(
    asIs,
    'Passphrase of 12 characters or more for the keys in backups. Without it they cannot be read again: keep it elsewhere.',
  ),
  MONGODB_URL: secretly(
    mongodbUrl,
    'Documents live in this MongoDB (4.4 or newer) instead of the embedded file: `mongodb://user:password@host:27017/bellhop`. [Operations](operations.md) says when.',
  ),
  MONGODB_CA_FILE: optional(
    asIs,
    'PEM file of certificate authorities trusted for MongoDB, beside the well-known ones; with `tls=true` in `MONGODB_URL`.',
  ),
  REDIS_URL: secretly(
    redisUrl,
    'Jobs wait in this Redis (6.2 or newer) instead of the process: `redis://user:password@host:6379/0`, or `rediss://` for TLS. One database number for each installation. With `MONGODB_URL` as well, any number of processes share the work.',
  ),
  REDIS_CA_FILE: optional(
    asIs,
    'PEM file of certificate authorities trusted for Redis, beside the well-known ones; with a `rediss://` URL.',
  ),
  REDIS_ADDR: optional(redisAddress, 'The same as `host:port`, for a Redis without a password.'),
  ROLES: setting(
    'api,worker',
    roles,
    'What this process does: `api` takes requests, `worker` sends. One without the other only with `MONGODB_URL` and `REDIS_URL`.',
  ),
  HMAC_SECRET: secretly(
    secret,
    'Secret of the API key `default`, 32 characters or more. Unset: the one in `DATA_DIR/hmac-secret`, which the first start makes where there are no `API_KEYS` either.',
  ),
  API_KEYS: optional(
    apiKeys,
    'More API keys, `id:secret,id:secret`. The same id twice while its secret is rotated. A key may do everything, or only what its [scopes](http.md#scopes) say: `id[send]:secret`, `id[send+read]:secret`.',
  ),
  API_KEYS_FILE: optional(
    asIs,
    'File with more API keys, one a line in the form of `API_KEYS`; lines that begin with `#` say nothing. `SIGHUP` has it read again, so that a secret is rotated without a restart.',
  ),
  ALLOW_SHORT_SECRETS: setting(
    'false',
    boolean,
    'Start although an API secret has fewer than 32 characters (16 at least). A page that holds a subscriber token could guess such a secret.',
  ),
  ALLOW_BEARER: setting(
    'true',
    boolean,
    'Whether `Authorization: Bearer <secret>` is accepted beside signed requests. Subscriber tokens are, either way.',
  ),
  METRICS_TOKEN: secretly(
    longSecret,
    'Opens `/metrics` as a Bearer token, and nothing else, so that Prometheus needs no API key; 32 characters or more. Unset: only an API key with the scope `read` does.',
  ),
  VAPID_PUBLIC_KEY: secretly(
    asIs,
    'VAPID public key: base64url, or as other tools write it (padded, common base64, hexadecimal, PEM). Unset, with no private key: a pair is made at the first start and kept in `DATA_DIR/vapid.json`.',
  ),
  VAPID_PRIVATE_KEY: secretly(
    asIs,
    'VAPID private key: base64url, or as other tools write it (padded, common base64, hexadecimal, PEM of PKCS#8 or SEC 1).',
  ),
  VAPID_OLD_KEYS: secretly(
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
  PUBLIC_URL: optional(
    consoleUrl,
    'Where browsers reach this service, such as `https://push.example.com`, with the path that a proxy puts before it. With it, `SITE_URL` and `TRACKING=clicked`, a click on what Safari shows without a service worker leads through this service.',
  ),
  TRACKING: setting(
    'none',
    tracking,
    'What devices tell of notifications, comma-separated: `shown`, `clicked`, `closed`; or `none`. [A type and a request](receipts.md) can only ask for less.',
  ),
  TIME_ZONE: setting(
    'UTC',
    timeZone,
    'Time zone of users who chose none and whose devices told none, such as `Europe/Berlin`: quiet hours go by it.',
  ),
  DEMO_PAGE: setting(
    'false',
    demoPage,
    'Serve the demo page at `/demo`, where anybody who can reach it can register a browser and send it pushes. `local`: only where `HOST` is a loopback address, and only to browsers that call it `localhost` or by that address; that is how `npm start` sets it, unless it is set or `NODE_ENV` is `production`.',
  ),
  CONSOLE: setting('true', boolean, 'Serve the [console](console.md) at `/console` to those who sign in.'),
  CONSOLE_URL: optional(
    consoleUrl,
    'Where people reach this service, such as `https://push.example.com`, with the path that a proxy puts before it: the links of `bellhop console-link` begin with it. Unset: the address on this machine.',
  ),
  CONSOLE_VIEWERS_SEE_CONTENT: setting(
    'false',
    boolean,
    'Whether a viewer at the console is shown what notifications say. Operators are.',
  ),
  TRUSTED_PROXIES: setting(
    '',
    addressRanges,
    'Addresses and ranges of the proxies in front, comma-separated: `10.0.0.0/8,127.0.0.1`. Only what these write into `X-Forwarded-For` or `Forwarded` is taken for the address of a caller, which the log shows as `client`.',
  ),
  CORS_ALLOWED_ORIGINS: setting(
    '',
    origins,
    'Origins of pages that may call the API from a browser, comma-separated; `https://*.example.com` is every name under it.',
  ),
  WORKER_CONCURRENCY: setting(
    '125',
    integer(1, 10_000),
    'Pushes under way at once; one push service gets four fifths of them at most, so that there is always room for the others. A push takes 50-100 ms, nearly all of it waiting, so these keep 1 000 to 2 000 a second going, about what one core can encrypt and record; more only makes each of them wait longer.',
  ),
  MAX_RETRIES: setting(
    '3',
    integer(0, 20),
    'Retries after a failed first attempt, before a delivery becomes a dead letter. Trouble of this machine’s DNS or of its proxy costs none of them: it is tried until the deadline.',
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
  GONE_GRACE_SECONDS: setting(
    '60',
    integer(0, 3600),
    'A subscription that is called gone (404, 410) so soon after its registration is tried once more at the end of this time, in seconds, before it is retired. 0: it is retired at once.',
  ),
  PRUNE_GUARD_PERCENT: setting(
    '20',
    integer(1, 100),
    'Pruning is put on hold for an origin or VAPID key where more than this share of the 500 users it last answered for has a subscription that is called gone, in percent …',
  ),
  PRUNE_GUARD_COUNT: setting('50', integer(0, 500), '… and more than this many of them have, and more than one.'),
  PUSH_RATE_LIMITS: setting(
    '',
    rateLimits,
    'Pushes a second to a push host, for each process: `fcm.googleapis.com=500,host:port=20`. Unset: as fast as it takes them.',
  ),
  MAX_SUBSCRIPTIONS_PER_USER: setting(
    '20',
    integer(1, 1000),
    'The most active subscriptions of a user whose page registers one with a subscriber token: the one that was not registered again for longest is retired, and returns with the next visit of its device. With an API key there is no limit.',
  ),
  REGISTRATIONS_PER_MINUTE: setting(
    '30',
    integer(1, 6000),
    'How often the pages of one user may register a browser with a subscriber token, all their devices together; as many may come at once. With an API key there is no limit.',
  ),
  USER_CHANGES_PER_MINUTE: setting(
    '30',
    integer(1, 6000),
    'How often the pages of one user may change what is said of the user (`PATCH /v1/users/:user_id`) with a subscriber token, all their devices together; as many may come at once. With an API key there is no limit.',
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
  ...EVENT_SETTINGS,
  ...TRACING_SETTINGS,
  PUSH_ALLOWED_HOSTS: setting(
    '',
    allowedHosts,
    'Push hosts allowed beside those of Google, Mozilla, Apple and Microsoft, comma-separated: `host`, `host:port`, or `*.example.org` for every name under a public domain. A loopback or private address is reached only where it is named here, with its port.',
  ),
  PUSH_CA_FILE: optional(
    asIs,
    'PEM file of certificate authorities trusted for push hosts, and for a proxy in front of them, beside the system’s.',
  ),
  PUSH_PROXY_URL: secretly(
    pushProxyUrl,
    'HTTP proxy that pushes go through: `http://user:password@proxy.example:3128`, or `https://` where the proxy itself speaks TLS. It goes before `HTTPS_PROXY`; `none` is without a proxy, whatever that says. [What a proxy means](operations.md#through-a-proxy).',
  ),
  HTTPS_PROXY: ofTheSystem(
    'The same, as other programs know it, too; `https_proxy` goes before it. For endpoints that are https.',
  ),
  NO_PROXY: ofTheSystem(
    'Hosts that pushes reach without the proxy, comma-separated: `push.example.org` and the names under it, `host:port`, `10.0.0.0/8`, or `*` for all. `no_proxy` goes before it.',
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;

type ValueOf<S> = S extends { readonly byDefault: null; readonly parse: (text: string) => infer Value }
  ? Value | null
  : S extends { readonly parse: (text: string) => infer Value }
    ? Value
    : never;

export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };
