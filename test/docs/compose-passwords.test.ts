import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/free-port.ts';
import { type Mongod, startMongod } from '../../scripts/servers/mongod.ts';
import { systemClock } from '../../src/clock.ts';
import { parseConfig } from '../../src/config/config.ts';
import { openMongoStore } from '../../src/store/mongodb/mongodb-store.ts';
import { describeWithMongod } from '../support/mongodb.ts';
import { describeWithRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { COMPOSE } from './compose-file.ts';

const SCRIPT = fileURLToPath(new URL('../../deploy/make-passwords.sh', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-passwords-'));
  for (const name of ['urls', 'mongodb', 'redis']) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');
const me = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
const env = { PATH: process.env.PATH ?? '', BELLHOP_OWNER: me, MONGODB_OWNER: me, REDIS_OWNER: me };
const makePasswords = () =>
  execFileSync('sh', [SCRIPT, at('urls'), at('mongodb'), at('redis')], { env, encoding: 'utf8' });
const all = (): Record<string, string> =>
  Object.fromEntries(
    ['urls', 'mongodb', 'redis'].flatMap((name) =>
      readdirSync(at(name)).map((file) => [`${name}/${file}`, read(`${name}/${file}`)]),
    ),
  );

/** What the containers are told to read, in the folders that are mounted there. */
const NAMED = [
  'urls/mongodb-url',
  'urls/redis-url',
  'mongodb/keyfile',
  'mongodb/root-password',
  'mongodb/bellhop-password',
  'redis/password',
  'redis/redis.conf',
];

describe('deploy/make-passwords.sh', () => {
  it('makes what compose.yaml names, each file for its owner to read', () => {
    expect(makePasswords()).toBe('');
    expect(Object.keys(all()).sort()).toEqual([...NAMED].sort());
    for (const name of NAMED) expect(statSync(at(name)).mode & 0o777).toBe(0o400);
    const { command: mongod = [], healthcheck: health } = COMPOSE.services.mongodb ?? {};
    const { command: redis = [], healthcheck: redisHealth } = COMPOSE.services.redis ?? {};
    const words = [...mongod, ...redis, ...(health?.test ?? []), ...(redisHealth?.test ?? [])].join(' ');
    for (const name of ['keyfile', 'redis.conf', 'password']) expect(words).toContain(`/run/passwords/${name}`);
    const [first] = Object.values(COMPOSE.services);
    expect(Object.values(first?.environment ?? {})).toEqual(
      expect.arrayContaining(['/run/urls/mongodb-url', '/run/urls/redis-url']),
    );
  });

  it('makes passwords of 256 bits, no two alike, and URLs that Bellhop takes', () => {
    makePasswords();
    const passwords = ['keyfile', 'root-password', 'bellhop-password'].map((name) => read(`mongodb/${name}`).trim());
    passwords.push(read('redis/password').trim());
    for (const password of passwords) expect(password).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(passwords).size).toBe(4);
    const config = parseConfig(
      { MONGODB_URL_FILE: at('urls/mongodb-url'), REDIS_URL_FILE: at('urls/redis-url') },
      (path) => readFileSync(path, 'utf8'),
    );
    expect(config.mongodbUrl).toContain(`bellhop:${passwords[2]}@mongodb:27017`);
    expect(config.redisUrl).toContain(`:${passwords[3]}@redis:6379`);
  });

  it('keeps them at the next start, and makes again what was lost', () => {
    makePasswords();
    const before = all();
    makePasswords();
    expect(all()).toEqual(before);
    rmSync(at('urls/redis-url'));
    rmSync(at('redis/redis.conf'));
    makePasswords();
    expect(all()).toEqual(before);
  });

  it('finishes what a start that was cut off had begun', () => {
    writeFileSync(at('mongodb/keyfile.new'), 'half', { mode: 0o600 });
    writeFileSync(at('mongodb/root-password'), '');
    makePasswords();
    expect(read('mongodb/root-password')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(existsSync(at('mongodb/keyfile.new'))).toBe(false);
  });

  it('fails where it cannot do all of it', () => {
    expect(spawnSync('sh', [SCRIPT, at('urls')], { env }).status).not.toBe(0);
    expect(spawnSync('sh', [SCRIPT, at('nowhere'), at('mongodb'), at('redis')], { env }).status).not.toBe(0);
    const broken = { ...env, PATH: at('bin') };
    mkdirSync(at('bin'));
    for (const tool of ['od', 'tr', 'cat', 'chmod', 'chown', 'mv']) {
      const [path = ''] = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).split('\n');
      writeFileSync(at(`bin/${tool}`), `#!/bin/sh\nexec ${path} "$@"\n`);
      chmodSync(at(`bin/${tool}`), 0o700);
    }
    rmSync(at('mongodb/keyfile'), { force: true });
    // Without head there is no randomness.
    const { status, stderr } = spawnSync('/bin/sh', [SCRIPT, at('urls'), at('mongodb'), at('redis')], {
      env: broken,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('no randomness');
    expect(existsSync(at('mongodb/keyfile'))).toBe(false);
  });
});

describeWithRedis('Redis as compose.yaml starts it', () => {
  it('lets in who has the password, and nobody else', async () => {
    makePasswords();
    const port = await freePort();
    const [program = '', ...args] = (COMPOSE.services.redis?.command ?? []).map((word) =>
      word.replace('/run/passwords', at('redis')),
    );
    const server = spawn(program, [...args, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder]);
    const [, check = ''] = COMPOSE.services.redis?.healthcheck?.test ?? [];
    const health = () =>
      spawnSync(
        'sh',
        [
          '-c',
          check
            .replaceAll('$$', '$')
            .replace('/run/passwords', at('redis'))
            .replace('redis-cli', `redis-cli -p ${port}`),
        ],
        { env },
      ).status;
    await until('Redis is healthy', () => health() === 0);
    const stranger = new Redis({ port, lazyConnect: true, retryStrategy: () => null });
    stranger.on('error', () => {});
    await expect(stranger.ping()).rejects.toThrow(/NOAUTH/);
    stranger.disconnect();
    const url = read('urls/redis-url').trim().replace('redis:6379', `127.0.0.1:${port}`);
    const bellhop = new Redis(url);
    expect(await bellhop.ping()).toBe('PONG');
    bellhop.disconnect();
    rmSync(at('redis/password'));
    writeFileSync(at('redis/password'), 'wrong\n');
    expect(health()).not.toBe(0);
    server.kill();
    await once(server, 'exit');
  });
});

type User = { readonly user: string; readonly pwd: string; readonly roles: readonly unknown[] };

/** Runs the health check's program as mongosh would, on a server in this state. Gives what it asked the server for. */
function checkHealth(server: { setName?: string; isWritablePrimary: boolean; users: readonly string[] }) {
  const asked: { initiate?: unknown; users: User[]; auth?: string[]; quit?: number } = { users: [] };
  const admin = {
    createUser(user: User) {
      // Once there is a user, only who is known may make another.
      if (server.users.length > 0 && asked.auth === undefined) throw new Error('Unauthorized');
      asked.users.push(user);
    },
    auth: (user: string, password: string) => void Object.assign(asked, { auth: [user, password] }),
    getUser: (user: string) => (server.users.includes(user) ? { user } : null),
  };
  const stop = new Error('quit');
  try {
    runInNewContext(COMPOSE.services.mongodb?.healthcheck?.test?.at(-1) ?? '', {
      require: () => ({ readFileSync: (path: string) => read(path.replace('/run/passwords', 'mongodb')) }),
      db: { getSiblingDB: () => admin, hello: () => server },
      rs: { initiate: (config: unknown) => Object.assign(asked, { initiate: config }) },
      quit: (code: number) => {
        asked.quit = code;
        throw stop;
      },
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  return asked;
}

describe('the health check of MongoDB', () => {
  beforeEach(makePasswords);

  it('makes the replica set, and is not healthy before it has a primary', () => {
    expect(checkHealth({ isWritablePrimary: false, users: [] })).toEqual({
      initiate: { _id: 'rs0', members: [{ _id: 0, host: 'mongodb:27017' }] },
      users: [],
      quit: 1,
    });
    expect(checkHealth({ setName: 'rs0', isWritablePrimary: false, users: [] })).toEqual({ users: [], quit: 1 });
  });

  it('makes its two users, of which Bellhop’s may read and write one database', () => {
    const { users, auth } = checkHealth({ setName: 'rs0', isWritablePrimary: true, users: [] });
    expect(users.map(({ user, roles }) => [user, roles])).toEqual([
      ['root', ['root']],
      ['bellhop', [{ role: 'readWrite', db: 'bellhop' }]],
    ]);
    expect(auth).toEqual(['root', read('mongodb/root-password').trim()]);
  });

  it('makes the second where only the first was made, and none where both are there', () => {
    const { users } = checkHealth({ setName: 'rs0', isWritablePrimary: true, users: ['root'] });
    expect(users.map(({ user }) => user)).toEqual(['bellhop']);
    expect(checkHealth({ setName: 'rs0', isWritablePrimary: true, users: ['root', 'bellhop'] }).users).toEqual([]);
  });
});

describeWithMongod('MongoDB as compose.yaml starts it', () => {
  let mongod: Mongod | undefined;
  afterEach(() => mongod?.stop());

  it('lets nobody in without a password, and Bellhop work with what its user may', async () => {
    makePasswords();
    const args = (COMPOSE.services.mongodb?.command ?? []).slice(1).filter((word) => word !== '--bind_ip_all');
    mongod = await startMongod({ args: args.map((word) => word.replace('/run/passwords', at('mongodb'))) });
    const local = new MongoClient(mongod.url, { directConnection: true });
    const admin = local.db('admin');
    await admin.command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${mongod.port}` }] } });
    await until('it is the primary', async () => (await admin.command({ hello: 1 })).isWritablePrimary === true);
    const [root, bellhop] = checkHealth({ setName: 'rs0', isWritablePrimary: true, users: [] }).users;
    const create = ({ user, pwd, roles }: User) => ({ createUser: user, pwd, roles });
    await admin.command(create(root as User));
    // From now on, this machine is a stranger like any other.
    await expect(admin.command(create({ user: 'x', pwd: 'y', roles: ['root'] }))).rejects.toMatchObject({ code: 13 });
    await expect(local.db('bellhop').collection('x').findOne()).rejects.toMatchObject({ code: 13 });
    await local.close();
    const operator = new MongoClient(mongod.url, {
      directConnection: true,
      auth: { username: 'root', password: root?.pwd ?? '' },
    });
    await operator.db('admin').command(create(bellhop as User));
    await operator.close();
    const url = read('urls/mongodb-url').trim().replace('mongodb:27017', `127.0.0.1:${mongod.port}`);
    const store = await openMongoStore({ url, clock: systemClock, retentionDays: 30, alone: { onLost: () => {} } });
    expect(await store.facts.keep('a', 'kept')).toBe('kept');
    await store.close();
  });
});
