import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/setting-values.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { makeCertificate } from '../../src/emulator/certificates.ts';
import { EVENTS_BY_DEFAULT } from './events-by-default.ts';
import { noFile, problemsOf } from './problems-of.ts';

describe('parseConfig', () => {
  it('needs nothing: every setting has a default', () => {
    expect(parseConfig({}, noFile)).toEqual({
      port: 8080,
      host: '127.0.0.1',
      intakeLimits: {
        maxConnections: 1000,
        headersTimeoutMs: 10_000,
        bodyTimeoutMs: 30_000,
        keepAliveTimeoutMs: 75_000,
        maxUnverifiedBodyOctets: 8_388_608,
      },
      dataDir: './data',
      backups: null,
      backupPassphrase: null,
      mongodbUrl: null,
      mongodbCa: null,
      redisUrl: null,
      redisCa: null,
      roles: ['api', 'worker'],
      apiKeys: [],
      apiKeysFile: null,
      secretFiles: [],
      allowShortSecrets: false,
      allowBearer: true,
      metricsToken: null,
      vapidKeys: null,
      olderVapidKeys: [],
      allowLostVapidKeys: false,
      vapidSubject: null,
      logLevel: 'info',
      demoPage: 'off',
      siteUrl: null,
      publicUrl: null,
      ...{ tracking: [], tracing: null },
      timeZone: 'UTC',
      console: { isServed: true, url: null, viewersSeeContent: false },
      trustedProxies: [],
      corsAllowedOrigins: [],
      workerConcurrency: 125,
      retry: { maxRetries: 3, baseMs: 5000, maxMs: 600_000 },
      quarantine: { retryMs: 6 * 3_600_000, retireAfterMs: 3 * 86_400_000 },
      goneGraceMs: 60_000,
      pruneGuard: { windowSize: 500, maxShare: 0.2, maxCount: 50 },
      pushRatesPerSecond: new Map(),
      maxSubscriptionsPerUser: 20,
      registrationLimit: { burst: 30, refillMs: 2000 },
      userChangeLimit: { burst: 30, refillMs: 2000 },
      attemptTimeoutMs: 30_000,
      defaultTtlSeconds: 3600,
      retentionDays: 30,
      ...EVENTS_BY_DEFAULT,
      pushAllowedHosts: [],
      pushCaPem: null,
      pushProxy: null,
    });
  });

  it('takes an empty value as unset, as a compose file writes it', () => {
    expect(parseConfig({ PORT: '', HMAC_SECRET: ' ', BELLHOP_X: undefined }, noFile).port).toBe(8080);
  });

  it('reads where documents and jobs live, and what this process does', () => {
    const MONGODB_URL = 'mongodb://ada:p%40ss@db.example.com:27017/bellhop?replicaSet=rs0';
    const config = parseConfig(
      { MONGODB_URL, REDIS_URL: 'rediss://:p%40ss@redis.example.com:6380/3', ROLES: 'worker' },
      noFile,
    );
    expect(config).toMatchObject({ mongodbUrl: MONGODB_URL, roles: ['worker'] });
    expect(config.redisUrl).toBe('rediss://:p%40ss@redis.example.com:6380/3');
    expect(parseConfig({ REDIS_ADDR: 'redis:6379' }, noFile).redisUrl).toBe('redis://redis:6379');
    expect(parseConfig({ ROLES: ' worker , api' }, noFile).roles).toEqual(['api', 'worker']);
  });

  it.each([
    [{ MONGODB_URL: 'postgres://x:topsecret@h/d' }, 'MONGODB_URL is not a MongoDB URL'],
    [{ REDIS_URL: 'http://x:topsecret@h' }, 'REDIS_URL is not a Redis URL'],
    [{ REDIS_URL: 'redis://x:topsecret@h:6379/name' }, 'REDIS_URL is not a Redis URL'],
    [{ REDIS_ADDR: 'redis' }, 'REDIS_ADDR is "redis": write host:port'],
    [{ REDIS_ADDR: 'redis:6379', REDIS_URL: 'redis://redis:6379' }, 'REDIS_URL and REDIS_ADDR are both set'],
    [{ ROLES: 'api,sender' }, 'ROLES is "api,sender": write api, worker, or api,worker.'],
    [{ ROLES: 'api' }, 'ROLES is api, but without MONGODB_URL and REDIS_URL there is only this process'],
    [{ ROLES: 'worker', REDIS_ADDR: 'redis:6379' }, 'without MONGODB_URL there is only this process'],
  ])('refuses %j, in words without a secret', (environment, words) => {
    const parse = () => parseConfig(environment, noFile);
    expect(parse).toThrow(words);
    expect(parse).not.toThrow('topsecret');
  });

  it('reads every kind of value', async () => {
    const certificate = await makeCertificate();
    const vapid = generateVapidKeys();
    const config = parseConfig(
      {
        PORT: '0',
        HOST: '::1',
        HMAC_SECRET: 'a-secret-of-sixteen',
        API_KEYS: 'shop:0123456789abcdef, shop:fedcba9876543210,default:another-secret-16',
        ALLOW_SHORT_SECRETS: 'true',
        ALLOW_BEARER: 'false',
        VAPID_PUBLIC_KEY: vapid.publicKey,
        VAPID_PRIVATE_KEY: vapid.privateKey,
        VAPID_SUBJECT: 'mailto:ops@example.com',
        SITE_URL: 'https://app.example.com/',
        CORS_ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:3000, https://*.example.org',
        PUSH_ALLOWED_HOSTS: '127.0.0.1:9443,push.example.org',
        PUSH_CA_FILE: '/ca.pem',
      },
      () => certificate.caPem,
    );
    expect(config.apiKeys.map(({ id }) => id)).toEqual(['default', 'shop', 'shop', 'default']);
    expect(config.allowBearer).toBe(false);
    expect(config.vapidKeys).toEqual(vapid);
    expect(config.siteUrl).toBe('https://app.example.com');
    expect(config.corsAllowedOrigins).toEqual([
      'https://app.example.com',
      'http://localhost:3000',
      'https://*.example.org',
    ]);
    expect(config.pushAllowedHosts).toEqual([
      { host: '127.0.0.1', port: 9443 },
      { host: 'push.example.org', port: null },
    ]);
    expect(config.pushCaPem).toContain('BEGIN CERTIFICATE');
  });

  it('lists every problem at once', () => {
    const problems = problemsOf({
      PORT: '80a',
      LOG_LEVEL: 'loud',
      BELLHOP_PORT: '1',
      BELLHOP_TURBO: 'on',
      VAPID_PUBLIC_KEY: 'BM',
      WORKER_CONCURRENCY: '0',
      ALLOW_BEARER: 'yes',
    });
    expect(problems).toHaveLength(7);
    expect(problems.join('\n')).toContain('BELLHOP_PORT is not a setting: its name is PORT');
  });

  it.each<[string, Environment]>([
    ['PORT is out of range', { PORT: '65536' }],
    ['PORT is negative', { PORT: '-1' }],
    ['HOST has a scheme', { HOST: 'http://x' }],
    ['HMAC_SECRET is short', { HMAC_SECRET: 'short' }],
    ['HMAC_SECRET can be guessed', { HMAC_SECRET: '0123456789abcdef0123456789abcde' }],
    ['API_KEYS has a secret that can be guessed', { API_KEYS: 'a:0123456789abcdef0123456789abcde' }],
    ['API_KEYS has an unknown scope', { API_KEYS: 'a[send+write]:0123456789abcdef0123456789abcdef' }],
    ['API_KEYS has no scope between brackets', { API_KEYS: 'a[]:0123456789abcdef0123456789abcdef' }],
    [
      'API_KEYS gives one key two minds',
      { API_KEYS: 'a[send]:0123456789abcdef0123456789abcdef,a[read]:1123456789abcdef0123456789abcdef' },
    ],
    ['API_KEYS_FILE is not there', { API_KEYS_FILE: '/nowhere' }],
    ['API_KEYS has no id', { API_KEYS: '0123456789abcdef0123' }],
    ['API_KEYS has a short secret', { API_KEYS: 'a:short' }],
    [
      'API_KEYS has a key thrice',
      {
        API_KEYS:
          'a:0123456789abcdef0123456789abcdef,a:1123456789abcdef0123456789abcdef,a:2123456789abcdef0123456789abcdef',
      },
    ],
    [
      'API_KEYS repeats a secret',
      { API_KEYS: 'a:0123456789abcdef0123456789abcdef,a:0123456789abcdef0123456789abcdef' },
    ],
    ['only a public key', { VAPID_PUBLIC_KEY: generateVapidKeys().publicKey }],
    ['only a private key', { VAPID_PRIVATE_KEY: generateVapidKeys().privateKey }],
    [
      'halves of two pairs',
      { VAPID_PUBLIC_KEY: generateVapidKeys().publicKey, VAPID_PRIVATE_KEY: generateVapidKeys().privateKey },
    ],
    ['a subject that Apple refuses', { VAPID_SUBJECT: 'mailto:me@localhost' }],
    ['a bare address as subject', { VAPID_SUBJECT: 'me@example.com' }],
    ['an origin with a path', { CORS_ALLOWED_ORIGINS: 'https://a.example/' }],
    ['an origin of no page', { CORS_ALLOWED_ORIGINS: 'ftp://a.example' }],
    ['an origin with a wildcard inside', { CORS_ALLOWED_ORIGINS: 'https://app.*.example' }],
    ['an origin with half a name as a wildcard', { CORS_ALLOWED_ORIGINS: 'https://app-*.a.example' }],
    ['an origin that is a wildcard', { CORS_ALLOWED_ORIGINS: 'https://*' }],
    ['an origin with two wildcards', { CORS_ALLOWED_ORIGINS: 'https://*.*.a.example' }],
    ['an origin with names under an address', { CORS_ALLOWED_ORIGINS: 'https://*.127.0.0.1' }],
    ['an origin in capitals', { CORS_ALLOWED_ORIGINS: 'https://A.example' }],
    ['an origin with its default port', { CORS_ALLOWED_ORIGINS: 'https://a.example:443' }],
    ['a site without a scheme', { SITE_URL: 'app.example.com' }],
    ['a site with a path', { SITE_URL: 'https://app.example.com/shop' }],
    ['a site that push does not work on', { SITE_URL: 'http://app.example.com' }],
    ['a wildcard over a whole domain', { PUSH_ALLOWED_HOSTS: '*.com' }],
    ['this machine without a port', { PUSH_ALLOWED_HOSTS: '127.0.0.1' }],
    ['a private address without a port', { PUSH_ALLOWED_HOSTS: '10.0.0.7' }],
    ['a rate for a wildcard', { PUSH_RATE_LIMITS: '*.push.example=5' }],
    ['a host with a scheme', { PUSH_ALLOWED_HOSTS: 'https://push.example' }],
    ['a CA file that is not there', { PUSH_CA_FILE: '/nowhere.pem' }],
    ['base above maximum', { RETRY_BASE_MS: '5000', RETRY_MAX_MS: '100' }],
    ['a TTL that no service takes', { DEFAULT_TTL_SECONDS: '99999999' }],
    ['a fraction', { MAX_RETRIES: '1.5' }],
  ])('refuses: %s', (_, environment) => {
    expect(problemsOf(environment)).toHaveLength(1);
  });

  it.each([
    ['true', '0.0.0.0', 'open'],
    ['true', '127.0.0.1', 'open'],
    ['false', '127.0.0.1', 'off'],
    ['local', '127.0.0.1', 'local'],
    ['local', '127.3.2.1', 'local'],
    ['local', 'LocalHost', 'local'],
    ['local', '::1', 'local'],
    ['local', '0:0:0:0:0:0:0:1', 'local'],
    ['local', '0.0.0.0', 'elsewhere'],
    ['local', '::', 'elsewhere'],
    ['local', '192.168.1.5', 'elsewhere'],
    ['local', '10.0.0.1', 'elsewhere'],
    ['local', '128.0.0.1', 'elsewhere'],
    ['local', 'localhost.example.org', 'elsewhere'],
    ['local', '127.0.0.1.example.org', 'elsewhere'],
    ['local', 'my-machine', 'elsewhere'],
  ])('with DEMO_PAGE %s and HOST %s the demo page is %s', (DEMO_PAGE, HOST, demoPage) => {
    expect(parseConfig({ DEMO_PAGE, HOST }, noFile).demoPage).toBe(demoPage);
  });

  it('reads the proxies that are trusted, as addresses and ranges', () => {
    const { trustedProxies } = parseConfig({ TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1 ,::1,fd00::/8,' }, noFile);
    expect(trustedProxies).toEqual([
      { address: '10.0.0.0', prefixLength: 8 },
      { address: '127.0.0.1', prefixLength: 32 },
      { address: '::1', prefixLength: 128 },
      { address: 'fd00::', prefixLength: 8 },
    ]);
  });

  it.each([
    'true',
    '*',
    'proxy.example.org',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0.0/0',
    '::/0',
    '::1/129',
    '10.0.0',
    '10.0.0.1:80',
    '010.0.0.1',
    '[::1]',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/104',
    '10.0.0.1 10.0.0.2',
    '127.0.0.1,10.0.0.0/8x',
  ])('refuses %s as a trusted proxy', (text) => {
    expect(problemsOf({ TRUSTED_PROXIES: text })).toEqual([
      expect.stringMatching(/^TRUSTED_PROXIES has .*: write addresses and ranges of your proxies/),
    ]);
  });

  it.each([
    'mongodb://user:p%40ss@host:27017/bellhop',
    'mongodb://host',
    'mongodb://one,two/bellhop?replicaSet=rs0',
    'mongodb+srv://user:pass@cluster.example/?retryWrites=true',
  ])('takes %s', (url) => {
    expect(parseConfig({ MONGODB_URL: url }, noFile).mongodbUrl).toBe(url);
  });

  it('reads earlier VAPID pairs and rates, and names a bad one by its place alone', () => {
    const [one, two] = [generateVapidKeys(), generateVapidKeys()];
    const pairs = [one, two].map(({ publicKey, privateKey }) => `${publicKey}:${privateKey}`);
    expect(parseConfig({ VAPID_OLD_KEYS: pairs.join(', ') }, noFile).olderVapidKeys).toEqual([one, two]);
    const mixed = `${pairs[0]},${one.publicKey}:${two.privateKey}`;
    expect(() => parseConfig({ VAPID_OLD_KEYS: mixed }, noFile)).toThrow(/VAPID_OLD_KEYS .*number 2.*does not belong/);
    try {
      parseConfig({ VAPID_OLD_KEYS: mixed }, noFile);
    } catch (error) {
      expect(String(error)).not.toContain(two.privateKey);
    }
    const { pushRatesPerSecond } = parseConfig(
      { PUSH_RATE_LIMITS: 'fcm.googleapis.com=500,localhost:9441=2.5' },
      noFile,
    );
    expect([...pushRatesPerSecond]).toEqual([
      ['fcm.googleapis.com', 500],
      ['localhost:9441', 2.5],
    ]);
    for (const text of ['fcm.googleapis.com', 'https://x.example=5', 'x.example=0', 'x.example=-1', '=5']) {
      expect(() => parseConfig({ PUSH_RATE_LIMITS: text }, noFile)).toThrow(/PUSH_RATE_LIMITS has/);
    }
    expect(() => parseConfig({ QUARANTINE_RETRY_HOURS: '24', QUARANTINE_RETIRE_DAYS: '1' }, noFile)).toThrow(
      /not shorter/,
    );
  });
});
