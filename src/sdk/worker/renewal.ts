import { readDevice } from '../device.ts';
import { announce } from './receive.ts';

declare const self: ServiceWorkerGlobalScope;

/**
 * The browser dropped or changed the subscription (`pushsubscriptionchange`). A new one is made, so that the next
 * registration finds it; to register it takes a token, which only a page has: an open one now, else the next to load.
 */
export async function renew(): Promise<void> {
  const device = await readDevice(self.registration.scope);
  if (!device?.isWanted) return;
  const { pushManager } = self.registration;
  try {
    if (device.vapidPublicKey !== null && (await pushManager.getSubscription()) === null) {
      await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: device.vapidPublicKey });
    }
  } finally {
    await announce('resync');
  }
}
