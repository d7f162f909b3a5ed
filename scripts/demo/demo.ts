import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { denoPath } from '../deno.ts';
import { startServiceProcess } from '../service-process.ts';
import { type SignedClient, signedClient } from '../signed-client.ts';
import { type Account, createAccount } from './account.ts';
import { demoDatabase, dropDatabase } from './demo-database.ts';
import { type DemoOptions, parseDemoOptions } from './demo-options.ts';
import { tellExperiments } from './experiments.ts';
import { closeAccount, tellMainJob, trusting } from './main-job.ts';
import { tellPeople } from './people.ts';
import { tellSchedules } from './schedules.ts';

const options = parseDemoOptions(process.argv.slice(2));
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = 1;
} else {
  process.exitCode = await demo(options);
}

async function demo(chosen: DemoOptions): Promise<number> {
  const account = createAccount((text) => process.stdout.write(text), process.stdout.isTTY === true);
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-'));
  const emulator = await startEmulator();
  const database = chosen.mongodbUrl === null ? null : demoDatabase(chosen.mongodbUrl);
  try {
    await tell(account, emulator, folder, { ...chosen, mongodbUrl: database });
  } catch (error) {
    account.check(false, `the demo broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await emulator.close();
    if (database !== null) await dropDatabase(database).catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
  return closeAccount(account);
}

async function tell(to: Account, pushService: Emulator, folder: string, chosen: DemoOptions): Promise<void> {
  to.step(`Start the service ${placeOf(chosen)}, with a push service beside it`);
  const service = await startServiceProcess({
    folder,
    environment: {
      ...trusting(pushService, folder),
      ...(chosen.redisUrl !== null && { REDIS_URL: chosen.redisUrl }),
      ...(chosen.mongodbUrl !== null && { MONGODB_URL: chosen.mongodbUrl }),
    },
    deno: chosen.deno ? denoPath() : null,
  });
  to.check(service.secretFiles.length === 2, 'made an API secret and a VAPID key pair, readable by their owner only');
  to.detail(`API ${service.address}, push service ${pushService.origin}`);
  to.detail(`VAPID public key ${service.publicKey.slice(0, 24)}…`);
  try {
    const call = signedClient(service.address, service.secret);
    await tellMainJob(to, pushService, { write: call, read: call });
    await tellPeople(to, pushService, call);
    if (chosen.console) await leaveOpen(to, service.address, call);
    await tellSchedules(to, folder);
    await tellExperiments(to, folder);
  } finally {
    to.step('Stop it');
    const { code } = await service.stop('SIGTERM');
    to.check(code === 0, `SIGTERM: drained, and exited with ${code}`);
  }
}

/** What happened is there to be looked at, until somebody has seen enough. */
async function leaveOpen(to: Account, address: string, call: SignedClient): Promise<void> {
  const { body } = await call('POST', '/v1/console-links', { body: { name: 'you' } });
  to.step('Look at it in the console: the link is good once, for five minutes; Ctrl-C ends it');
  to.detail(`${address}${body.path}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

function placeOf({ redisUrl, mongodbUrl, deno }: DemoOptions): string {
  const documents = mongodbUrl === null ? 'on an empty folder' : 'on an empty database of MongoDB';
  return `${deno ? 'with Deno ' : ''}${documents}${redisUrl === null ? '' : ', jobs in Redis'}`;
}
