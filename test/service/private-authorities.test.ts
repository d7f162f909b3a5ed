import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { parseConfig } from '../../src/config/config.ts';
import { readText } from '../../src/config/environment.ts';
import { createRedisCoordination } from '../../src/coordination/redis-coordination.ts';
import { type Backends, openBackends } from '../../src/service/backends.ts';
import { describeWithMongod } from '../support/mongodb.ts';
import { describeWithRedis } from '../support/redis.ts';
import { startTlsMongod, startTlsRedis, type TlsServer } from '../support/tls-servers.ts';
import { until } from '../support/until.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-authorities-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(environment: Record<string, string>): Promise<Backends> {
  const config = parseConfig({ DATA_DIR: folder, ...environment }, readText);
  return openBackends({ config, clock: systemClock, onError: () => {} });
}

async function close({ queue, coordination, store }: Backends): Promise<void> {
  await queue.close();
  await coordination.close();
  await store.close();
}

describeWithRedis('Redis with a certificate of a private authority', () => {
  let redis: TlsServer;
  beforeAll(async () => {
    redis = await startTlsRedis();
  });
  afterAll(() => redis.stop());

  it('is used where REDIS_CA_FILE names the authority', async () => {
    const backends = await open({ REDIS_URL: redis.url, REDIS_CA_FILE: redis.caFile });
    const ran: string[] = [];
    await until('the queue answers', () =>
      backends.queue.ping().then(
        () => true,
        () => false,
      ),
    );
    const other = createRedisCoordination({ url: redis.plainUrl, onError: () => {} });
    // Without a connection each takes itself for alone, and leads.
    await until('both are connected, so that one of them does not lead', async () => {
      const leads = await Promise.all([backends.coordination.lead('test'), other.lead('test')]);
      return leads.includes(false);
    });
    await other.close();
    await backends.queue.start(async (job) => void ran.push(job.id), { concurrency: 1 });
    await backends.queue.enqueueMany([
      {
        kind: 'deliver',
        id: 'dlv_1',
        userId: '',
        step: 1,
        runAtMs: 0,
        priority: 'normal',
        origin: '',
        deadlineAtMs: null,
      },
    ]);
    await until('the job has run', () => ran.length === 1);
    await close(backends);
  });

  it.each([
    ['no authority is named', 'none'],
    ['another authority is named', 'other'],
  ])('is refused at start with what to do where %s', async (_, given) => {
    const environment = given === 'other' ? { REDIS_CA_FILE: redis.otherCaFile } : {};
    await expect(open({ REDIS_URL: redis.url, ...environment })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/^Redis answers, but no authority.*REDIS_CA_FILE/),
    });
  });
});

describeWithMongod('MongoDB with a certificate of a private authority', () => {
  let mongod: TlsServer;
  beforeAll(async () => {
    mongod = await startTlsMongod();
  });
  afterAll(() => mongod.stop());

  it('is used where MONGODB_CA_FILE names the authority, or tlsCAFile in the URL does', async () => {
    const byFile = await open({ MONGODB_URL: mongod.url, MONGODB_CA_FILE: mongod.caFile });
    await byFile.store.ping();
    await close(byFile);
    const byUrl = await open({ MONGODB_URL: `${mongod.url}&tlsCAFile=${encodeURIComponent(mongod.caFile)}` });
    await byUrl.store.ping();
    await close(byUrl);
  });

  it('is refused at start with what to do where none is named', async () => {
    await expect(open({ MONGODB_URL: mongod.url })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/^MongoDB at 127\.0\.0\.1:\d+ answers, but no authority.*MONGODB_CA_FILE/),
    });
  });
});
