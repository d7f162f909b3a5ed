import { describe, expect, it } from 'vitest';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { audienceContract } from './audience-contract.ts';
import { audienceWalkContract } from './audience-walk-contract.ts';
import { auditContract } from './audit-contract.ts';
import { bulkActionContract } from './bulk-action-contract.ts';
import { cancelContract } from './cancel-contract.ts';
import { capContract } from './cap-contract.ts';
import { crowdingContract } from './crowding-contract.ts';
import { deliveryListingContract } from './delivery-listing-contract.ts';
import { dryRunContract } from './dry-run-contract.ts';
import { erasureContract } from './erasure-contract.ts';
import { eventContract } from './event-contract.ts';
import { experimentContract } from './experiment-contract.ts';
import { factContract } from './fact-contract.ts';
import { fanOutContract } from './fan-out-contract.ts';
import { fanOutUnderChangeContract } from './fan-out-under-change-contract.ts';
import { fannedOut, freshStore, type OpenStore } from './fresh-store.ts';
import { importContract } from './import-contract.ts';
import { largeNotificationContract } from './large-notification-contract.ts';
import { lineageContract } from './lineage-contract.ts';
import { nonceContract } from './nonce-contract.ts';
import { notificationContract } from './notification-contract.ts';
import { onePushContract } from './one-push-contract.ts';
import { operatorContract } from './operator-contract.ts';
import { pruneHoldContract } from './prune-hold-contract.ts';
import { receiptContract } from './receipt-contract.ts';
import { recipientValuesContract } from './recipient-values-contract.ts';
import { retentionContract } from './retention-contract.ts';
import { scheduleContract } from './schedule-contract.ts';
import { scheduledContract } from './scheduled-contract.ts';
import { segmentContract, typeRuleContract } from './standing-rules-contract.ts';
import { subscriptionChangeContract } from './subscription-change-contract.ts';
import { subscriptionContract } from './subscription-contract.ts';
import { supersedingContract } from './superseding-contract.ts';
import { suppressionContract } from './suppression-contract.ts';
import { tallyContract } from './tally-contract.ts';
import { templateContract } from './template-contract.ts';
import { templateNamingContract } from './template-naming-contract.ts';
import { transitionContract } from './transition-contract.ts';
import { userContract } from './user-contract.ts';
import { userListingContract } from './user-listing-contract.ts';
import { webhookContract } from './webhook-contract.ts';

/** What every adapter of `Store` keeps to. `open` gives a new, empty store each time. */
export function storeContract(name: string, open: OpenStore): void {
  describe(`${name} keeps the contract of Store`, () => {
    describe('subscriptions', () => subscriptionContract(open));
    describe('subscriptions: what changes them', () => subscriptionChangeContract(open));
    describe('subscriptions: one device, one row', () => lineageContract(open));
    describe('subscriptions: taken over from elsewhere', () => importContract(open));
    describe('audiences', () => audienceContract(open));
    describe('audiences: users that are found when it is sent', () => audienceWalkContract(open));
    describe('a fan-out whose users change', () => fanOutUnderChangeContract(open));
    describe('users', () => userContract(open));
    describe('types', () => typeRuleContract(open));
    describe('segments', () => segmentContract(open));
    describe('templates', () => templateContract(open));
    describe('templates that come to be named', () => templateNamingContract(open));
    describe('notifications: values of recipients', () => recipientValuesContract(open));
    describe('suppressions', () => suppressionContract(open));
    describe('receipts', () => receiptContract(open));
    describe('caps', () => capContract(open));
    describe('notifications: what would come of them', () => dryRunContract(open));
    describe('notifications', () => notificationContract(open));
    describe('fan-outs', () => fanOutContract(open));
    describe('notifications that come later', () => scheduledContract(open));
    describe('notifications that are called off', () => cancelContract(open));
    describe('deliveries: claims and settlements', () => transitionContract(open));
    describe('deliveries: one push to a subscription at a time', () => onePushContract(open));
    describe('deliveries: postponed and superseded', () => supersedingContract(open));
    describe('deliveries: listings', () => deliveryListingContract(open));
    describe('users: listings', () => userListingContract(open));
    describe('subscriptions: more than a user may have', () => crowdingContract(open));
    describe('holds on pruning', () => pruneHoldContract(open));
    describe('bulk actions', () => bulkActionContract(open));
    describe('erasures', () => erasureContract(open));
    describe('a large notification', () => largeNotificationContract(open));
    describe('tallies', () => tallyContract(open));
    describe('experiments', () => experimentContract(open));
    describe('schedules', () => scheduleContract(open));
    describe('nonces', () => nonceContract(open));
    describe('operators', () => operatorContract(open));
    describe('the audit log', () => auditContract(open));
    describe('events', () => eventContract(open));
    describe('webhooks', () => webhookContract(open));
    describe('facts', () => factContract(open));
    describe('retention', () => retentionContract(open));
    describe('as a whole', () => wholeContract(open));
  });
}

function wholeContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('answers a ping', async () => {
    await fresh.store.ping();
  });

  it('tells what it takes up on the disk', async () => {
    await fannedOut(fresh.store, 3);
    expect(await fresh.store.sizeOctets()).toBeGreaterThan(1000);
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
    await store.nonces.use('n', NOW_MS);
    const reopened = await fresh.reopen();
    expect(await reopened.notifications.get(notification.id)).toEqual({ ...notification, status: 'sending' });
    for (const delivery of deliveries) {
      expect(await reopened.deliveries.get(delivery.id)).toEqual(delivery);
      expect(await reopened.subscriptions.get(delivery.subscriptionId)).toMatchObject({ retired: null });
    }
    expect(await reopened.fanOuts.unfinished(NOW_MS * 2, 10)).toHaveLength(1);
    expect(await reopened.nonces.use('n', NOW_MS)).toBe(false);
    const repeated = { key: 'k', bodyDigest: 'd', expiresAtMs: 9e15 };
    expect(
      await reopened.notifications.accept(sampleAcceptance(sampleNotification(), ['a'], { idempotency: repeated })),
    ).toMatchObject({
      kind: 'repeated',
    });
  });
}
