import { requirePermission, requireSupport, unsupportedReason } from './browser-support.ts';
import { enrol, leave, localSubscription, resync, type Site } from './enrolment.ts';
import { registrationIn } from './own-worker.ts';
import { recallDevice } from './page-device.ts';
import { type Bellhop, BellhopError, type BellhopMessage, type BellhopOptions, type BellhopStatus } from './public.ts';
import { createService } from './service.ts';
import { serviceUrl } from './service-url.ts';
import type { WorkerMessage } from './worker-message.ts';

export { BellhopError };

/**
 * Push for this page. Where the person subscribed before, subscription and row are brought together at once, quietly;
 * what keeps that from working is a warning in the console. Throws `invalid_options`.
 */
export function createBellhop(options: BellhopOptions): Bellhop {
  const url = serviceUrl(options);
  const site = siteOf(url, options);
  const service = createService(url, options.token);
  const listeners = new Set<(message: BellhopMessage) => void>();
  // All tabs take turns: two at once would make two rows.
  const inTurn = (task: () => Promise<void>): Promise<void> => navigator.locks.request(`bellhop ${site.scope}`, task);
  const resyncQuietly = (): void => {
    inTurn(() => resync(site, service)).catch((error: unknown) => console.warn('Bellhop:', error));
  };

  if (unsupportedReason() === null) {
    navigator.serviceWorker.addEventListener(
      'message',
      ({ data, ports }: MessageEvent<Partial<WorkerMessage> | null>) => {
        const message = data?.bellhop;
        if (message === 'resync') resyncQuietly();
        else if (message?.kind === 'lead') {
          ports[0]?.postMessage(null);
          location.assign(message.url);
        } else if (message) for (const listener of listeners) listener(message);
      },
    );
    resyncQuietly();
    // A permission that is withdrawn in the browser's settings; Safari does not tell.
    navigator.permissions
      ?.query({ name: 'notifications' })
      .then((permission) => permission.addEventListener('change', resyncQuietly))
      .catch(() => undefined);
  }

  return {
    async subscribe() {
      requireSupport();
      await requirePermission();
      await inTurn(() => enrol(site, service));
      return statusOf(site);
    },
    async unsubscribe() {
      requireSupport();
      await inTurn(() => leave(site, service));
      return statusOf(site);
    },
    status: () => statusOf(site),
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function statusOf({ workerUrl, scope }: Site): Promise<BellhopStatus> {
  const reason = unsupportedReason();
  if (reason !== null) return { state: 'unsupported', reason };
  const { permission } = Notification;
  if (permission === 'denied') return { state: 'denied' };
  if (permission === 'default') return { state: 'prompt' };
  const device = await recallDevice(scope);
  if (device === null) return { state: 'unsubscribed' };
  if (!device.isWanted) return { state: 'unsubscribed', reason: 'not_removed' };
  if (device.subscriptionId === null || (await localSubscription(scope)) === null) {
    return { state: 'unsubscribed', reason: 'not_registered' };
  }
  const active = (await registrationIn(scope))?.active;
  if (active && active.scriptURL !== workerUrl) return { state: 'unsubscribed', reason: 'other_worker' };
  return { state: 'subscribed', subscriptionId: device.subscriptionId };
}

/** A worker has to come from the site itself, so Bellhop's own serves only where both are one origin. */
function siteOf(url: string, { serviceWorkerUrl, serviceWorkerScope }: BellhopOptions): Site {
  const own = `${url}sdk/bellhop-sw.js`;
  const isSameOrigin = own.startsWith(`${location.origin}/`);
  const workerUrl = new URL(serviceWorkerUrl ?? (isSameOrigin ? own : '/bellhop-sw.js'), location.href).href;
  const scope = serviceWorkerScope ?? (workerUrl === own ? '/' : '.');
  return { workerUrl, scope: new URL(scope, workerUrl).href, serviceUrl: url };
}
