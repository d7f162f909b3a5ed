import type { BellhopMessage } from '../public.ts';
import type { WorkerMessage } from '../worker-message.ts';
import { appBadgeOf, type Notice, noticeOf } from './notice.ts';
import { tell } from './telling.ts';

declare const self: ServiceWorkerGlobalScope;

/** Shows the push, whatever it holds: Safari takes a site's permission away after a few that show nothing. */
export async function receive(event: PushEvent): Promise<void> {
  const notice = noticeOf(event.data?.text() ?? null, self.location.hostname);
  // A declarative push that the browser shows by itself comes with what it shows (Push API, WebKit).
  const isShown = Boolean((event as { notification?: unknown }).notification);
  const { bellhop: notification } = notice.options.data;
  if (!isShown) await show(notice);
  await setAppBadge(appBadgeOf(notification));
  await Promise.all([announce({ kind: 'shown', action: '', notification }), tell(notification, 'shown')]);
}

/** To all pages of this site that are open; where that fails, nothing is lost but news. */
export async function announce(message: BellhopMessage | 'resync'): Promise<void> {
  for (const page of await openPages()) page.postMessage({ bellhop: message } satisfies WorkerMessage);
}

/** Of this site, the one in use last first. */
export function openPages(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true });
}

/** 0 takes it away. Few browsers have it, and only for pages that are installed as an app. */
async function setAppBadge(count: number | undefined): Promise<void> {
  if (count !== undefined) await self.navigator.setAppBadge?.(count).catch(() => undefined);
}

async function show({ title, options }: Notice): Promise<void> {
  const { tag, data } = options;
  const present = await self.registration.getNotifications({ tag }).catch(() => []);
  // News under an old tag alerts again; the same push again, as at-least-once delivery has it, does not.
  const isRepeated = present.some((each) => each.data?.bellhop?.notification_id === data.bellhop.notification_id);
  const richest = { ...options, actions: [...options.actions], renotify: !isRepeated && options.renotify !== false };
  try {
    await self.registration.showNotification(title, richest);
  } catch {
    // Some browsers refuse what they do not know, instead of leaving it out.
    await self.registration.showNotification(title, { body: options.body, tag, data });
  }
}
