import { notificationSuppressed } from '../../../domain/event/event-drafts.ts';
import type { EventDraft } from '../../../domain/event/outbox-event.ts';
import { countByReason } from '../audience/suppression-counts.ts';
import type { Collections } from '../collections/collections.ts';
import { outboxOf } from '../event/outbox.ts';

/** The part of an update of a notification that tells how many got nothing of it, and why, once nobody is left to decide about. */
export async function announceSuppressed(collections: Collections, id: string) {
  return outboxOf(collections).pushing([await suppressedSummary(collections, id)]);
}

export async function suppressedSummary(collections: Collections, id: string): Promise<EventDraft | null> {
  const outbox = outboxOf(collections);
  if (!outbox.tells('notification.suppressed')) return null;
  return notificationSuppressed(id, await countByReason(collections, id), outbox.now());
}
