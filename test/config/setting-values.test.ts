import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/config.ts';
import { NAMES_OF_FILES } from '../../src/config/setting-values.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const { publicKey, privateKey } = generateVapidKeys();
const older = generateVapidKeys();

const FILES: Readonly<Record<string, string>> = {
  '/run/secret': `${SECRET}\n`,
  '/run/mongodb-url': 'mongodb://bellhop:hunter@mongodb/bellhop\r\n',
  '/run/redis-url': '  redis://:hunter@redis:6379/0\n\n',
  '/run/vapid-public': publicKey,
  '/run/vapid-private': privateKey,
  '/run/vapid-old': `${older.publicKey}:${older.privateKey}`,
  '/run/empty': ' \n',
  '/run/lines': 'hunter\nhunter\n',
  '/run/wrong': 'hunter',
};
const readFile = (path: string): string => {
  const text = FILES[path];
  if (text === undefined) throw Object.assign(new Error(`hunter: ${path}`), { code: 'ENOENT' });
  return text;
};
const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    parseConfig(environment, readFile);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
};

describe('a setting in a file', () => {
  it('is what the file holds, without space around it', () => {
    const config = parseConfig(
      {
        HMAC_SECRET_FILE: '/run/secret',
        MONGODB_URL_FILE: ' /run/mongodb-url ',
        REDIS_URL_FILE: '/run/redis-url',
        VAPID_PUBLIC_KEY_FILE: '/run/vapid-public',
        VAPID_PRIVATE_KEY_FILE: '/run/vapid-private',
        VAPID_OLD_KEYS_FILE: '/run/vapid-old',
      },
      readFile,
    );
    expect(config).toMatchObject({
      apiKeys: [{ id: 'default', secret: SECRET }],
      mongodbUrl: 'mongodb://bellhop:hunter@mongodb/bellhop',
      redisUrl: 'redis://:hunter@redis:6379/0',
      vapidKeys: { publicKey, privateKey },
      olderVapidKeys: [older],
    });
    expect([...config.secretFiles].sort()).toEqual(
      ['secret', 'mongodb-url', 'redis-url', 'vapid-public', 'vapid-private', 'vapid-old']
        .map((n) => `/run/${n}`)
        .sort(),
    );
  });

  it('counts as unset where the name of the file is empty', () => {
    expect(parseConfig({ HMAC_SECRET_FILE: '', HMAC_SECRET: SECRET }, readFile).apiKeys).toHaveLength(1);
  });

  it.each(NAMES_OF_FILES)('is one thing or the other: %s', (name) => {
    const base = name.slice(0, -'_FILE'.length);
    expect(problemsOf({ [name]: '/run/secret', [base]: 'hunter-hunter-hunter-hunter-hunter' })).toContain(
      `${base} and ${name} are both set: keep one of them.`,
    );
  });

  it.each([
    ['/run/nowhere', 'is to be in /run/nowhere (MONGODB_URL_FILE), which cannot be read (ENOENT).'],
    ['/run/empty', 'is to be in /run/empty (MONGODB_URL_FILE), which is empty.'],
    ['/run/lines', 'is to be in /run/lines (MONGODB_URL_FILE), which has more than one line.'],
    ['/run/wrong', 'is not a MongoDB URL: write mongodb://user:password@host:27017/bellhop.'],
  ])('keeps Bellhop from starting where it cannot be used: %s', (path, problem) => {
    expect(problemsOf({ MONGODB_URL_FILE: path })).toEqual([`MONGODB_URL ${problem}`]);
  });

  it.each(NAMES_OF_FILES)('is repeated by no problem: %s', (name) => {
    for (const path of Object.keys(FILES)) {
      const text = problemsOf({ [name]: path }).join('\n');
      for (const secret of ['hunter', SECRET, privateKey, older.privateKey]) expect(text).not.toContain(secret);
    }
  });

  it.each(['PORT_FILE', 'VAPID_SUBJECT_FILE', 'DATA_DIR_FILE', 'REDIS_ADDR_FILE'])(
    'is refused for what is no secret, instead of being passed over: %s',
    (name) => {
      expect(problemsOf({ [name]: '/run/secret' })).toEqual([expect.stringContaining(`${name} is not a setting`)]);
    },
  );

  it('has a name without a prefix', () => {
    expect(problemsOf({ BELLHOP_MONGODB_URL_FILE: '/run/mongodb-url' })).toEqual([
      'BELLHOP_MONGODB_URL_FILE is not a setting: its name is MONGODB_URL_FILE, without the prefix.',
    ]);
  });

  it('may have other names that end so', () => {
    expect(problemsOf({ COMPOSE_FILE: 'x', SSL_CERT_FILE: 'x', PUSH_CA_FILE: '' })).toEqual([]);
  });

  it('goes with roles and with REDIS_ADDR as if it were in the environment', () => {
    const urls = { MONGODB_URL_FILE: '/run/mongodb-url', REDIS_URL_FILE: '/run/redis-url' };
    expect(parseConfig({ ...urls, ROLES: 'worker' }, readFile).roles).toEqual(['worker']);
    expect(problemsOf({ ...urls, REDIS_ADDR: 'redis:6379' })).toEqual([
      'REDIS_URL and REDIS_ADDR are both set: keep one of them.',
    ]);
  });

  it('is told by ConfigError', () => {
    expect(() => parseConfig({ HMAC_SECRET_FILE: '/run/nowhere' }, readFile)).toThrow(ConfigError);
  });
});
