import { readDevice } from '../device.ts';
import type { Payload } from './notice.ts';
import { isSettled, type Receipt, receiptOf } from './receipt.ts';
import { shelve, unshelve, waiting } from './receipt-shelf.ts';

declare const self: ServiceWorkerGlobalScope;

/** As many as the service takes in one call. */
const TOLD_AT_ONCE = 50;
const TELL_TIMEOUT_MS = 15_000;
/** By which Background Sync knows what it is to do once the device is online. */
const SYNC_TAG = 'bellhop-receipts';
const OWN_SCRIPT = '/sdk/bellhop-sw.js';

/** Tokens of what was clicked: some browsers call a notification closed that the click took away. */
const clicked = new Set<string>();

let telling: Promise<unknown> = Promise.resolve();

/** Tells the service, now or once it can be reached; nothing where the payload does not ask for it. Never rejects. */
export async function tell(payload: Payload, event: Receipt['event'], action = ''): Promise<void> {
  const receipt = receiptOf(payload, event, action, Date.now());
  if (receipt === null || (event === 'closed' && clicked.has(receipt.token))) return;
  if (event === 'clicked') clicked.add(receipt.token);
  try {
    await shelve(receipt);
    await tellWaiting();
  } catch (error) {
    console.warn('Bellhop:', error);
  }
}

/** Tells what could not be told so far. What cannot be told now waits for the next push, click, visit, or Background Sync. */
export async function tellWaiting(): Promise<void> {
  if (!(await tellAll())) await askForSync();
}

/** Of Background Sync: where it rejects, the browser tries again. */
export async function onSync(tag: string): Promise<void> {
  if (tag === SYNC_TAG && !(await tellAll())) throw new Error('Bellhop cannot be reached');
}

/** In turn, so that nothing is told twice at the same time. False where something is left. */
function tellAll(): Promise<boolean> {
  const told = telling.catch(() => undefined).then(tellInTurn);
  telling = told;
  return told;
}

async function tellInTurn(): Promise<boolean> {
  for (;;) {
    const { keys, receipts } = await waiting(TOLD_AT_ONCE);
    if (receipts.length === 0) return true;
    const url = await serviceUrl();
    if (url === null || !(await post(`${url}v1/receipts`, receipts))) return false;
    await unshelve(keys);
  }
}

/** Whether that settled it. */
async function post(url: string, receipts: readonly Receipt[]): Promise<boolean> {
  try {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ receipts }),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(TELL_TIMEOUT_MS),
    });
    return isSettled(status);
  } catch {
    return false;
  }
}

/** With a slash at its end: where this script came from, else where the page that subscribed says. Null where neither is known. */
async function serviceUrl(): Promise<string | null> {
  const { href, pathname } = self.location;
  if (pathname.endsWith(OWN_SCRIPT)) return new URL('..', href).href;
  return (await readDevice(self.registration.scope))?.serviceUrl ?? null;
}

async function askForSync(): Promise<void> {
  const { sync } = self.registration as { readonly sync?: { register(tag: string): Promise<void> } };
  await sync?.register(SYNC_TAG).catch(() => undefined);
}
