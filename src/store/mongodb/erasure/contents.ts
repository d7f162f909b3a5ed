import { contentWithoutWords } from '../../../domain/erasure/traces.ts';
import type { NotificationContent } from '../../../domain/notification/notification.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { NotificationDocument } from '../collections/notification-document.ts';
import { NOTIFICATIONS_BY_ID } from '../collections/notification-queries.ts';

/** See `ErasureStore.emptyContents`. */
export async function emptyContents({ notifications }: Collections, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const one = { userCount: 1, cursor: { $exists: false }, dueAtMs: { $exists: false } };
  const filter = { ...NOTIFICATIONS_BY_ID.filter(ids), ...one };
  let count = 0;
  for await (const { _id, content } of notifications.find(filter, optionsOf(NOTIFICATIONS_BY_ID))) {
    const without = withoutWords(content);
    if (without === content) continue;
    count += (await notifications.updateOne({ _id, ...one }, { $set: { content: without } })).modifiedCount;
  }
  return count;
}

/** Of one that names the person and nobody else, and is still to go out, or to end: nobody gets it any more. */
export async function emptyWaiting(
  { notifications }: Collections,
  { _id, content }: Pick<NotificationDocument, '_id' | 'content'>,
): Promise<number> {
  return (await notifications.updateOne({ _id }, { $set: { content: withoutWords(content) } })).modifiedCount;
}

function withoutWords(content: string): string {
  return JSON.stringify(contentWithoutWords(JSON.parse(content) as NotificationContent));
}
