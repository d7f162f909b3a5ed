import { cursorText, parseCursor } from '../fan-out-cursor.ts';
import type { FanOut, NotificationStore } from '../notification-store.ts';
import { insertDelivery } from './delivery-rows.ts';
import type { Database } from './driver.ts';
import type { GroupCommit } from './group-commit.ts';
import { priorityOf } from './lane-number.ts';
import { completeIfFinal, type NotificationRow, toNotification } from './notification-rows.ts';

type FanOuts = Pick<NotificationStore, 'fanOut' | 'commitFanOut' | 'unfinishedFanOuts'>;
type FanOutPage = Parameters<NotificationStore['commitFanOut']>[0];

export function sqliteFanOuts(database: Database, commits: GroupCommit): FanOuts {
  return {
    fanOut: (id) => commits.read(() => readFanOut(database, id)),
    commitFanOut: (page) => commits.write(page.deliveries.length + 1, () => commitPage(database, page)),
    unfinishedFanOuts: (acceptedBeforeMs, limit) => commits.read(() => unfinished(database, acceptedBeforeMs, limit)),
  };
}

function readFanOut(database: Database, id: string): FanOut | null {
  const row = database.first<NotificationRow & { user_ids: string }>(
    `SELECT notifications.*, audiences.user_ids FROM notifications JOIN audiences ON notification_id = notifications.id
     WHERE notifications.id = ?`,
    [id],
  );
  if (row === undefined || row.fan_out_cursor === null) return null;
  return {
    notification: toNotification(row),
    userIds: JSON.parse(row.user_ids) as string[],
    cursor: parseCursor(row.fan_out_cursor),
  };
}

function commitPage(database: Database, { notificationId, from, to, deliveries }: FanOutPage): boolean {
  const hasMoved =
    database.run(
      `UPDATE notifications SET fan_out_cursor = ?, status = CASE WHEN ? = 1 THEN 'sending' ELSE status END
       WHERE id = ? AND fan_out_cursor = ?`,
      [to === null ? null : cursorText(to), to === null ? 1 : 0, notificationId, cursorText(from)],
    ) > 0;
  if (!hasMoved) return false;
  for (const delivery of deliveries) insertDelivery(database, delivery);
  if (to === null) {
    database.run('DELETE FROM audiences WHERE notification_id = ?', [notificationId]);
    completeIfFinal(database, notificationId);
  }
  return true;
}

function unfinished(database: Database, acceptedBeforeMs: number, limit: number) {
  const rows = database.all<{ id: string; lane: number }>(
    `SELECT id, lane FROM notifications WHERE status = 'accepted' AND accepted_at < ?
     ORDER BY accepted_at, id LIMIT ?`,
    [acceptedBeforeMs, limit],
  );
  return rows.map(({ id, lane }) => ({ id, priority: priorityOf(lane) }));
}
