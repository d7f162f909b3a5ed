import { afterEach, beforeEach, expect } from 'vitest';
import type { Claim } from '../../src/domain/delivery/claim.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { Claimed } from '../../src/store/delivery-store.ts';
import type { Page } from '../../src/store/page.ts';
import type { Store } from '../../src/store/store.ts';
import { commitPage } from '../support/fan-out-page.ts';
import { atFullSize } from '../support/full-size.ts';
import {
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';

/** An adapter's part of the contract: a new, empty store; the same one closed and opened again; everything removed. */
type OpenedStore = { store: Store; reopen(): Promise<Store>; dispose(): Promise<void> };
export type OpenStore = () => Promise<OpenedStore>;

/** A store of many takes long to be emptied, and the next test would find what is left. */
const MAY_TAKE_MS = atFullSize(300_000, 20_000);

/** Opens an empty store before each test of the suite and removes it afterwards. */
export function freshStore(open: OpenStore): { readonly store: Store; reopen(): Promise<Store> } {
  let opened: OpenedStore;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(async () => {
    // Whatever a test did: counts equal their rows.
    const miscounts = await opened.store.tallies.recount(NOW_MS).catch(() => []);
    await opened.dispose();
    expect(miscounts).toEqual([]);
  }, MAY_TAKE_MS);
  return {
    get store() {
      return opened.store;
    },
    async reopen() {
      opened.store = await opened.reopen();
      return opened.store;
    },
  };
}

/** An accepted notification, fanned out to this many new subscriptions of as many users. */
export async function fannedOut(
  store: Store,
  count: number,
  overrides: { notification?: Partial<Notification>; delivery?: Partial<Delivery> } = {},
): Promise<{ notification: Notification; deliveries: readonly Delivery[] }> {
  const notification = sampleNotification({ userCount: count, ...overrides.notification });
  const deliveries: Delivery[] = [];
  for (let index = 0; index < count; index++) {
    const subscription = sampleSubscription({ userId: `user-${index}` });
    await store.subscriptions.register(subscription);
    deliveries.push(sampleDelivery(notification, subscription, overrides.delivery));
  }
  await store.notifications.accept(
    sampleAcceptance(
      notification,
      deliveries.map(({ userId }) => userId),
    ),
  );
  await commitPage(store, notification, deliveries);
  return { notification, deliveries };
}

/** When the leases end that `claimOf` asks for. */
export const LEASE_UNTIL_MS = NOW_MS + 60_000;

/** A claim of this delivery for a minute. */
export function claimOf(deliveryId: string, attempt = 1): Claim {
  return { deliveryId, attempt, nowMs: NOW_MS, leaseUntilMs: LEASE_UNTIL_MS };
}

/** The lease of a delivery that nobody else wants. */
export async function claimed(store: Store, deliveryId: string, attempt = 1): Promise<Claimed> {
  const [result = null] = await store.deliveries.claimMany([claimOf(deliveryId, attempt)]);
  const lease = leaseIn(result);
  if (lease === null) throw new Error(`the claim of ${deliveryId} was refused`);
  return lease;
}

/** What a claim got where it got a lease, else null. */
export function leaseIn(result: Claimed | 'busy' | null): Claimed | null {
  return result === 'busy' ? null : result;
}

/** Every item of a listing, page by page, and how many pages it took. */
export async function everyPage<Item>(
  list: (cursor: string | null) => Promise<Page<Item>>,
): Promise<{ items: Item[]; pages: number }> {
  const items: Item[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page: Page<Item> = await list(cursor);
    items.push(...page.items);
    cursor = page.next;
    pages++;
  } while (cursor !== null);
  return { items, pages };
}
