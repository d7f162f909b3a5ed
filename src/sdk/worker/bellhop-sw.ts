import type { PageMessage } from '../worker-message.ts';
import { openFrom } from './click.ts';
import { announce, receive } from './receive.ts';
import { renew } from './renewal.ts';
import { onSync, tell, tellWaiting } from './telling.ts';

declare const self: ServiceWorkerGlobalScope;

// A worker that only imports this one decides for itself when a new version takes over from one that knows Bellhop.
if (self.location.pathname.endsWith('/sdk/bellhop-sw.js')) {
  self.addEventListener('install', () => void self.skipWaiting());
}

self.addEventListener('activate', (event) => event.waitUntil(tellQuietly()));

self.addEventListener('message', (event) => {
  const asked = (event.data as Partial<PageMessage> | null)?.bellhop;
  if (asked === 'answer') {
    event.ports[0]?.postMessage(null);
    // A page was opened, and so the device is likely to be online.
    event.waitUntil(tellQuietly());
  }
  if (asked === 'take_over') void self.skipWaiting();
});

self.addEventListener('push', (event) => event.waitUntil(receive(event)));

self.addEventListener('notificationclick', (event) => {
  const payload = event.notification.data?.bellhop;
  // Another's: the site's own worker shows its own.
  if (!payload) return;
  event.notification.close();
  const { action } = event;
  event.waitUntil(
    Promise.all([
      openFrom(payload, action),
      announce({ kind: 'clicked', action, notification: payload }),
      tell(payload, 'clicked', action),
    ]),
  );
});

self.addEventListener('notificationclose', (event) => {
  const payload = event.notification.data?.bellhop;
  if (payload) event.waitUntil(tell(payload, 'closed'));
});

// Background Sync: Chromium has it, and TypeScript's library does not know it.
self.addEventListener('sync' as never, (event: ExtendableEvent & { readonly tag: string }) =>
  event.waitUntil(onSync(event.tag)),
);

function tellQuietly(): Promise<void> {
  return tellWaiting().catch((error: unknown) => console.warn('Bellhop:', error));
}

// TypeScript's library does not know this event of the Push API.
self.addEventListener('pushsubscriptionchange' as never, (event: ExtendableEvent) => event.waitUntil(renew()));
