import { shelfIn } from './database.ts';

/** What this browser remembers of itself, for its pages and its worker. */
export type Device = {
  /** That the person wants pushes here. False: to be undone, and the service is not told yet. */
  readonly isWanted: boolean;
  /** The row at the service, also after the endpoint changed; null before the first registration. */
  readonly subscriptionId: string | null;
  /** Of the latest local subscription, base64url. */
  readonly vapidPublicKey: string | null;
  /** Where Bellhop is, with a slash at its end; absent where an earlier version wrote this. */
  readonly serviceUrl?: string;
};

const run = shelfIn('bellhop', 'devices');

/** Null where nobody subscribed in this scope. A browser has one push subscription for each scope of a worker. */
export async function readDevice(scope: string): Promise<Device | null> {
  return ((await run('readonly', (store) => store.get(scope))) as Device | undefined) ?? null;
}

/** Null forgets. Resolves once it is on disk. */
export async function writeDevice(scope: string, device: Device | null): Promise<void> {
  await run('readwrite', (store) => (device === null ? store.delete(scope) : store.put(device, scope)));
}
