import type { Device } from './device.ts';
import { base64urlOf } from './key-bytes.ts';
import { activateOwnWorker, registrationIn } from './own-worker.ts';
import { keepDevice, recallDevice } from './page-device.ts';
import { BellhopError } from './public.ts';
import { registrationOf } from './registration.ts';
import type { Service } from './service.ts';
import { timeLimit } from './time-limit.ts';

/** Without a connection to its push service, Chromium neither subscribes nor fails. */
const SUBSCRIBE_TIMEOUT_MS = 20_000;

/** `serviceUrl`: where Bellhop is, with a slash at its end. */
export type Site = { readonly workerUrl: string; readonly scope: string; readonly serviceUrl: string };

/**
 * Brings this browser and its row together, whatever happened to either: no subscription, another VAPID key, another
 * endpoint, another person, a retired row. The former row is named, so that one device stays one row.
 */
export async function enrol({ workerUrl, scope, serviceUrl }: Site, service: Service): Promise<void> {
  const registration = await activateOwnWorker(workerUrl, scope);
  const { subscriptionId } = await decide(scope, true);
  const vapidPublicKey = await service.publicKey();
  const subscription = await subscribeWith(registration.pushManager, vapidPublicKey);
  await keepDevice(scope, { isWanted: true, subscriptionId, vapidPublicKey, serviceUrl });
  const browser = {
    subscription: subscription.toJSON(),
    languages: navigator.languages,
    userAgent: navigator.userAgent,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  const id = await service.register(registrationOf(browser, vapidPublicKey, subscriptionId));
  await keepDevice(scope, { isWanted: true, subscriptionId: id, vapidPublicKey, serviceUrl });
}

/** On a page load: nothing for those who never subscribed; else whatever is not as it should be. */
export async function resync(site: Site, service: Service): Promise<void> {
  const device = await recallDevice(site.scope);
  if (device === null) return;
  if (device.isWanted && Notification.permission === 'granted') await enrol(site, service);
  else await leave(site, service);
}

/**
 * The intent first, so that no page load subscribes again; then the browser, which ends pushes whether the service is
 * there or not; then the row. What fails is left on record for the next page load.
 */
export async function leave({ scope }: Site, service: Service): Promise<void> {
  const device = await decide(scope, false);
  const failure = await unsubscribe(await localSubscription(scope));
  if (device.subscriptionId !== null) await service.remove(device.subscriptionId);
  if (failure === null) return keepDevice(scope, null);
  await keepDevice(scope, { ...device, subscriptionId: null });
  throw failure;
}

/** Puts the intent on record, before anything that can fail: the next page load makes up for that. */
async function decide(scope: string, isWanted: boolean): Promise<Device> {
  const device: Device = { vapidPublicKey: null, subscriptionId: null, ...(await recallDevice(scope)), isWanted };
  await keepDevice(scope, device);
  return device;
}

/** Null as well where there is no worker. */
export async function localSubscription(scope: string): Promise<PushSubscription | null> {
  return (await registrationIn(scope))?.pushManager.getSubscription() ?? null;
}

async function subscribeWith(pushManager: PushManager, vapidPublicKey: string): Promise<PushSubscription> {
  const present = await pushManager.getSubscription();
  const key = present?.options.applicationServerKey;
  if (present !== null && (!key || base64urlOf(key) === vapidPublicKey)) return present;
  const failure = await unsubscribe(present);
  if (failure !== null) throw failure;
  try {
    const subscribed = pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: vapidPublicKey });
    // One that comes later than that is found by the next page load.
    return await Promise.race([subscribed, timeLimit(SUBSCRIBE_TIMEOUT_MS)]);
  } catch (cause) {
    throw new BellhopError(
      'subscribe_failed',
      'The browser did not get a subscription from its push service. Is it online, and does it allow push?',
      { cause },
    );
  }
}

async function unsubscribe(subscription: PushSubscription | null): Promise<BellhopError | null> {
  try {
    await subscription?.unsubscribe();
    return null;
  } catch (cause) {
    return new BellhopError('unsubscribe_failed', 'The browser did not give its subscription up.', { cause });
  }
}
