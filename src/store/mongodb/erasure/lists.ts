import type { ErasedPage, ErasedPerson } from '../../../domain/erasure/erasure.ts';
import { listWithout } from '../../../domain/erasure/traces.ts';
import { idsAfter } from '../../../domain/ids.ts';
import { withoutValues } from '../../recipient-values.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { SUPPRESSIONS_WALKED } from '../collections/erasure-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { NotificationDocument } from '../collections/notification-document.ts';
import {
  DUE_NOTIFICATIONS,
  NOTIFICATION_WITH_AUDIENCE,
  UNFINISHED_FAN_OUTS,
} from '../collections/notification-queries.ts';
import { RECIPIENT_VALUES } from '../collections/recipient-value-queries.ts';
import type { SuppressionDocument } from '../collections/suppression-queries.ts';
import { emptyContents, emptyWaiting } from './contents.ts';

/** A document may have ten thousand users; few have so many. */
const DOCUMENTS_AT_ONCE = 1000;
const DOCUMENTS_A_BATCH = 50;

/** Lists that may still lead to deliveries: whom a notification names, whom a page of it has, and whom it leaves out. */
export async function eraseFromWaitingLists(collections: Collections, person: ErasedPerson): Promise<ErasedPage> {
  const userId = encodeText(person.userId);
  let [lists, contents] = [0, 0];
  for await (const document of waitingDocuments(collections)) {
    if (document._id >= idsAfter('notification', person.untilMs)) continue;
    const { userIds = [] } = document;
    // First: by the list it is found, as long as that has the person.
    if (userIds.length === 1 && userIds[0] === userId) contents += await emptyWaiting(collections, document);
    if (await eraseFromWaiting(collections, person, document)) lists += 1;
  }
  return { counts: { lists, contents }, next: null };
}

/** Notifications that are not fanned out to the end, with whom they name. */
export async function* waitingDocuments({ notifications }: Collections): AsyncGenerator<NotificationDocument> {
  const unfinished = UNFINISHED_FAN_OUTS.filter(Number.MAX_SAFE_INTEGER);
  const due = DUE_NOTIFICATIONS.filter(Number.MAX_SAFE_INTEGER);
  const walks = [
    notifications.find(unfinished, optionsOf(UNFINISHED_FAN_OUTS)),
    notifications.find(due, optionsOf(DUE_NOTIFICATIONS)),
  ];
  for (const walk of walks) {
    for await (const { _id } of walk) {
      const filter = NOTIFICATION_WITH_AUDIENCE.filter(_id);
      const document = await notifications.findOne(filter, optionsOf(NOTIFICATION_WITH_AUDIENCE));
      if (document !== null) yield document;
    }
  }
}

async function eraseFromWaiting(
  collections: Collections,
  person: ErasedPerson,
  { _id, userIds, page, audience }: NotificationDocument,
): Promise<boolean> {
  const { notifications } = collections;
  const userId = encodeText(person.userId);
  const named = { arrayFilters: [{ own: userId }] };
  const index = userIds?.indexOf(userId) ?? -1;
  let isNamed = false;
  if (index >= 0) {
    await forgetValuesAt(collections, _id, index);
    await notifications.updateOne({ _id, userIds: userId }, { $set: { 'userIds.$[own]': person.alias } }, named);
    isNamed = true;
  }
  if (page?.userIds.includes(userId)) {
    const set = { $set: { 'page.userIds.$[own]': person.alias } };
    await notifications.updateOne({ _id, 'page.userIds': userId }, set, named);
    isNamed = true;
  }
  const without = audience === undefined ? null : excludedWithout(audience, person);
  if (audience === undefined || without === null) return isNamed;
  await notifications.updateOne({ _id, audience }, { $set: { audience: without } });
  return true;
}

function excludedWithout(text: string, person: ErasedPerson): string | null {
  const audience = JSON.parse(text) as { excludedIds?: readonly string[] };
  const excludedIds = listWithout(audience.excludedIds ?? [], person);
  return excludedIds === null ? null : JSON.stringify({ ...audience, excludedIds });
}

/** The values stand in the order of the users. */
async function forgetValuesAt({ recipient_values: kept }: Collections, id: string, index: number): Promise<void> {
  const { piece, edit } = withoutValues(index);
  for (;;) {
    const found = await kept.findOne(RECIPIENT_VALUES.filter([`${id} ${piece}`]), optionsOf(RECIPIENT_VALUES));
    if (found === null) return;
    const { _id, values } = found;
    if ((await kept.updateOne({ _id, values }, { $set: { values: edit(values) } })).matchedCount > 0) return;
  }
}

const LISTS = ['unreached', 'missed', 'cancelled'] as const;

/** Lists of those who got nothing. */
export async function eraseFromSuppressionLists(
  collections: Collections,
  person: ErasedPerson,
  cursor: string | null,
): Promise<ErasedPage> {
  const userId = encodeText(person.userId);
  const before = idsAfter('notification', person.untilMs);
  const options = { ...optionsOf(SUPPRESSIONS_WALKED), limit: DOCUMENTS_AT_ONCE, batchSize: DOCUMENTS_A_BATCH };
  let [suppressions, contents, seen, last] = [0, 0, 0, ''];
  for await (const document of collections.suppressions.find(SUPPRESSIONS_WALKED.filter(cursor ?? ''), options)) {
    [seen, last] = [seen + 1, document._id];
    if (document.notificationId >= before) continue;
    const lists = listsWith(document, userId);
    if (lists.length > 0) contents += await emptyContents(collections, [document.notificationId]);
    for (const list of lists) {
      const set = { $set: { [`${list}.$[own]`]: person.alias } };
      const options = { arrayFilters: [{ own: userId }] };
      const named = { _id: document._id, [list]: userId };
      suppressions += (await collections.suppressions.updateOne(named, set, options)).modifiedCount;
    }
  }
  return { counts: { suppressions, contents }, next: seen < DOCUMENTS_AT_ONCE ? null : last };
}

function listsWith(document: SuppressionDocument, userId: string): readonly (typeof LISTS)[number][] {
  return LISTS.filter((list) => document[list]?.includes(userId) === true);
}
