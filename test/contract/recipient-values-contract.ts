import { expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { Values, Worded } from '../../src/domain/content/wording.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { fanOutAt } from '../support/fan-out-at.ts';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { claimed, freshStore, type OpenStore } from './fresh-store.ts';

const worded: Worded = {
  source: {
    kind: 'inline',
    wording: { defaultLocale: 'en', variables: { name: 'string' }, locales: { en: { title: 'Hello {name}' } } },
  },
  values: {},
  isPersonal: true,
  shown: { title: 'Hello {name}' },
};

function personal(userCount: number): Notification {
  return sampleNotification({ userCount, acceptedAtMs: NOW_MS, content: { type: 'a', title: 'Hello {name}', worded } });
}

/** What recipients have as values of their own, from acceptance to the claim of a delivery. */
export function recipientValuesContract(open: OpenStore): void {
  const fresh = freshStore(open);

  const accept = async (notification: Notification, userIds: readonly string[], values: readonly Values[]) => {
    const audience = usersNamed(userIds);
    const acceptance = sampleAcceptance(notification, [], { audience, mayFanOutNow: false });
    return fresh.store.notifications.accept({ ...acceptance, values });
  };

  it('gives those asked for, of a thousand, and nothing of others', async () => {
    const userIds = Array.from({ length: 1000 }, (_, index) => `user-${index}`);
    const values = userIds.map((name, index) => ({ name, constructor: index, 'a.$b': true }));
    const notification = personal(1000);
    await accept(notification, userIds, values);
    const store = await fresh.reopen();
    const found = await store.fanOuts.valuesOf(notification.id, userIds, ['user-999', 'user-0', 'user-250', 'nobody']);
    expect([...found].sort()).toEqual([
      ['user-0', values[0]],
      ['user-250', values[250]],
      ['user-999', values[999]],
    ]);
    expect(await store.fanOuts.valuesOf('ntf_other', userIds, userIds)).toEqual(new Map());
  });

  it('hands them on to each delivery, and keeps nothing beside them', async () => {
    const { store } = fresh;
    const userIds = Array.from({ length: 600 }, (_, index) => `user-${index}`);
    const subscriptions = [sampleSubscription({ userId: 'user-1' }), sampleSubscription({ userId: 'user-599' })];
    for (const subscription of subscriptions) await store.subscriptions.register(subscription);
    const notification = personal(600);
    await accept(
      notification,
      userIds,
      userIds.map((name) => ({ name: `Dear ${name}` })),
    );
    await fanOutAt(store, notification, { nowMs: NOW_MS, pageSize: 1 });
    expect(await store.fanOuts.valuesOf(notification.id, userIds, userIds)).toEqual(new Map());
    for (const { id: subscriptionId, userId } of subscriptions) {
      const lease = await claimed(store, `${notification.id.replace('ntf_', 'dlv_')}_${subscriptionId.slice(4)}`);
      expect(lease.before.values).toEqual({ name: `Dear ${userId}` });
      expect(lease.notification.content.worded).toEqual(worded);
    }
  });

  it('accepts a call once that is repeated, with what the first one had', async () => {
    const [first, second] = [personal(1), personal(1)];
    const idempotency = { key: 'default:a', bodyDigest: 'digest', expiresAtMs: NOW_MS + 1000 };
    const audience = usersNamed(['ada']);
    for (const notification of [first, second]) {
      const acceptance = sampleAcceptance(notification, [], { audience, idempotency, mayFanOutNow: false });
      await fresh.store.notifications.accept({ ...acceptance, values: [{ name: 'Ada' }] });
    }
    const { fanOuts } = fresh.store;
    expect(await fanOuts.valuesOf(first.id, ['ada'], ['ada'])).toEqual(new Map([['ada', { name: 'Ada' }]]));
  });

  it('keeps none again for a call that is repeated after its fan-out', async () => {
    const { store } = fresh;
    const notification = personal(1);
    const idempotency = { key: 'default:a', bodyDigest: 'digest', expiresAtMs: NOW_MS + 1000 };
    const acceptance = sampleAcceptance(notification, [], {
      audience: usersNamed(['ada']),
      idempotency,
      mayFanOutNow: false,
    });
    await store.notifications.accept({ ...acceptance, values: [{ name: 'Ada' }] });
    await fanOutAt(store, notification, { nowMs: NOW_MS, pageSize: 1 });
    const repeated = { ...acceptance, notification: personal(1), values: [{ name: 'Ada' }] };
    const answer = await store.notifications.accept(repeated);
    expect(answer).toMatchObject({ kind: 'repeated', notification: { id: notification.id } });
    expect(await store.notifications.repeated(idempotency, NOW_MS)).toEqual(answer);
    expect(await store.notifications.repeated({ ...idempotency, bodyDigest: 'other' }, NOW_MS)).toBeNull();
    expect(await store.notifications.repeated(idempotency, NOW_MS + 1000)).toBeNull();
    expect(await store.fanOuts.valuesOf(notification.id, ['ada'], ['ada'])).toEqual(new Map());
  });
}
