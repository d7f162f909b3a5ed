import { describe, expect, it } from 'vitest';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { audienceContract } from './audience-contract.ts';
import { deliveryListingContract } from './delivery-listing-contract.ts';
import { fanOutContract } from './fan-out-contract.ts';
import { fannedOut, freshStore, type OpenStore } from './fresh-store.ts';
import { lineageContract } from './lineage-contract.ts';
import { notificationContract } from './notification-contract.ts';
import { pruneHoldContract } from './prune-hold-contract.ts';
import { retentionContract } from './retention-contract.ts';
import { subscriptionChangeContract } from './subscription-change-contract.ts';
import { subscriptionContract } from './subscription-contract.ts';
import { supersedingContract } from './superseding-contract.ts';
import { transitionContract } from './transition-contract.ts';

/** What every adapter of `Store` keeps to. `open` gives a new, empty store each time. */
export function storeContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the contract of Store`, () => {
    describe('subscriptions', () => subscriptionContract(open));
    describe('notifications', () => notificationContract(open));
    describe('audiences', () => audienceContract(open));
    describe('fan-outs', () => fanOutContract(open));
    describe('deliveries: claims and settlements', () => transitionContract(open));
    describe('subscriptions: what changes them', () => subscriptionChangeContract(open));
    describe('subscriptions: one device, one row', () => lineageContract(open));
    describe('holds on pruning', () => pruneHoldContract(open));
    describe('deliveries: postponed and superseded', () => supersedingContract(open));
    describe('deliveries: listings', () => deliveryListingContract(open));
    describe('retention', () => retentionContract(open));
    describe('the rest', () => remainderContract(open));
  });
}

function remainderContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('takes a nonce once, until it is swept', async () => {
    const { store } = fresh;
    expect(await store.useNonce('n1', NOW_MS + 10)).toBe(true);
    expect(await store.useNonce('n1', NOW_MS + 99)).toBe(false);
    expect(await store.useNonce('n2', NOW_MS + 10)).toBe(true);
    await store.sweep(NOW_MS + 11);
    expect(await store.useNonce('n1', NOW_MS + 99)).toBe(true);
  });

  it('gives a nonce to one of many that use it at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => fresh.store.useNonce('n', NOW_MS)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('sweeps keys and nonces that expired before the instant, and counts them', async () => {
    const { store } = fresh;
    const idempotency = { bodyDigest: 'd', expiresAtMs: NOW_MS + 10 };
    await store.useNonce('old', NOW_MS + 10);
    await store.useNonce('new', NOW_MS + 20);
    await store.notifications.accept(
      sampleAcceptance(sampleNotification({ acceptedAtMs: NOW_MS }), [], { idempotency: { key: 'k', ...idempotency } }),
    );
    expect(await store.sweep(NOW_MS + 10)).toBe(0);
    expect(await store.sweep(NOW_MS + 11)).toBe(2);
    expect(await store.sweep(NOW_MS + 11)).toBe(0);
    expect(await store.useNonce('new', NOW_MS + 20)).toBe(false);
  });

  it('sweeps more rows than one batch holds', async () => {
    await Promise.all(Array.from({ length: 2500 }, (_, index) => fresh.store.useNonce(`n${index}`, NOW_MS)));
    expect(await fresh.store.sweep(NOW_MS + 1)).toBe(2500);
  });

  it('answers a ping', async () => {
    await fresh.store.ping();
  });

  it('keeps a fact as it was first told, until it is replaced, and after it is opened again', async () => {
    const { store } = fresh;
    const told = await Promise.all(['one', 'two', 'three'].map((value) => store.keepFact('key', value)));
    expect(new Set(told).size).toBe(1);
    expect(await store.keepFact('other', 'four')).toBe('four');
    await store.replaceFact('key', 'five');
    await store.replaceFact('new', 'six');
    const reopened = await fresh.reopen();
    const kept = await Promise.all(['key', 'other', 'new'].map((name) => reopened.keepFact(name, 'later')));
    expect(kept).toEqual(['five', 'four', 'six']);
  });

  it('commits what is under way when it is closed, and closes twice without harm', async () => {
    const subscriptions = Array.from({ length: 300 }, () => sampleSubscription());
    const { store } = fresh;
    const underWay = Promise.all(subscriptions.map((subscription) => store.subscriptions.register(subscription)));
    const reopened = await fresh.reopen();
    await underWay;
    await store.close();
    const found = await Promise.all(subscriptions.map(({ id }) => reopened.subscriptions.get(id)));
    expect(found).toEqual(subscriptions);
  });

  it('has everything after it is opened again', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 3);
    await store.notifications.accept(
      sampleAcceptance(sampleNotification(), ['a'], { idempotency: { key: 'k', bodyDigest: 'd', expiresAtMs: 9e15 } }),
    );
    await store.useNonce('n', NOW_MS);
    const reopened = await fresh.reopen();
    expect(await reopened.notifications.get(notification.id)).toEqual({ ...notification, status: 'sending' });
    for (const delivery of deliveries) {
      expect(await reopened.deliveries.get(delivery.id)).toEqual(delivery);
      expect(await reopened.subscriptions.get(delivery.subscriptionId)).toMatchObject({ retired: null });
    }
    expect(await reopened.fanOuts.unfinished(NOW_MS * 2, 10)).toHaveLength(1);
    expect(await reopened.useNonce('n', NOW_MS)).toBe(false);
    const repeated = { key: 'k', bodyDigest: 'd', expiresAtMs: 9e15 };
    expect(
      await reopened.notifications.accept(sampleAcceptance(sampleNotification(), ['a'], { idempotency: repeated })),
    ).toMatchObject({
      kind: 'repeated',
    });
  });
}
