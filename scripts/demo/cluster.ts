import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { findMongod } from '../servers/mongod-binary.ts';
import { findRedisServer, startRedisServer } from '../servers/redis-server.ts';
import { startReplicaSet } from '../servers/replica-set.ts';
import { startServiceProcess } from '../service-process.ts';
import { signedClient } from '../signed-client.ts';
import { type Account, createAccount } from './account.ts';
import { closeAccount, tellMainJob, trusting } from './main-job.ts';

const mongod = await findMongod();
const redisServer = findRedisServer();
const missing = [mongod, redisServer].flatMap((found) => ('reason' in found ? [found.reason] : []));
if (missing.length > 0) {
  process.stderr.write(`${missing.join('\n')}\n`);
  process.exitCode = 1;
} else {
  process.exitCode = await demo('version' in mongod ? `${mongod.version}, ${mongod.source}` : '');
}

async function demo(mongodIs: string): Promise<number> {
  const account = createAccount((text) => process.stdout.write(text), process.stdout.isTTY === true);
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-cluster-'));
  account.step('Start the servers: MongoDB as a replica set of one, Redis, a push service');
  const [mongo, redis, emulator] = await Promise.all([
    startReplicaSet({ members: 1 }),
    startRedisServer(),
    startEmulator(),
  ]);
  account.check(true, `mongod ${mongodIs}: ${mongo.url}`);
  account.check(true, `redis-server: ${redis.url}`);
  try {
    await tell(account, emulator, folder, { MONGODB_URL: mongo.url, REDIS_URL: redis.url });
  } catch (error) {
    account.check(false, `the demo broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await Promise.all([emulator.close(), mongo.stop(), redis.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
  return closeAccount(account);
}

async function tell(
  to: Account,
  pushService: Emulator,
  folder: string,
  urls: Readonly<Record<string, string>>,
): Promise<void> {
  const environment = { ...trusting(pushService, folder), ...urls };
  to.step('Start two processes that share them, and the secrets in one folder');
  const first = await startServiceProcess({ folder, environment });
  const second = await startServiceProcess({ folder, environment });
  const services = [first, second];
  to.check(first.publicKey === second.publicKey, 'the second uses the VAPID key pair that the first made');
  to.detail(`writes go to ${first.address}, reads to ${second.address}`);
  try {
    const [write, read] = [signedClient(first.address, first.secret), signedClient(second.address, second.secret)];
    await tellMainJob(to, pushService, { write, read });
    tellShares(
      to,
      services.map(({ log }) => log.filter(({ event }) => event === 'delivery.settled').length),
    );
  } finally {
    to.step('Stop them');
    for (const service of services) {
      const { code } = await service.stop('SIGTERM');
      to.check(code === 0, `SIGTERM: drained, and exited with ${code}`);
    }
  }
}

function tellShares(to: Account, shares: readonly number[]): void {
  to.step('Who did the work?');
  to.check(
    shares.reduce((sum, share) => sum + share, 0) >= 5,
    `attempts made: ${shares.join(' by the first, ')} by the second`,
  );
}
