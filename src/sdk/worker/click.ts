import type { WorkerMessage } from '../worker-message.ts';
import { chooseTab } from './choose-tab.ts';
import { type Payload, targetOf } from './notice.ts';
import { openPages } from './receive.ts';

declare const self: ServiceWorkerGlobalScope;

/** Browsers let a worker open a page for about a second after a click. */
const ANSWER_TIMEOUT_MS = 300;

/** Brings the page to the front that is meant, or leads one of the site there, or opens one: see `chooseTab`. */
export async function openFrom(payload: Payload, action: string): Promise<void> {
  const target = targetOf(payload, action, self.location.origin);
  const pages = (await openPages()).filter(({ frameType }) => frameType !== 'nested');
  const tab = chooseTab(
    pages.map(({ url }) => url),
    target,
    payload.open_in,
  );
  const page = pages[tab?.index ?? -1];
  try {
    const leadTo = tab?.isLed ? target : null;
    if (page && leadTo === null) return void (await page.focus());
    if (page && leadTo !== null && (await lead(page, leadTo))) return;
  } catch {
    // It was closed in between, or the browser does not let it come to the front.
  }
  await self.clients.openWindow(target ?? self.registration.scope);
}

/** False where nobody can: a worker leads the pages that it controls, and the SDK on the others leads its own. */
async function lead(page: WindowClient, url: string): Promise<boolean> {
  const controlled = await self.clients.matchAll({ type: 'window' });
  if (controlled.some(({ id }) => id === page.id)) {
    await (await page.focus()).navigate(url);
    return true;
  }
  const { port1, port2 } = new MessageChannel();
  page.postMessage({ bellhop: { kind: 'lead', url } } satisfies WorkerMessage, [port2]);
  const answer = await new Promise((resolve) => {
    port1.onmessage = resolve;
    setTimeout(resolve, ANSWER_TIMEOUT_MS);
  });
  if (answer) await page.focus();
  return Boolean(answer);
}
