import type { PagePlan } from '../../../domain/audience/fan-out.ts';
import type { Suppression } from '../../../domain/audience/suppression.ts';
import { deliveryId } from '../../../domain/ids.ts';
import type { FanOutPage } from '../../fan-out-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { DELIVERIES_BY_ID } from '../collections/delivery-queries.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  SUPPRESSION_PAGE,
  type SuppressionDocument,
  type SuppressionEntry,
} from '../collections/suppression-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';
import { takeCap } from './caps.ts';

type Decision = Pick<PagePlan, 'deliveries' | 'suppressions'>;

/** What a page comes to, its suppressions kept. A page that was decided before, and not finished, comes to the same again. */
export async function decidePage(collections: Collections, page: FanOutPage): Promise<Decision> {
  const plan = await planWithCaps(collections, page);
  if (plan.suppressions.length === 0) return withoutSuppressed(plan, await decidedBefore(collections, page));
  const begun = await usersWithDeliveries(collections, page, plan.suppressions);
  const suppressions = plan.suppressions.filter(({ userId }) => !begun.has(userId));
  if (suppressions.length === 0) return withoutSuppressed(plan, await decidedBefore(collections, page));
  const document = documentOf(page, suppressions);
  try {
    await collections.suppressions.insertOne(document);
    return { ...plan, suppressions };
  } catch (error) {
    if (duplicateField(error) !== '_id') throw error;
    return addTo(collections, page, { ...plan, suppressions });
  }
}

/** Uses of a cap are taken one user after another, and only of those whom nothing else stops. */
async function planWithCaps(collections: Collections, page: FanOutPage): Promise<PagePlan> {
  const { notification, policy, nowMs } = page;
  const { cap, overrides } = policy;
  const uncapped = page.plan(() => []);
  if (cap === null) return uncapped;
  const taking = uncapped.capUses.map(async ({ userId }) => {
    const use = { userId, notificationId: notification.id, nowMs };
    return [userId, await takeCap(collections, cap, !overrides.includes('cap'), use)] as const;
  });
  const inTheWay = new Map(await Promise.all(taking));
  return page.plan((userId) => inTheWay.get(userId) ?? []);
}

/** Another try of this page may have got as far as its deliveries. */
async function usersWithDeliveries(
  { deliveries }: Collections,
  { notification, members }: FanOutPage,
  suppressions: readonly Suppression[],
): Promise<ReadonlySet<string>> {
  const suppressed = new Set(suppressions.map(({ userId }) => userId));
  const ids = members
    .filter(({ userId }) => suppressed.has(userId))
    .flatMap(({ devices }) => devices.map(({ id }) => deliveryId(notification.id, id)));
  if (ids.length === 0) return new Set();
  const options = { ...optionsOf(DELIVERIES_BY_ID), projection: { userId: 1 } };
  const found = await deliveries.find(DELIVERIES_BY_ID.filter(ids), options).toArray();
  return new Set(found.map(({ userId }) => decodeText(userId)));
}

async function decidedBefore({ suppressions }: Collections, page: FanOutPage): Promise<SuppressionDocument | null> {
  return suppressions.findOne(SUPPRESSION_PAGE.filter(idOf(page)), optionsOf(SUPPRESSION_PAGE));
}

/** What an earlier try decided stays; what this one adds is added. */
async function addTo(collections: Collections, page: FanOutPage, plan: PagePlan): Promise<Decision> {
  const before = await decidedBefore(collections, page);
  const known = suppressedIn(before);
  const added = plan.suppressions.filter(({ userId }) => !known.has(userId));
  const { entries, unreached } = documentOf(page, added);
  if (added.length > 0) {
    await collections.suppressions.updateOne(
      { _id: idOf(page) },
      { $push: { entries: { $each: [...entries] }, unreached: { $each: [...unreached] } } },
    );
  }
  return withoutSuppressed(plan, before);
}

function withoutSuppressed(plan: PagePlan, before: SuppressionDocument | null): Decision {
  if (before === null) return plan;
  const known = suppressedIn(before);
  return { ...plan, deliveries: plan.deliveries.filter(({ userId }) => !known.has(userId)) };
}

function suppressedIn(document: SuppressionDocument | null): ReadonlySet<string> {
  if (document === null) return new Set();
  return new Set([...document.entries.map(({ userId }) => userId), ...document.unreached].map(decodeText));
}

function documentOf(page: FanOutPage, suppressions: readonly Suppression[]): SuppressionDocument {
  const entries: SuppressionEntry[] = [];
  const unreached: string[] = [];
  for (const { userId, reason, detail } of suppressions) {
    if (reason === 'no_subscription') unreached.push(encodeText(userId));
    else entries.push({ userId: encodeText(userId), reason, detail });
  }
  const { nowMs: atMs, notification } = page;
  return { _id: idOf(page), notificationId: notification.id, entries, unreached, atMs, retainedFrom: instant(atMs) };
}

function idOf({ notification, from }: FanOutPage): string {
  return `${notification.id} ${from}`;
}
