import type { SeededIds } from './seed-process.ts';

/** Pages of the console that are about nothing in particular, by their name below `/console/`. */
export const PLAIN_PAGES = [
  ...['overview', 'search', 'notifications', 'dead-letters', 'bulk-actions', 'services', 'audiences', 'compose'],
  ...['schedules', 'templates', 'experiments', 'webhooks', 'system', 'audit'],
] as const;

/** Every page that there is something to show on, with a name for it. */
export function pagesFor(ids: SeededIds): readonly (readonly [name: string, at: string])[] {
  const { notificationId, deliveryId, failedId, subscriptionId, userId, manyDeliveriesId, manySuppressionsId } = ids;
  return [
    ...PLAIN_PAGES.filter((page) => page !== 'search').map((page) => [page, page] as const),
    ['overview of a week', 'overview?period=week'],
    ['search', `search?q=${userId}`],
    ['notification', `notification?id=${notificationId}`],
    ['its failed deliveries', `notification?id=${notificationId}&state=failed`],
    ['one of very many deliveries', `notification?id=${manyDeliveriesId}`],
    ['its failed ones', `notification?id=${manyDeliveriesId}&state=failed`],
    ['one of very many suppressions', `notification?id=${manySuppressionsId}`],
    ['why a user got nothing', `suppressed?notification=${manySuppressionsId}&user=crowd-00000000`],
    ['delivery', `delivery?id=${deliveryId}`],
    ['failed delivery', `delivery?id=${failedId}`],
    ['user', `user?id=${userId}`],
    ['subscription', `subscription?id=${subscriptionId}`],
    ['dead letters of a type', 'dead-letters?type=bench'],
    ['dead letters by remedy', 'dead-letters?remedy=mend'],
    ['plan of a bulk replay', 'bulk-plan?action=replay'],
  ];
}
