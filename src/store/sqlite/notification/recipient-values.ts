import type { Values } from '../../../domain/content/wording.ts';
import { piecesOf, piecesWith, valuesIn } from '../../recipient-values.ts';
import type { Database } from '../file/driver.ts';

/** Keeps what recipients have as values until they are fanned out. */
export function keepValues(database: Database, notificationId: string, values: readonly Values[]): void {
  const sql = 'INSERT INTO recipient_values (notification_id, piece, value_lists) VALUES (?, ?, ?)';
  piecesOf(values).forEach((text, piece) => {
    database.run(sql, [notificationId, piece, text]);
  });
}

/** See `FanOutStore.valuesOf`. */
export function valuesOf(
  database: Database,
  notificationId: string,
  named: readonly string[],
  userIds: readonly string[],
): ReadonlyMap<string, Values> {
  const pieces = piecesWith(named, userIds);
  const rows = database.all<{ piece: number; value_lists: string }>(
    `SELECT piece, value_lists FROM recipient_values WHERE notification_id = ? AND piece IN (SELECT value FROM json_each(?))`,
    [notificationId, JSON.stringify(pieces)],
  );
  return valuesIn(named, userIds, new Map(rows.map(({ piece, value_lists: text }) => [piece, text])));
}

/** Each delivery has those of its recipient by now. */
export function forgetValues(database: Database, notificationId: string): number {
  return database.run('DELETE FROM recipient_values WHERE notification_id = ?', [notificationId]);
}
