import { describe, expect, it } from 'vitest';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import type { RegisterOptions } from '../../src/store/subscription-store.ts';
import { devicesOfUsers } from '../support/audience-pages.ts';
import { commitPage } from '../support/fan-out-page.ts';
import {
  endingAs,
  goneChange,
  LATER_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, freshStore, type OpenStore } from './fresh-store.ts';

/** A device that names the row it had before, with its endpoint changed. */
export function lineageContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const register = (draft: Subscription, options: Partial<RegisterOptions> = {}) =>
    fresh.store.subscriptions.register(draft, { isVapidKeyGiven: false, ...options });
  const later = (overrides: Partial<Subscription> = {}) => sampleSubscription({ createdAtMs: LATER_MS, ...overrides });
  const activeIds = async (userId: string) => (await devicesOfUsers(fresh.store, [userId])).map(({ id }) => id);

  it('keeps its row: the id stays, endpoint, keys and VAPID key are the new ones', async () => {
    const first = sampleSubscription({ vapidPublicKey: 'B1' });
    await register(first);
    const second = later({ vapidPublicKey: 'B2', keys: { p256dh: 'new', auth: 'new' }, locale: 'ar' });
    const expected = { ...second, id: first.id, createdAtMs: first.createdAtMs };
    expect(await register(second, { formerId: first.id })).toEqual({ kind: 'updated', subscription: expected });
    expect(await fresh.store.subscriptions.get(first.id)).toEqual(expected);
    expect(await fresh.store.subscriptions.get(second.id)).toBeNull();
    expect(await activeIds(first.userId)).toEqual([first.id]);
  });

  it('is found by its new endpoint, and its old one is free', async () => {
    const [first, second] = [sampleSubscription(), later()];
    await register(first);
    await register(second, { formerId: first.id });
    const { endpoint, endpointHash } = second;
    const again = await register(later({ endpoint, endpointHash }), { formerId: first.id });
    expect(again).toMatchObject({ kind: 'updated', subscription: { id: first.id } });
    const old = later({ userId: 'ben', endpoint: first.endpoint, endpointHash: first.endpointHash });
    expect(await register(old)).toEqual({ kind: 'created', subscription: old });
  });

  it('gets what was waiting for it at its new endpoint', async () => {
    const [first, second] = [sampleSubscription(), later()];
    await register(first);
    const notification = sampleNotification();
    const delivery = sampleDelivery(notification, first);
    await fresh.store.notifications.accept(sampleAcceptance(notification, [first.userId]));
    await commitPage(fresh.store, notification, [delivery]);
    await register(second, { formerId: first.id });
    expect((await claimed(fresh.store, delivery.id)).subscription).toMatchObject({
      id: first.id,
      endpoint: second.endpoint,
      keys: second.keys,
    });
  });

  it('is not retired by what the old endpoint’s push service still answers', async () => {
    const [first, second] = [sampleSubscription(), later()];
    await register(first);
    await register(second, { formerId: first.id });
    await fresh.store.subscriptions.change([goneChange(first.id, { notUpdatedSinceMs: LATER_MS - 1 })]);
    expect(await fresh.store.subscriptions.get(first.id)).toMatchObject({ retired: null });
  });

  it('is active again, without its troubles, where it was retired', async () => {
    const [first, second] = [sampleSubscription(), later()];
    await register(first);
    const quarantine = { sinceMs: 1, untilMs: 2 };
    await fresh.store.subscriptions.change([
      { kind: 'quarantine', subscriptionId: first.id, notUpdatedSinceMs: 9e15, quarantine },
      goneChange(first.id),
    ]);
    expect(await activeIds(first.userId)).toEqual([]);
    expect(await register(second, { formerId: first.id })).toMatchObject({
      kind: 'updated',
      subscription: { id: first.id, retired: null, quarantine: null },
    });
    expect(await activeIds(first.userId)).toEqual([first.id]);
  });

  it.each([
    ['unknown', () => 'sub_01kdz9f1v6v6j0q2y3w4x5z6a7'],
    ['no id at all', () => ''],
    ['another user’s', (other: Subscription) => other.id],
  ])('is an ordinary registration where the row is %s', async (_, named) => {
    const other = sampleSubscription({ userId: 'ben' });
    await register(other);
    const draft = later({ userId: 'anna' });
    expect(await register(draft, { formerId: named(other) })).toEqual({ kind: 'created', subscription: draft });
    expect(await fresh.store.subscriptions.get(other.id)).toEqual(other);
  });

  it('is an ordinary one where it names the row that the endpoint has', async () => {
    const first = sampleSubscription();
    await register(first);
    const { endpoint, endpointHash } = first;
    const result = await register(later({ endpoint, endpointHash }), { formerId: first.id });
    expect(result).toMatchObject({ kind: 'updated', subscription: { id: first.id, retired: null } });
    expect(result).not.toHaveProperty('replacedId');
  });

  describe('where the endpoint has a row of this user already', () => {
    const both = async () => {
      const [former, own] = [sampleSubscription(), sampleSubscription()];
      await register(former);
      await register(own);
      const { endpoint, endpointHash } = own;
      return { former, own, again: later({ endpoint, endpointHash }) };
    };

    it('that row wins, and the former one is retired', async () => {
      const { former, own, again } = await both();
      expect(await register(again, { formerId: former.id })).toEqual({
        kind: 'updated',
        subscription: { ...again, id: own.id, createdAtMs: own.createdAtMs, vapidPublicKey: own.vapidPublicKey },
        replacedId: former.id,
      });
      expect(await fresh.store.subscriptions.get(former.id)).toEqual({
        ...former,
        retired: { reason: 'replaced', atMs: LATER_MS, deliveryId: null },
      });
      expect(await activeIds(own.userId)).toEqual([own.id]);
    });

    it('the former one stays retired for the reason it has', async () => {
      const { former, own, again } = await both();
      await fresh.store.subscriptions.change([goneChange(former.id)]);
      const result = await register(again, { formerId: former.id });
      expect(result).toMatchObject({ kind: 'updated', subscription: { id: own.id } });
      expect(result).not.toHaveProperty('replacedId');
      expect(await fresh.store.subscriptions.get(former.id)).toMatchObject({ retired: { reason: 'gone' } });
    });

    it('that row is made active again, if it was retired', async () => {
      const { former, own, again } = await both();
      await fresh.store.subscriptions.change([goneChange(own.id)]);
      expect(await register(again, { formerId: former.id })).toMatchObject({ replacedId: former.id });
      expect(await activeIds(own.userId)).toEqual([own.id]);
    });

    it('the former one cannot be restored, but its browser can register it', async () => {
      const { former, again } = await both();
      await register(again, { formerId: former.id });
      expect(await fresh.store.subscriptions.restore(former.id, LATER_MS)).toEqual({ kind: 'taken' });
      const { endpoint, endpointHash } = former;
      expect(await register(later({ endpoint, endpointHash }))).toMatchObject({ subscription: { id: former.id } });
    });
  });

  describe('where the endpoint is another user’s', () => {
    const others = async () => {
      const [former, rival] = [sampleSubscription({ userId: 'anna' }), sampleSubscription({ userId: 'ben' })];
      await register(former);
      await register(rival);
      const { endpoint, endpointHash, keys } = rival;
      return { former, rival, draft: later({ userId: 'anna', endpoint, endpointHash, keys }) };
    };

    it('moves it into the former row, when both keys are equal', async () => {
      const { former, rival, draft } = await others();
      expect(await register(draft, { formerId: former.id })).toMatchObject({
        kind: 'moved',
        subscription: { id: former.id, endpoint: rival.endpoint, replacesId: rival.id },
      });
      expect(await fresh.store.subscriptions.get(rival.id)).toMatchObject({ retired: { reason: 'moved' } });
      expect(await activeIds('anna')).toEqual([former.id]);
    });

    it('changes nothing, when they differ', async () => {
      const { former, rival, draft } = await others();
      const guess = { ...draft, keys: { ...draft.keys, auth: 'guessed' } };
      expect(await register(guess, { formerId: former.id })).toEqual({ kind: 'taken' });
      expect(await fresh.store.subscriptions.get(former.id)).toEqual(former);
      expect(await fresh.store.subscriptions.get(rival.id)).toEqual(rival);
    });

    it('is not held up by a retired row of theirs', async () => {
      const { former, rival, draft } = await others();
      await fresh.store.subscriptions.change([goneChange(rival.id)]);
      const theirs = { ...draft, keys: { p256dh: 'other', auth: 'other' } };
      expect(await register(theirs, { formerId: former.id })).toMatchObject({
        kind: 'updated',
        subscription: { id: former.id },
      });
      expect(await activeIds('anna')).toEqual([former.id]);
    });
  });

  it('keeps one active row when a device’s pages register at once, each naming the former', async () => {
    const first = sampleSubscription();
    await register(first);
    const { endpoint, endpointHash } = sampleSubscription();
    const drafts = Array.from({ length: 20 }, () => later({ endpoint, endpointHash }));
    await Promise.all(drafts.map((draft, at) => register(draft, at % 2 === 0 ? { formerId: first.id } : {})));
    // A page that does not name the former may have been first: its row is the endpoint's, and the former gives way.
    const active = await activeIds(first.userId);
    expect(active).toHaveLength(1);
    expect(await fresh.store.subscriptions.get(active[0]!)).toMatchObject({ endpoint });
  });

  it('keeps one row when a device registers many new endpoints at once', async () => {
    const first = sampleSubscription();
    await register(first);
    const drafts = Array.from({ length: 20 }, () => later());
    const results = await Promise.all(drafts.map((draft) => register(draft, { formerId: first.id })));
    expect(results.every(({ kind }) => kind === 'updated')).toBe(true);
    expect(await activeIds(first.userId)).toEqual([first.id]);
    const query = { userId: null, includeRetired: true, cursor: null, limit: 50 };
    expect((await fresh.store.subscriptions.list(query)).items).toHaveLength(1);
  });

  it('settles what was sent to the old endpoint meanwhile', async () => {
    const [first, second] = [sampleSubscription(), later()];
    await register(first);
    const notification = sampleNotification();
    const delivery = sampleDelivery(notification, first);
    await fresh.store.notifications.accept(sampleAcceptance(notification, [first.userId]));
    await commitPage(fresh.store, notification, [delivery]);
    const lease = await claimed(fresh.store, delivery.id);
    await register(second, { formerId: first.id });
    const change = goneChange(first.id, { notUpdatedSinceMs: LATER_MS - 1 });
    expect(await fresh.store.deliveries.settleMany([{ ...endingAs('pruned', lease), change }])).toEqual([true]);
    expect(await activeIds(first.userId)).toEqual([first.id]);
  });
}
