import type { Filter } from 'mongodb';
import type { EventDraft } from '../../../domain/event/outbox-event.ts';
import { changedFields, type SubscriptionChange } from '../../../domain/subscription/subscription-change.ts';
import { type Counted, countedAfter } from '../../../domain/tally/tally.ts';
import { decodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import type { SubscriptionDocument } from '../collections/subscription-document.ts';
import { outboxOf } from '../event/outbox.ts';
import { ledgerOf } from '../tally/ledger.ts';

/** The fields of a document that tallies want. */
export const COUNTED = { endpoint: 1, isActive: 1, quarantinedSinceMs: 1, updatedAtMs: 1 } as const;
export type CountedDocument = Pick<SubscriptionDocument, 'endpoint' | 'isActive' | 'quarantinedSinceMs'>;

function countedIn({ endpoint, isActive, quarantinedSinceMs = null }: CountedDocument): Counted {
  return { endpoint: decodeText(endpoint), isActive, isQuarantined: quarantinedSinceMs !== null };
}

/** A document took the place of another, or of none; or went. */
export function countSubscription(
  collections: Collections,
  before: CountedDocument | null,
  after: CountedDocument | null,
): void {
  ledgerOf(collections).book.subscription(before && countedIn(before), after && countedIn(after));
}

/** Writes these fields to the one document that fits, if there is one, announces it, and gives what it was before. */
export async function changeOne(
  collections: Collections,
  filter: Filter<SubscriptionDocument>,
  fields: Partial<SubscriptionDocument>,
  announced: EventDraft | null,
): Promise<CountedDocument | null> {
  const options = { projection: COUNTED, returnDocument: 'before' } as const;
  const update = { $set: fields, ...outboxOf(collections).pushing([announced]) };
  const before = await collections.subscriptions.findOneAndUpdate(filter, update, options);
  if (before !== null) countSubscription(collections, before, { ...before, ...fields });
  return before;
}

/**
 * Changes counted once they are made, in this order, to documents that were like this before. Where not as many were made as this looks
 * like, some document changed meanwhile, and all are counted anew.
 */
export function countChanges(
  collections: Collections,
  before: readonly (CountedDocument & Pick<SubscriptionDocument, '_id' | 'updatedAtMs'>)[],
  changes: readonly SubscriptionChange[],
  matchedCount: number,
): void {
  const ledger = ledgerOf(collections);
  const now = new Map(before.map((document) => [document._id, { ...document, counted: countedIn(document) }]));
  let made = 0;
  for (const change of changes) {
    const document = now.get(change.subscriptionId);
    if (document === undefined || !document.counted.isActive || document.updatedAtMs > change.notUpdatedSinceMs)
      continue;
    const counted = countedAfter(document.counted, changedFields(change));
    ledger.book.subscription(document.counted, counted);
    now.set(document._id, { ...document, counted });
    made += 1;
  }
  if (made !== matchedCount) ledger.doubt();
}

/** Documents that were read before they were deleted. Where not so many went, some changed meanwhile, and all are counted anew. */
export function countDeleted(collections: Collections, read: readonly CountedDocument[], deletedCount: number): void {
  for (const document of read) countSubscription(collections, document, null);
  if (deletedCount !== read.length) ledgerOf(collections).doubt();
}
