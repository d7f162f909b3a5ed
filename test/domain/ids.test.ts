import { expect, it } from 'vitest';
import {
  deliveryId,
  deliveryIdPrefix,
  deliveryIdsBetween,
  ID_PREFIXES,
  isResourceId,
  isSubscriptionId,
  notificationId,
  notificationOf,
  pruneHoldId,
  requestId,
  subscriptionId,
} from '../../src/domain/ids.ts';

const AT_MS = Date.UTC(2026, 0, 31);
const [notification, subscription, hold, request] = [notificationId, subscriptionId, pruneHoldId, requestId].map(
  (make) => make(AT_MS, Math.random),
) as [string, string, string, string];
const delivery = deliveryId(notification, subscription);

it('begins with what tells the kinds apart', () => {
  expect(new Set(Object.values(ID_PREFIXES)).size).toBe(Object.keys(ID_PREFIXES).length);
  expect(notification).toMatch(/^ntf_[0-9a-z]{26}$/);
  expect(subscription).toMatch(/^sub_[0-9a-z]{26}$/);
  expect(hold).toMatch(/^hld_[0-9a-z]{26}$/);
  expect(request).toMatch(/^req_[0-9a-z]{26}$/);
});

it('sorts by the time an id was made', () => {
  const made = [3, 1, 2].map((ms) => notificationId(AT_MS + ms, Math.random));
  expect(made.toSorted()).toEqual([made[1], made[2], made[0]]);
});

it('makes the same delivery of the same notification and subscription', () => {
  expect(delivery).toBe(`dlv_${notification.slice(4)}_${subscription.slice(4)}`);
  expect(delivery.startsWith(deliveryIdPrefix(notification))).toBe(true);
});

it.each([
  [notification, false],
  [subscription, true],
  [delivery, false],
  [hold, false],
])('knows %s as an id of a resource', (id, isOfSubscription) => {
  expect([isResourceId(id), isSubscriptionId(id)]).toEqual([true, isOfSubscription]);
});

it.each([
  '',
  'sub_',
  'sub_ada',
  subscription.toUpperCase(),
  `${subscription}0`,
  ` ${subscription}`,
  `${subscription}\n`,
  `sub_${'u'.repeat(26)}`,
  `dlv_${notification.slice(4)}`,
  request,
])('takes %j for no id of a resource', (text) => {
  expect([isResourceId(text), isSubscriptionId(text)]).toEqual([false, false]);
});

it('tells the notification of a delivery', () => {
  expect(notificationOf(delivery)).toBe(notification);
});

it.each([
  [null, null, true],
  [AT_MS, AT_MS + 1, true],
  [AT_MS + 1, null, false],
  [null, AT_MS, false],
  [-1e15, 1e17, true],
])('bounds delivery ids by the time of their notification, from %s until %s: %s', (fromMs, untilMs, isWithin) => {
  const [atLeast, below] = deliveryIdsBetween(fromMs, untilMs);
  expect(delivery >= atLeast && delivery < below).toBe(isWithin);
});
