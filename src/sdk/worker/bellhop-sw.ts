import type { PageMessage } from '../worker-message.ts';
import { openFrom } from './click.ts';
import { announce, receive } from './receive.ts';
import { renew } from './renewal.ts';

declare const self: ServiceWorkerGlobalScope;

// A worker that only imports this one decides for itself when a new version takes over from one that knows Bellhop.
if (self.location.pathname.endsWith('/sdk/bellhop-sw.js')) {
  self.addEventListener('install', () => void self.skipWaiting());
}

self.addEventListener('message', ({ data, ports }) => {
  const asked = (data as Partial<PageMessage> | null)?.bellhop;
  if (asked === 'answer') ports[0]?.postMessage(null);
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
    Promise.all([openFrom(payload, action), announce({ kind: 'clicked', action, notification: payload })]),
  );
});

// TypeScript's library does not know this event of the Push API.
self.addEventListener('pushsubscriptionchange' as never, (event: ExtendableEvent) => event.waitUntil(renew()));
