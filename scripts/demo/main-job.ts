import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { SignedClient } from '../signed-client.ts';
import type { Account } from './account.ts';
import { type DemoDevice, makeDevices, registerDevices } from './devices.ts';
import { sendNotification, tellDeliveries, tellPayload, tellPruned } from './story.ts';

/** The settings with which a service trusts the demo's push service. Writes its certificate into the folder. */
export function trusting(pushService: Emulator, folder: string): Record<string, string> {
  const caFile = join(folder, 'push-ca.pem');
  writeFileSync(caFile, pushService.caPem ?? '');
  return {
    PUSH_ALLOWED_HOSTS: pushService.allowedHost,
    PUSH_CA_FILE: caFile,
    VAPID_SUBJECT: 'mailto:demo@example.com',
    // Its devices are registered a moment before one of them is gone.
    GONE_GRACE_SECONDS: '0',
  };
}

/** Subscribe, send, retry, prune, and look at all of it: `write` takes the changes, `read` the looks. */
export async function tellMainJob(
  to: Account,
  pushService: Emulator,
  { write, read }: { readonly write: SignedClient; readonly read: SignedClient },
): Promise<void> {
  const { body } = await read('GET', '/v1/push/public-key');
  const devices: readonly DemoDevice[] = makeDevices(pushService, String(body.public_key));
  await registerDevices(to, write, devices);
  const notificationId = await sendNotification(to, write);
  await tellDeliveries(to, read, notificationId, devices);
  tellPayload(to, notificationId, devices);
  await tellPruned(to, read, devices);
}

/** Says how many checks held, and gives the exit code. */
export function closeAccount(to: Account): number {
  const { checked, failed } = to.tally();
  process.stdout.write(failed === 0 ? `\nAll ${checked} checks hold.\n` : `\n${failed} of ${checked} checks failed.\n`);
  return failed === 0 ? 0 : 1;
}
