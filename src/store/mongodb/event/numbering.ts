import { MongoBulkWriteError } from 'mongodb';
import { AppError } from '../../../domain/app-error.ts';
import type { Collections } from '../collections/collections.ts';
import {
  EVENTS_FROM_THE_END,
  EVENTS_KNOWN,
  type EventDocument,
  type PendingEvent,
} from '../collections/event-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';

/** Each turn that does not end here, another process has numbered events. */
const MAX_TURNS = 1000;

/**
 * Gives events their numbers, in this order, unless they have one. Each number is taken by an insertion under it, and only once the one
 * before was seen: whoever is second to a number is refused, and goes on behind the others. So there is no number that appears below one that
 * was there before.
 */
export async function numberEvents(collections: Collections, pending: readonly PendingEvent[]): Promise<void> {
  let left = await withoutKnown(collections, pending);
  for (let turn = 0; left.length > 0; turn += 1) {
    if (turn === MAX_TURNS) throw new AppError('store_unavailable', 'Too many processes number events at once.');
    const last = await lastNumber(collections);
    const documents = left.map(
      ({ id: eventId, ...rest }, index): EventDocument => ({ _id: last + 1 + index, eventId, ...rest }),
    );
    try {
      await collections.events.insertMany(documents, { ordered: true });
      return;
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error)) throw error;
      // Those before the refused one are in; the refused one may be another's number, or an event that is there.
      left = await withoutKnown(collections, left.slice(error.insertedCount));
    }
  }
}

/** Read as it stands: should an election take a number back, it takes back those that were put behind it, too. */
async function lastNumber({ events }: Collections): Promise<number> {
  const options = optionsOf(EVENTS_FROM_THE_END);
  return (await events.findOne(EVENTS_FROM_THE_END.filter(null), options))?._id ?? 0;
}

async function withoutKnown({ events }: Collections, pending: readonly PendingEvent[]): Promise<PendingEvent[]> {
  if (pending.length === 0) return [];
  const known = await events.find(EVENTS_KNOWN.filter(pending.map(({ id }) => id)), optionsOf(EVENTS_KNOWN)).toArray();
  const seen = new Set(known.map(({ eventId }) => eventId));
  return pending.filter(({ id }) => {
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}
