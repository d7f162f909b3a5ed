import type { ErasedPage, ErasedPerson } from '../../../domain/erasure/erasure.ts';
import { listWithout } from '../../../domain/erasure/traces.ts';
import { idsAfter } from '../../../domain/ids.ts';
import { withoutValues } from '../../recipient-values.ts';
import { encodeText } from '../../stored-text.ts';
import type { Database } from '../file/driver.ts';
import { emptyContents, emptyWaiting } from './contents.ts';

/** A list may have ten thousand users. */
const LISTS_AT_ONCE = 50;

/** Lists that may still lead to deliveries: whom a notification names, and whom it leaves out. */
export function eraseFromWaitingLists(database: Database, person: ErasedPerson, cursor: string | null): ErasedPage {
  const { ids, next } = waitingIds(database, cursor);
  const before = idsAfter('notification', person.untilMs);
  let [lists, contents] = [0, 0];
  for (const id of ids) {
    const found = id < before ? eraseFromWaiting(database, person, id) : null;
    lists += found === null ? 0 : 1;
    contents += found?.contents ?? 0;
  }
  return { counts: { lists, contents }, next };
}

/** First those that are sent at once, then those that come later or were cancelled: each in the order of its index. */
const WALKS = [
  `SELECT id, accepted_at AS at FROM notifications INDEXED BY notifications_status
   WHERE status = 'accepted' AND (accepted_at, id) > (?, ?) ORDER BY accepted_at, id LIMIT ?`,
  `SELECT id, due_at AS at FROM notifications INDEXED BY notifications_due
   WHERE due_at IS NOT NULL AND (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT ?`,
] as const;

type Waiting = { readonly ids: readonly string[]; readonly next: string | null };

/** A page of the notifications that are not fanned out to the end. */
export function waitingIds(database: Database, cursor: string | null): Waiting {
  const [walk, at, id] = cursor === null ? [0, -1, ''] : (JSON.parse(cursor) as [number, number, string]);
  const rows = database.all<{ id: string; at: number }>(WALKS[walk] ?? '', [at, id, LISTS_AT_ONCE]);
  const last = rows.length < LISTS_AT_ONCE ? undefined : rows.at(-1);
  const next = last === undefined ? [walk + 1, -1, ''] : [walk, last.at, last.id];
  return { ids: rows.map((row) => row.id), next: next[0] === WALKS.length ? null : JSON.stringify(next) };
}

type WaitingRow = { readonly beside: string | null; readonly apart: string | null; readonly audience: string | null };

/** What it names, as JSON: beside it, or in a row of its own. */
export function readWaiting(database: Database, id: string): WaitingRow | undefined {
  return database.first<WaitingRow>(
    `SELECT notifications.user_ids AS beside, audiences.user_ids AS apart, audience FROM notifications
     LEFT JOIN audiences ON notification_id = id WHERE id = ?`,
    [id],
  );
}

/** Null where it does not name the person. */
function eraseFromWaiting(database: Database, person: ErasedPerson, id: string): { readonly contents: number } | null {
  const row = readWaiting(database, id);
  const texts = [row?.beside, row?.apart, row?.audience].filter((text) => mayName(text, person.userId));
  if (row === undefined || texts.length === 0) return null;
  const named = JSON.parse(row.beside ?? row.apart ?? '[]') as string[];
  const index = named.indexOf(person.userId);
  if (index >= 0) forgetValuesAt(database, id, index);
  const contents = index >= 0 && named.length === 1 ? emptyWaiting(database, id) : 0;
  const without = listWithout(named, person);
  if (without !== null) {
    const text = JSON.stringify(without);
    database.run('UPDATE notifications SET user_ids = ? WHERE id = ? AND user_ids IS NOT NULL', [text, id]);
    database.run('UPDATE audiences SET user_ids = ? WHERE notification_id = ?', [text, id]);
  }
  return eraseFromExcluded(database, person, id, row.audience) || without !== null ? { contents } : null;
}

function eraseFromExcluded(database: Database, person: ErasedPerson, id: string, text: string | null): boolean {
  if (text === null) return false;
  const audience = JSON.parse(text) as { excludedIds?: readonly string[] };
  const excludedIds = listWithout(audience.excludedIds ?? [], person);
  if (excludedIds === null) return false;
  return (
    database.run('UPDATE notifications SET audience = ? WHERE id = ?', [
      JSON.stringify({ ...audience, excludedIds }),
      id,
    ]) > 0
  );
}

/** The values stand in the order of the users. */
function forgetValuesAt(database: Database, id: string, index: number): void {
  const { piece, edit } = withoutValues(index);
  const row = database.first<{ value_lists: string }>(
    'SELECT value_lists FROM recipient_values WHERE notification_id = ? AND piece = ?',
    [id, piece],
  );
  if (row === undefined) return;
  database.run('UPDATE recipient_values SET value_lists = ? WHERE notification_id = ? AND piece = ?', [
    edit(row.value_lists),
    id,
    piece,
  ]);
}

/** Lists of those who got nothing. */
export function eraseFromSuppressionLists(database: Database, person: ErasedPerson, cursor: string | null): ErasedPage {
  const rows = database.all<{ id: number; notification_id: string; user_ids: string }>(
    'SELECT id, notification_id, user_ids FROM unreached WHERE id > ? ORDER BY id LIMIT ?',
    [Number(cursor ?? 0), LISTS_AT_ONCE],
  );
  const encoded = { ...person, userId: encodeText(person.userId) };
  const before = idsAfter('notification', person.untilMs);
  const found = new Set<string>();
  let suppressions = 0;
  for (const { id, notification_id: notificationId, user_ids: text } of rows) {
    if (notificationId >= before || !mayName(text, encoded.userId)) continue;
    const without = listWithout(JSON.parse(text) as string[], encoded);
    if (without === null) continue;
    suppressions += database.run('UPDATE unreached SET user_ids = ? WHERE id = ?', [JSON.stringify(without), id]);
    found.add(notificationId);
  }
  const last = rows.length < LISTS_AT_ONCE ? undefined : rows.at(-1);
  const contents = emptyContents(database, [...found]);
  return { counts: { suppressions, contents }, next: last === undefined ? null : String(last.id) };
}

/** Cheaper than reading the list, and right wherever it says no. */
function mayName(text: string | null | undefined, userId: string): boolean {
  return text?.includes(JSON.stringify(userId)) ?? false;
}
