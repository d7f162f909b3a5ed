import type { Values } from '../../../domain/content/wording.ts';
import { deadlineAtMs, type Notification } from '../../../domain/notification/notification.ts';
import { pieceCount, piecesOf, piecesWith, valuesIn } from '../../recipient-values.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { RECIPIENT_VALUES } from '../collections/recipient-value-queries.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';

/** Zones, and time to read what was held back. */
const KEPT_AFTER_DEADLINE_MS = 7 * 24 * 60 * 60 * 1000;

/** Before the notification that they belong to: whoever finds it finds them. Those that exist already came with the same call. */
export async function keepValues(
  { recipient_values: kept }: Collections,
  notification: Notification,
  values: readonly Values[],
): Promise<void> {
  const expiresAt = instant(deadlineAtMs(notification) + KEPT_AFTER_DEADLINE_MS);
  const documents = piecesOf(values).map((text, piece) => ({
    _id: idOf(notification.id, piece),
    values: text,
    expiresAt,
  }));
  if (documents.length === 0) return;
  try {
    await kept.insertMany(documents, { ordered: false });
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
  }
}

/** See `FanOutStore.valuesOf`. */
export async function valuesOf(
  { recipient_values: kept }: Collections,
  notificationId: string,
  named: readonly string[],
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Values>> {
  const numbers = new Map(piecesWith(named, userIds).map((piece) => [idOf(notificationId, piece), piece]));
  if (numbers.size === 0) return new Map();
  const filter = RECIPIENT_VALUES.filter([...numbers.keys()]);
  const found = await kept.find(filter, optionsOf(RECIPIENT_VALUES)).toArray();
  const pieces = new Map(found.flatMap(({ _id, values }) => ofPiece(numbers.get(_id), values)));
  return valuesIn(named, userIds, pieces);
}

function ofPiece(piece: number | undefined, values: string): [number, string][] {
  return piece === undefined ? [] : [[piece, values]];
}

/** Each delivery has those of its recipient by now. */
export async function forgetValues(
  { recipient_values: kept }: Collections,
  { id, userCount }: Notification,
): Promise<void> {
  const ids = Array.from({ length: pieceCount(userCount) }, (_, piece) => idOf(id, piece));
  await kept.deleteMany(RECIPIENT_VALUES.filter(ids), { hint: optionsOf(RECIPIENT_VALUES).hint });
}

function idOf(notificationId: string, piece: number): string {
  return `${notificationId} ${piece}`;
}
