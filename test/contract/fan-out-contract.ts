import { expect, it } from 'vitest';
import { replayed } from '../../src/domain/delivery/life.ts';
import { pageOf } from '../support/fan-out-page.ts';
import {
  deliveriesFor,
  endingAs,
  NOW_MS,
  sampleAcceptance,
  sampleAttempt,
  sampleNotification,
  sampleSubscription,
} from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

/** What turns an accepted notification into deliveries, page by page. */
export function fanOutContract(open: OpenStore): void {
  const fresh = freshStore(open);
  /** A notification accepted to two browsers of one user; the places before both and between them. */
  const begun = async () => {
    const { store } = fresh;
    const userId = 'a\0"😀\ud800';
    const browsers = [sampleSubscription({ userId }), sampleSubscription({ userId })];
    for (const browser of browsers) await store.subscriptions.register(browser);
    const notification = sampleNotification();
    await store.notifications.accept(sampleAcceptance(notification, [userId]));
    const { cursor: start, audience } = (await store.fanOuts.get(notification.id))!;
    const middle = 'a later place';
    const deliveries = deliveriesFor(notification, browsers, NOW_MS);
    return { notification, id: notification.id, audience, start, middle, deliveries };
  };

  it('moves the cursor with each page and finishes with the last', async () => {
    const { store } = fresh;
    const { notification, id, audience, start, middle, deliveries } = await begun();
    const [one, two] = deliveries;
    const { commitPage } = store.fanOuts;
    expect(await commitPage(pageOf(notification, [one!], { from: start, to: middle }))).not.toBeNull();
    expect(await store.fanOuts.get(id)).toEqual({
      notification,
      audience,
      cursor: middle,
      followingAtMs: null,
      begun: null,
    });
    expect(await commitPage(pageOf(notification, [two!], { from: middle, to: null }))).not.toBeNull();
    expect(await store.fanOuts.get(id)).toBeNull();
    expect(await store.notifications.get(id)).toEqual({ ...notification, status: 'sending' });
    for (const delivery of deliveries) expect(await store.deliveries.get(delivery.id)).toEqual(delivery);
  });

  it('goes on from its cursor after the store is opened again', async () => {
    const { notification, id, audience, start, middle } = await begun();
    await fresh.store.fanOuts.commitPage(pageOf(notification, [], { from: start, to: middle }));
    const reopened = await fresh.reopen();
    expect(await reopened.fanOuts.get(id)).toMatchObject({ audience, cursor: middle });
  });

  it('writes nothing when the cursor is elsewhere, the fan-out finished or the notification unknown', async () => {
    const { store } = fresh;
    const { notification, id, start, middle, deliveries } = await begun();
    const { commitPage } = store.fanOuts;
    expect(await commitPage(pageOf(notification, deliveries, { from: middle, to: null }))).toBeNull();
    expect(await store.fanOuts.get(id)).toMatchObject({ cursor: start });
    await commitPage(pageOf(notification, [], { from: start, to: null }));
    for (const other of [notification, sampleNotification()]) {
      expect(await commitPage(pageOf(other, deliveries, { from: start, to: null }))).toBeNull();
    }
    for (const delivery of deliveries) expect(await store.deliveries.get(delivery.id)).toBeNull();
  });

  it('takes one of several equal pages that come at the same time', async () => {
    const { notification, start, middle } = await begun();
    const page = pageOf(notification, [], { from: start, to: middle });
    const { commitPage } = fresh.store.fanOuts;
    const results = await Promise.all([commitPage(page), commitPage(page), commitPage(page)]);
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('leaves a delivery that exists already as it is', async () => {
    const { store } = fresh;
    const { notification, start, middle, deliveries } = await begun();
    const [delivery] = deliveries;
    await store.fanOuts.commitPage(pageOf(notification, [delivery!], { from: start, to: middle }));
    await store.deliveries.settleMany([endingAs('delivered', await claimed(store, delivery!.id))]);
    const before = await store.deliveries.get(delivery!.id);
    expect(before).toMatchObject({ state: 'delivered', attempts: [sampleAttempt()] });
    await store.fanOuts.commitPage(pageOf(notification, [delivery!], { from: middle, to: null }));
    expect(await store.deliveries.get(delivery!.id)).toEqual(before);
    expect(await store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('notes when its fan-out began and ended, and when all had ended, until one is sent again', async () => {
    const { store } = fresh;
    const { notification, id, start, middle, deliveries } = await begun();
    const { commitPage } = store.fanOuts;
    const milestones = () => store.notifications.milestones(id);
    const none = { fanOutBeganAtMs: null, fanOutEndedAtMs: null, completedAtMs: null };
    expect(await milestones()).toEqual(none);
    await commitPage({ ...pageOf(notification, [deliveries[0]!], { from: start, to: middle }), nowMs: NOW_MS + 5 });
    expect(await milestones()).toEqual({ ...none, fanOutBeganAtMs: NOW_MS + 5 });
    await commitPage({ ...pageOf(notification, [deliveries[1]!], { from: middle, to: null }), nowMs: NOW_MS + 9 });
    const fannedOut = { ...none, fanOutBeganAtMs: NOW_MS + 5, fanOutEndedAtMs: NOW_MS + 9 };
    expect(await milestones()).toEqual(fannedOut);
    for (const delivery of deliveries)
      await store.deliveries.settleMany([endingAs('failed', await claimed(store, delivery.id))]);
    expect(await milestones()).toEqual({ ...fannedOut, completedAtMs: expect.any(Number) });
    const failed = (await store.deliveries.get(deliveries[0]!.id))!;
    const subscription = await store.subscriptions.get(failed.subscriptionId);
    const turn = replayed(failed, { subscription, notification: null }, { nowMs: NOW_MS + 50, ttlSeconds: 60 });
    if (turn.kind !== 'replayed') throw new Error(turn.why);
    await store.deliveries.settleMany([turn.plan.settlement]);
    expect(await milestones()).toEqual(fannedOut);
    expect(await store.notifications.milestones('ntf_unknown')).toBeNull();
  });

  it('completes at once where nobody is to be reached', async () => {
    const { notification } = await fannedOut(fresh.store, 0);
    expect(await fresh.store.notifications.milestones(notification.id)).toMatchObject({
      ...{ fanOutEndedAtMs: notification.acceptedAtMs, completedAtMs: expect.any(Number) },
    });
    expect(await fresh.store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('lists the unfinished ones, oldest first', async () => {
    const { store } = fresh;
    const all = [5, 1, 3].map((ms) => sampleNotification({ acceptedAtMs: NOW_MS + ms, priority: 'high' }));
    for (const notification of all) await store.notifications.accept(sampleAcceptance(notification, ['a']));
    await fannedOut(store, 1, { notification: { acceptedAtMs: NOW_MS } });
    const [late, early, middle] = all.map(({ id, priority }) => ({ id, priority }));
    expect(await store.fanOuts.unfinished(NOW_MS + 6, 10)).toEqual([early, middle, late]);
    expect(await store.fanOuts.unfinished(NOW_MS + 5, 10)).toEqual([early, middle]);
    expect(await store.fanOuts.unfinished(NOW_MS + 6, 1)).toEqual([early]);
  });

  it('knows nothing of an unknown id', async () => {
    expect(await fresh.store.fanOuts.get(sampleNotification().id)).toBeNull();
  });
}
