import { usersNamed } from '../../src/domain/audience/audience.ts';
import { parseExpression } from '../../src/domain/audience/expression.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import type { Store } from '../../src/store/store.ts';
import { pagesOf } from '../support/audience-pages.ts';
import { fanOutAt, sendAt } from '../support/fan-out-at.ts';
import { goneChange, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { sampleBulkAction } from './bulk-action-contract.ts';
import { claimed, fannedOut } from './fresh-store.ts';
import { sampleCommit, sampleSchedule } from './schedule-contract.ts';
import { useErasures } from './use-erasures.ts';
import { useExperiments } from './use-experiments.ts';
import { sampleEndpoint, sampleWebhookDelivery } from './webhook-contract.ts';

/** Every method of the port at least once, in each of its variants. */
export async function useEverything(store: Store): Promise<void> {
  const { notification, deliveries } = await fannedOut(store, 2);
  const { id, subscriptionId } = deliveries[0]!;
  const lease = await claimed(store, id);
  const page = { cursor: null, limit: 5 };
  const change = goneChange(subscriptionId, { notUpdatedSinceMs: NOW_MS });
  await store.deliveries.settleMany([
    {
      version: lease.version,
      from: 'sending',
      after: { ...lease.before, state: 'failed', dueAtMs: null, endedAtMs: NOW_MS },
      change,
      attempt: null,
    },
    { version: 1, from: 'pending', after: deliveries[1]!, change: null, attempt: null },
  ]);
  await store.events.relay(10);
  await store.events.after(0, 10);
  await store.events.bounds();
  await store.events.forget(NOW_MS);
  await useWebhooks(store);
  for (const state of [null, 'failed'] as const)
    for (const attempted of [true, false])
      for (const userId of [null, 'user-0']) {
        const filter = { ...ANY_DELIVERY, state };
        await store.deliveries.listByNotification({
          ...page,
          notificationId: notification.id,
          userId,
          attempted,
          filter,
        });
      }
  const reasoned = { ...ANY_DELIVERY, reason: 'rejected' } as const;
  for (const userId of [null, 'user-0'])
    for (const fromMs of [null, NOW_MS])
      for (const notificationId of [null, notification.id])
        for (const kinds of [null, await store.deliveries.deadKinds(notificationId)]) {
          const scope = { userId, notificationId, fromMs, untilMs: null };
          const { next } = await store.deliveries.skimFailed({ scope, kinds, cursor: null, limit: 1 });
          await store.deliveries.skimFailed({ scope, kinds, cursor: next, limit: 1 });
          await store.deliveries.countFailed({ scope, kinds: kinds ?? [], most: 5 });
        }
  await store.deliveries.getMany([id]);
  for (const filter of [ANY_DELIVERY, reasoned])
    await store.deliveries.listByUser({ ...page, userId: 'user-0', fromMs: null, untilMs: null, filter });
  await store.receipts.keep([{ deliveryId: id, name: 'shown', atMs: NOW_MS }]);
  for (let read = 0; read < 2; read += 1) await store.receipts.counts(notification.id);
  await store.receipts.ofDelivery(id);
  await store.notifications.getMany([notification.id]);
  await store.notifications.milestones(notification.id);
  await store.notifications.ofCall({ keys: ['default:a', 'shop:a'], requestId: 'a', limit: 5 });
  await store.deliveries.countByState(notification.id);
  await store.deliveries.countSome(notification.id);
  await store.deliveries.due({ priority: 'high', untilMs: NOW_MS, limit: 5 });
  await useErasures(store);
  await useExperiments(store);
  for (const userId of [null, 'user-0'])
    for (const includeRetired of [true, false]) await store.subscriptions.list({ ...page, userId, includeRetired });
  await usePeople(store);
  await useWordings(store);
  for (let registered = 0; registered < 8; registered += 1) {
    const crowded = sampleSubscription({ userId: 'user-of-many' });
    await store.subscriptions.register(crowded, { isVapidKeyGiven: false, maxActive: 1 });
  }
  for (const isDryRun of [true, false])
    await store.subscriptions.importMany([{ draft: sampleSubscription(), writtenAtMs: null }], { isDryRun });
  await store.subscriptions.restore(subscriptionId, NOW_MS);
  await store.subscriptions.suspectedBy('hld_1', 5);
  await store.subscriptions.change([{ kind: 'clear', subscriptionId, notUpdatedSinceMs: NOW_MS }]);
  await store.subscriptions.countByVapidKey(5);
  await store.subscriptions.delete(subscriptionId);
  for (const userId of [null, 'user-of-many']) await store.subscriptions.deleteOfEndpoint('no such hash', userId);
  await store.subscriptions.deleteOfUser('user-of-many', 3);
  const topical = await fannedOut(store, 1, { notification: { topic: 't' } });
  const { id: deliveryId, notificationId } = topical.deliveries[0]!;
  const subscriptionIds = topical.deliveries.map((one) => one.subscriptionId);
  await store.deliveries.outdated({ order: notificationId, topic: 't', subscriptionIds });
  await store.deliveries.postponeMany([{ deliveryId, attempt: 1, untilMs: NOW_MS }]);
  await claimed(store, deliveryId);
  const action = sampleBulkAction();
  await store.bulkActions.add(action);
  await store.bulkActions.get(action.id);
  await store.bulkActions.list();
  await store.bulkActions.underWay();
  await store.bulkActions.update(action);
  const hold = await store.pruneHolds.open({
    id: 'hld_1',
    scope: 'origin',
    subject: 'https://push.example.net',
    state: 'open',
    goneCount: 1,
    answerCount: 1,
    retiredIds: [],
    openedAtMs: NOW_MS,
    decidedAtMs: null,
  });
  await store.pruneHolds.open({ ...hold, id: 'hld_2' });
  await store.pruneHolds.get(hold.id);
  await store.pruneHolds.list(null);
  await store.pruneHolds.list('open');
  await store.pruneHolds.current(NOW_MS);
  await store.pruneHolds.decide(hold.id, 'dismissed', NOW_MS);
  await useSchedules(store);
  const listing = { userId: null, type: null, status: null, fromMs: null, untilMs: null, limit: 1 };
  await fannedOut(store, 0);
  const listed = await store.notifications.list({ ...listing, cursor: null });
  for (const cursor of [null, listed.next])
    for (const [userId, type] of [
      [null, null],
      [null, 't'],
      ['user-0', null],
      ['user-0', 't'],
    ] as const)
      for (const status of [null, 'sending'] as const)
        await store.notifications.list({ ...listing, cursor, userId, type, status });
  await store.notifications.accept(
    sampleAcceptance(sampleNotification(), ['a'], { idempotency: { key: 'k', bodyDigest: 'd', expiresAtMs: 9e15 } }),
  );
  await store.notifications.accept(
    sampleAcceptance(sampleNotification(), ['a'], { idempotency: { key: 'k', bodyDigest: 'd', expiresAtMs: 9e15 } }),
  );
  await store.fanOuts.get(notification.id);
  await store.fanOuts.unfinished(NOW_MS, 5);
  await store.tallies.read();
  await store.tallies.oldestDue(NOW_MS);
  for (const span of ['minute', 'hour'] as const) await store.tallies.rollups({ span, fromMs: 0, untilMs: NOW_MS });
  await store.tallies.settled({ span: 'hour', fromMs: 0, untilMs: NOW_MS });
  await store.tallies.isRecountDue(NOW_MS);
  for (const cursor of [null, 'WzAsImEiXQ']) await store.notifications.coming({ cursor, limit: 5 });
  await store.fanOuts.due(NOW_MS, 5);
  await store.fanOuts.decided({ notificationId: notification.id, userIds: ['a', 'b'] });
  const waiting = await fannedOut(store, 1);
  await store.notifications.cancel(waiting.notification.id, NOW_MS);
  await store.deliveries.waitingOf(waiting.notification.id, 5);
  for (const atMs of [NOW_MS, NOW_MS * 2]) await store.fanOuts.endCancelled(waiting.notification.id, atMs);
  const cancelled = sampleNotification();
  await store.notifications.accept(sampleAcceptance(cancelled, ['a']));
  await store.notifications.cancel(cancelled.id, NOW_MS);
  await store.fanOuts.endCancelled(cancelled.id, NOW_MS * 2);
  await store.nonces.use('n', NOW_MS);
  const operator = { digest: 'd', name: 'Ann', role: 'viewer', expiresAtMs: NOW_MS + 1 } as const;
  await store.operators.addLink(operator);
  await store.operators.findLink('d', NOW_MS);
  await store.operators.takeLink('d', NOW_MS);
  await store.operators.addSession({ ...operator, createdAtMs: NOW_MS, keyId: null });
  await store.operators.findSession('d', NOW_MS);
  await store.operators.endSession('d');
  await store.operators.endAll();
  const entry = { atMs: NOW_MS, by: 'key', who: 'w', action: 'a', target: 't', from: '', requestId: 'r' } as const;
  await store.audit.append([{ ...entry, refusal: null, salts: ['a', 'b', 'c'] }]);
  for (const who of [null, 'w'])
    for (const action of [null, 'a'])
      for (const target of [null, 't'])
        await store.audit.list({
          cursor: null,
          limit: 1,
          filter: { who, action, target },
          span: { fromSeq: 1, belowSeq: 9 },
        });
  await store.audit.after(0, 1);
  await store.facts.keep('f', 'v');
  await store.facts.replace('f', 'w');
  await store.retention.sweep(NOW_MS);
  await store.retention.forget(9e15, 5);
  await store.ping();
}

async function useSchedules({ schedules }: Store): Promise<void> {
  const draft = sampleSchedule();
  await schedules.put(draft);
  const kept = (await schedules.get(draft.key)) ?? draft;
  await schedules.put(kept);
  await schedules.commit(sampleCommit({ ...kept, version: 2 }));
  await schedules.commit(sampleCommit(kept));
  await schedules.due(NOW_MS, 5);
  await schedules.nextDueMs();
  const { next } = await schedules.list({ cursor: null, limit: 1 });
  await schedules.list({ cursor: next, limit: 1 });
  const [occurrence] = sampleCommit(kept).occurrences;
  if (occurrence !== undefined) {
    await schedules.trigger(sampleAcceptance(sampleNotification(), ['a']), occurrence, draft.key);
  }
  await schedules.occurrences({ scheduleId: kept.id, cursor: null, limit: 1 });
  await schedules.occurrences({ scheduleId: kept.id, cursor: occurrence?.id ?? null, limit: 1 });
  await schedules.delete(draft.key);
}

/** Templates, and values that recipients have of their own. */
async function useWordings(store: Store): Promise<void> {
  const wording = { defaultLocale: 'en', variables: {}, locales: { en: { title: 'x' } } };
  for (const version of [1, 1, 2]) await store.templates.add({ key: 'a', version, wording, createdAtMs: NOW_MS });
  await store.templates.newest('a');
  await store.templates.get('a', 1);
  const { next } = await store.templates.versions({ key: 'a', cursor: null, limit: 1 });
  await store.templates.versions({ key: 'a', cursor: next, limit: 1 });
  await store.templates.list({ cursor: null, limit: 1 });
  const worded = { source: { kind: 'inline', wording }, values: {}, isPersonal: true, shown: { title: 'x' } } as const;
  const notification = sampleNotification({ userCount: 1, content: { type: 't', title: 'x', worded } });
  await store.notifications.accept({ ...sampleAcceptance(notification, ['user-0']), values: [{ a: 1 }] });
  await store.fanOuts.valuesOf(notification.id, ['user-0'], ['user-0']);
  await fanOutAt(store, notification, { nowMs: NOW_MS });
}

async function useWebhooks({ webhooks }: Store): Promise<void> {
  const endpoint = sampleEndpoint();
  await webhooks.add(endpoint);
  await webhooks.update(endpoint);
  await webhooks.list();
  await webhooks.get(endpoint.id);
  const delivery = sampleWebhookDelivery(1);
  for (const beforeMs of [null, NOW_MS]) await webhooks.addDeliveries([delivery], beforeMs);
  await webhooks.settle(delivery);
  for (const state of [null, 'waiting'] as const)
    await webhooks.deliveries({ endpointId: endpoint.id, state, cursor: null, limit: 1 });
  await webhooks.due(endpoint.id, NOW_MS, 1);
  await webhooks.nextDueMs(endpoint.id);
  await webhooks.waiting(endpoint.id, 1);
  await webhooks.forget(NOW_MS);
  await webhooks.delete(endpoint.id);
}

/** What knows users, and finds them. */
async function usePeople(store: Store): Promise<void> {
  const page = { cursor: null, limit: 5 };
  for (const users of [['user-0'], ['user-0', 'user-1']]) await pagesOf(store, usersNamed(users), 1);
  for (const id of ['user-0', 'user-1']) {
    const blank = newUser(id, NOW_MS);
    await store.users.change(blank, (user) => patched(user, { tags: ['a', 'b'], quietHours: QUIET }, NOW_MS));
    await store.users.get(id);
  }
  await store.users.changeMany([newUser('user-2', NOW_MS)], (user) => patched(user, { tags: ['a'] }, NOW_MS));
  await store.users.persons(['user-0']);
  await store.users.persons(['user-0', 'user-1']);
  for (const tag of [null, 'a']) {
    const { next } = await store.users.list({ cursor: null, limit: 1, tag });
    await store.users.list({ cursor: next, limit: 1, tag });
  }
  await store.users.tags({ cursor: (await store.users.tags({ cursor: null, limit: 1 })).next, limit: 1 });
  await pagesOf(store, { kind: 'everyone', excludedIds: [] }, 500);
  for (const text of ['a', 'a || b', 'a && b', '!a', '@service:fcm']) {
    const parsed = parseExpression(text);
    if (parsed.kind === 'error') throw new Error(text);
    const { expression } = parsed;
    await pagesOf(store, { kind: 'tags', expression, segments: new Map(), excludedIds: [] }, 500);
  }
  await store.typeRules.put('*', { onQuiet: 'drop' });
  await store.typeRules.all();
  await store.typeRules.delete('*');
  await store.segments.put('s', 'a');
  await store.segments.all();
  await store.segments.delete('s');
  const { id: notificationId } = sampleNotification();
  await store.suppressions.list({ ...page, notificationId, reason: null });
  await store.suppressions.list({ ...page, notificationId, reason: 'capped' });
  await store.suppressions.listOfUser({ ...page, userId: 'user-0' });
  await store.suppressions.get(notificationId, 'user-0');
  await store.suppressions.countByReason(notificationId);
  await store.suppressions.countSome(notificationId);
  await store.typeRules.put('*', { cap: { limit: 1, perSeconds: 60 } });
  const sent = await sendAt(store, usersNamed(['user-0', 'user-1', 'nobody']), { nowMs: NOW_MS });
  await sendAt(store, usersNamed(['user-0']), { nowMs: NOW_MS });
  const cap = { limit: 1, perSeconds: 60, pattern: '*' };
  await store.users.capUses('user-0', cap, { atMs: NOW_MS, exceptId: sent.id });
  await store.typeRules.delete('*');
}

const QUIET = { fromMinute: 0, untilMinute: 1, days: null };
