import { shelfIn } from '../database.ts';
import type { Receipt } from './receipt.ts';

/** A database of its own: a page with an earlier SDK opens the other one in its first version, and could not open a second. */
const run = shelfIn('bellhop-receipts', 'waiting', { autoIncrement: true });
/** A device that was offline for long tells the newest. */
const MOST_KEPT = 500;

/** What waits to be told, with the keys it is kept under, the oldest first. */
export type Waiting = { readonly keys: readonly IDBValidKey[]; readonly receipts: readonly Receipt[] };

/** Keeps it until it is told. Resolves once it is on disk. */
export async function shelve(receipt: Receipt): Promise<void> {
  await run('readwrite', (store) => {
    store.add(receipt);
    const keys = store.getAllKeys();
    keys.onsuccess = () => {
      for (const key of keys.result.slice(0, -MOST_KEPT)) store.delete(key);
    };
    return keys;
  });
}

/** Up to so many. */
export async function waiting(count: number): Promise<Waiting> {
  let keys: IDBRequest<IDBValidKey[]> | undefined;
  const receipts = await run('readonly', (store) => {
    keys = store.getAllKeys(null, count);
    return store.getAll(null, count);
  });
  return { keys: keys?.result ?? [], receipts: receipts as readonly Receipt[] };
}

/** These were told. */
export async function unshelve(keys: readonly IDBValidKey[]): Promise<void> {
  await run('readwrite', (store) => {
    for (const key of keys) store.delete(key);
    return store.count();
  });
}
