import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { type ServiceProcess, startServiceProcess } from '../service-process.ts';
import { type SignedClient, signedClient } from '../signed-client.ts';
import { type Account, createAccount } from './account.ts';
import { type DemoDevice, makeDevices, registerDevices } from './devices.ts';
import { sendNotification, tellDeliveries, tellPayload, tellPruned } from './story.ts';

const account = createAccount((text) => process.stdout.write(text), process.stdout.isTTY === true);
const folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-'));
const emulator = await startEmulator();
try {
  await tell(account, emulator);
} catch (error) {
  account.check(false, `the demo broke off: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
}
const { checked, failed } = account.tally();
process.stdout.write(failed === 0 ? `\nAll ${checked} checks hold.\n` : `\n${failed} of ${checked} checks failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function tell(to: Account, pushService: Emulator): Promise<void> {
  to.step('Start the service on an empty folder, with a push service beside it');
  const service = await start(pushService);
  to.check(service.secretFiles.length === 2, 'made an API secret and a VAPID key pair, readable by their owner only');
  to.detail(`API ${service.address}, push service ${pushService.origin}`);
  to.detail(`VAPID public key ${service.publicKey.slice(0, 24)}…`);
  try {
    await mainJob(to, pushService, signedClient(service.address, service.secret));
  } finally {
    to.step('Stop it');
    const { code } = await service.stop('SIGTERM');
    to.check(code === 0, `SIGTERM: drained, and exited with ${code}`);
  }
}

function start(pushService: Emulator): Promise<ServiceProcess> {
  const caFile = join(folder, 'push-ca.pem');
  writeFileSync(caFile, pushService.caPem ?? '');
  const environment = {
    PUSH_ALLOWED_HOSTS: pushService.allowedHost,
    PUSH_CA_FILE: caFile,
    VAPID_SUBJECT: 'mailto:demo@example.com',
  };
  return startServiceProcess({ folder, environment });
}

async function mainJob(to: Account, pushService: Emulator, call: SignedClient): Promise<void> {
  const { body } = await call('GET', '/v1/push/public-key');
  const devices: readonly DemoDevice[] = makeDevices(pushService, String(body.public_key));
  await registerDevices(to, call, devices);
  const notificationId = await sendNotification(to, call);
  await tellDeliveries(to, call, notificationId, devices);
  tellPayload(to, notificationId, devices);
  await tellPruned(to, call, devices);
}
