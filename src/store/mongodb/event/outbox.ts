import { systemClock } from '../../../clock.ts';
import { type EventDraft, USUAL_EVENT_TYPES } from '../../../domain/event/outbox-event.ts';
import { OutboxPolicy, type OutboxTerms } from '../../outbox.ts';
import type { Collections } from '../collections/collections.ts';
import { type PendingEvent, toPending } from '../collections/event-queries.ts';

const outboxes = new WeakMap<Collections, Outbox>();

/** What is announced by documents of these collections. */
export function outboxOf(collections: Collections): Outbox {
  const known = outboxes.get(collections);
  return known ?? openOutbox(collections, { types: USUAL_EVENT_TYPES, clock: systemClock });
}

/** Says once what the outbox of these collections takes. */
export function openOutbox(collections: Collections, terms: OutboxTerms): Outbox {
  const outbox = new Outbox(terms);
  outboxes.set(collections, outbox);
  return outbox;
}

/**
 * Events are written into the document that they are about, by the very update that makes them true: there is no commit over two documents
 * (docs/decisions/0006-mongodb-without-transactions.md). `moveEvents` takes them out.
 */
export class Outbox extends OutboxPolicy {
  /** For a document that is inserted. */
  field(drafts: readonly (EventDraft | null)[]): { readonly outbox?: readonly PendingEvent[] } {
    const pending = this.pending(drafts);
    return pending.length === 0 ? {} : { outbox: pending };
  }

  /** For an update: beside `$set`, or with other fields of a `$push`. */
  push(drafts: readonly (EventDraft | null)[]): { readonly outbox?: { readonly $each: PendingEvent[] } } {
    const pending = this.pending(drafts);
    return pending.length === 0 ? {} : { outbox: { $each: pending } };
  }

  /** As `push`, as a whole operator. */
  pushing(drafts: readonly (EventDraft | null)[]): { readonly $push?: { readonly outbox: { $each: PendingEvent[] } } } {
    const { outbox } = this.push(drafts);
    return outbox === undefined ? {} : { $push: { outbox } };
  }

  private pending(drafts: readonly (EventDraft | null)[]): PendingEvent[] {
    return this.wanted(drafts).map(toPending);
  }
}
