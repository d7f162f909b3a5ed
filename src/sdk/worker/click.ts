import { type Payload, targetOf } from './notice.ts';

declare const self: ServiceWorkerGlobalScope;

/** Brings the page to the front that is meant, or opens it; without one, any open page of this site, or its start. */
export async function openFrom(payload: Payload, action: string): Promise<void> {
  const target = targetOf(payload, action, self.location.origin);
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = target === null ? pages[0] : pages.find(({ url }) => url === target);
  try {
    if (page !== undefined) return void (await page.focus());
  } catch {
    // It was closed in between, or the browser does not let it come to the front.
  }
  await self.clients.openWindow(target ?? self.registration.scope);
}
