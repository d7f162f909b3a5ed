import type { PagePlan } from '../../../domain/audience/fan-out.ts';
import { isListed, type ListedReason, type Suppression } from '../../../domain/audience/suppression.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { hasSeveralWaves } from '../../../domain/experiment/variant-content.ts';
import type { FanOutPage } from '../../fan-out-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import { USES_OF_CAPS } from '../collections/cap-queries.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  DELIVERED_USERS,
  SUPPRESSION_PAGE,
  SUPPRESSIONS_OF_NOTIFICATION,
  type SuppressionDocument,
  type SuppressionEntry,
} from '../collections/suppression-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';
import { takeCap } from './caps.ts';

const LISTS = ['unreached', 'missed'] as const;
const NAME_OF_LIST = { no_subscription: 'unreached', missed: 'missed', cancelled: 'cancelled' } as const;

type Decision = Pick<PagePlan, 'deliveries' | 'suppressions'>;

/**
 * What a page comes to, its suppressions kept. Where it is decided again, since a process died on the way or two are at it at the same
 * time, what users want may have changed: a delivery that was made stays, and takes the place of a suppression.
 */
export async function decidePage(
  collections: Collections,
  page: FanOutPage,
  uncapped: PagePlan = page.plan(() => []),
): Promise<Decision> {
  const plan = await planWithCaps(collections, page, uncapped);
  if (plan.suppressions.length === 0) return plan;
  await keepSuppressions(collections, page, plan.suppressions);
  await giveCapsBack(collections, page, plan.suppressions);
  const reached = await usersWithDeliveries(collections, page, plan.suppressions);
  await takeBack(collections, page, reached);
  const suppressions = plan.suppressions.filter(({ userId }) => !reached.has(userId));
  return { deliveries: plan.deliveries, suppressions };
}

/**
 * Once the deliveries of a page are made. Whoever suppresses looks for deliveries afterwards, and whoever delivers for suppressions:
 * of two that are at it at the same time, one sees what the other did. A page that was not begun was the whole list, and another try
 * may have made several of it.
 */
export async function takeBackSuppressions(
  collections: Collections,
  page: FanOutPage,
  deliveries: readonly Delivery[],
  isBegun = true,
): Promise<void> {
  if (deliveries.length === 0) return;
  const { suppressions } = collections;
  const ofPage = () => suppressions.find(SUPPRESSION_PAGE.filter(idOf(page)), optionsOf(SUPPRESSION_PAGE));
  const ofAll = () => {
    const filter = SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId: page.notification.id, fromId: '' });
    return suppressions.find(filter, optionsOf(SUPPRESSIONS_OF_NOTIFICATION));
  };
  for await (const kept of isBegun ? ofPage() : ofAll()) {
    const listed = LISTS.flatMap((list) => kept[list] ?? []);
    const suppressed = new Set([...kept.entries.map(({ userId }) => userId), ...listed].map(decodeText));
    const reached = deliveries.map(({ userId }) => userId).filter((userId) => suppressed.has(userId));
    await takeBack(collections, page, new Set(reached), kept._id);
  }
}

/** Who is reached after all counts under the cap, though whoever suppressed them has given the cap back. */
async function takeBack(
  collections: Collections,
  page: FanOutPage,
  users: ReadonlySet<string>,
  id = idOf(page),
): Promise<void> {
  if (users.size === 0) return;
  const userIds = [...users].map(encodeText);
  await collections.suppressions.updateOne(
    SUPPRESSION_PAGE.filter(id),
    { $pull: { entries: { userId: { $in: userIds } }, unreached: { $in: userIds }, missed: { $in: userIds } } },
    { hint: optionsOf(SUPPRESSION_PAGE).hint },
  );
  const { policy, notification, nowMs } = page;
  const { cap } = policy;
  if (cap === null) return;
  const use = { notificationId: notification.id, nowMs };
  await Promise.all([...users].map((userId) => takeCap(collections, cap, false, { ...use, userId })));
}

/** An earlier try may have counted whom this one stops. */
async function giveCapsBack(
  { cap_uses: caps }: Collections,
  { notification: { id: notificationId }, policy: { cap } }: FanOutPage,
  suppressions: readonly Suppression[],
): Promise<void> {
  const stopped = suppressions.filter(({ reason }) => reason !== 'capped');
  if (cap === null || stopped.length === 0) return;
  const ids = stopped.map(({ userId }) => ({ userId: encodeText(userId), pattern: cap.pattern }));
  await caps.updateMany(USES_OF_CAPS.filter(ids), { $pull: { uses: { notificationId } } });
}

/** Uses of a cap are taken one user after another, and only of those whom nothing else stops. */
async function planWithCaps(collections: Collections, page: FanOutPage, uncapped: PagePlan): Promise<PagePlan> {
  const { notification, policy, nowMs } = page;
  const { cap, overrides } = policy;
  if (cap === null) return uncapped;
  const taking = uncapped.capUses.map(async ({ userId }) => {
    const use = { userId, notificationId: notification.id, nowMs };
    return [userId, await takeCap(collections, cap, !overrides.includes('cap'), use)] as const;
  });
  const inTheWay = new Map(await Promise.all(taking));
  return page.plan((userId) => inTheWay.get(userId) ?? []);
}

/** Those of the suppressed whom another try of this page made deliveries for, perhaps to devices that are gone by now. */
async function usersWithDeliveries(
  { deliveries }: Collections,
  { notification: { id: notificationId } }: FanOutPage,
  suppressions: readonly Suppression[],
): Promise<ReadonlySet<string>> {
  const userIds = suppressions.map(({ userId }) => encodeText(userId));
  const filter = DELIVERED_USERS.filter({ notificationId, userIds });
  const found = await deliveries.find(filter, optionsOf(DELIVERED_USERS)).toArray();
  return new Set(found.map(({ userId }) => decodeText(userId)));
}

/** One document, unless another try has made it: then those are added that it has not. */
async function keepSuppressions(
  { suppressions: kept }: Collections,
  page: FanOutPage,
  suppressions: readonly Suppression[],
): Promise<void> {
  const document = documentOf(page, suppressions);
  try {
    await kept.insertOne(document);
  } catch (error) {
    if (duplicateField(error) !== '_id') throw error;
    const listOf = (list: string) => ({ $ifNull: [`$${list}`, []] });
    const known = { $concatArrays: ['$entries.userId', ...LISTS.map(listOf)] };
    const more = (list: readonly unknown[], userId: string) => {
      return { $filter: { input: { $literal: list }, cond: { $not: [{ $in: [userId, known] }] } } };
    };
    const entries = { $concatArrays: ['$entries', more(document.entries, '$$this.userId')] };
    const lists = LISTS.map((list) => [list, { $concatArrays: [listOf(list), more(document[list] ?? [], '$$this')] }]);
    await kept.updateOne({ _id: document._id }, [{ $set: { entries, ...Object.fromEntries(lists) } }]);
  }
}

/** In several waves nobody is in a list: of whom is decided is found by an index. */
function documentOf(page: FanOutPage, suppressions: readonly Suppression[]): SuppressionDocument {
  const { nowMs: atMs, notification } = page;
  const isOften = hasSeveralWaves(notification);
  const entries: SuppressionEntry[] = [];
  const lists: Record<(typeof NAME_OF_LIST)[ListedReason], string[]> = { unreached: [], missed: [], cancelled: [] };
  for (const { userId, reason, detail } of suppressions) {
    if (!isOften && isListed(reason)) lists[NAME_OF_LIST[reason]].push(encodeText(userId));
    else entries.push({ userId: encodeText(userId), reason, detail });
  }
  return {
    _id: idOf(page),
    notificationId: notification.id,
    entries,
    unreached: lists.unreached,
    ...(lists.missed.length > 0 && { missed: lists.missed }),
    atMs,
    retainedFrom: instant(atMs),
  };
}

function idOf({ notification, from, wave }: FanOutPage): string {
  return wave === null ? `${notification.id} ${from}` : `${notification.id} ${wave.atMs} ${from}`;
}
