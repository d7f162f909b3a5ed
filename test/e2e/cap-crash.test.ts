import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { trusting } from '../../scripts/demo/main-job.ts';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type Answer, type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { capHolds } from './capped-users.ts';

let folder: string;
let emulator: Emulator;
let services: (ServiceProcess | null)[];
let environment: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-cap-crash-'));
  emulator = await startEmulator();
  services = [];
  environment = {
    ...trusting(emulator, folder),
    WORKER_CONCURRENCY: '10',
    ATTEMPT_TIMEOUT_MS: '3000',
    RETRY_BASE_MS: '50',
    RETRY_MAX_MS: '500',
  };
});
afterEach(async () => {
  await Promise.all(services.map((service) => service?.stop('SIGKILL')));
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startServiceProcess({ folder, environment });

/** As a back end that tries again: whoever lives answers. */
const call: SignedClient = async (...args): Promise<Answer> => {
  for (;;) {
    const alive = services.filter((service) => service !== null);
    const service = alive[Math.floor(Math.random() * alive.length)];
    const answer = await (service && signedClient(service.address, service.secret)(...args).catch(() => null));
    if (answer && answer.status < 500) return answer;
    await wait(50);
  }
};

async function killOne(): Promise<void> {
  const place = Math.floor(Math.random() * services.length);
  const victim = services[place];
  services[place] = null;
  await victim?.stop('SIGKILL');
  services[place] = await start();
}

describe('a cap under kill -9, on the embedded store', () => {
  it('neither loses a use nor counts one twice', async () => {
    services.push(await start());
    await capHolds({ emulator, call, killOne, rounds: 10, notificationsEach: 6, allFinalWithinMs: 60_000 });
  }, 240_000);
});

describeWithMongod('a cap under kill -9, on three processes with MongoDB and Redis', () => {
  it('neither loses a use nor counts one twice', async () => {
    const [mongod, redis] = await Promise.all([startMongod(), startRedisServer()]);
    try {
      Object.assign(environment, { MONGODB_URL: freshDatabase(mongod.url), REDIS_URL: redis.url });
      services.push(...(await Promise.all([start(), start(), start()])));
      await capHolds({ emulator, call, killOne, rounds: 8, notificationsEach: 6, allFinalWithinMs: 120_000 });
    } finally {
      await Promise.all(services.splice(0).map((service) => service?.stop('SIGKILL')));
      await Promise.all([mongod.stop(), redis.stop()]);
    }
  }, 400_000);
});
