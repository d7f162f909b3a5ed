import { FAN_OUT_START, type FanOutCursor } from '../../../domain/audience/audience.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { statusWith } from '../../../domain/notification/status.ts';
import { cursorText, parseCursor } from '../../fan-out-cursor.ts';
import type { FanOut, NotificationStore } from '../../notification-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { insertDelivery } from '../tables/delivery-rows.ts';
import { completeIfFinal, type NotificationRow, toNotification } from '../tables/notification-rows.ts';
import { priorityOf } from '../tables/priority-number.ts';

type FanOuts = Pick<NotificationStore, 'fanOut' | 'commitFanOut' | 'unfinishedFanOuts'>;
type FanOutPage = Parameters<NotificationStore['commitFanOut']>[0];

/** `remember`: has the first page of one that was accepted just now begin without reading it back. */
export type SqliteFanOuts = FanOuts & { remember(notification: Notification, userIds: readonly string[]): void };

/** Those accepted and not yet begun with; the rest are read. */
const MOST_REMEMBERED = 1000;
/** Those of large audiences between two pages: a list of ten thousand takes longer to read than to write a page for. */
const MOST_UNDER_WAY = 16;

export function sqliteFanOuts(database: Database, commits: GroupCommit): SqliteFanOuts {
  const accepted = new Map<string, FanOut>();
  const underWay = new Map<string, FanOut>();
  return {
    remember(notification, userIds) {
      if (accepted.size < MOST_REMEMBERED)
        accepted.set(notification.id, { notification, userIds, cursor: FAN_OUT_START });
    },
    fanOut(id) {
      const remembered = accepted.get(id) ?? underWay.get(id);
      // One that has moved on meanwhile is refused by `commitFanOut`, as every late writer is.
      accepted.delete(id);
      underWay.delete(id);
      return commits.read(() => {
        const fanOut = remembered ?? readFanOut(database, id);
        if (fanOut !== null && underWay.size < MOST_UNDER_WAY) underWay.set(id, fanOut);
        return fanOut;
      });
    },
    async commitFanOut(page) {
      const { notificationId: id, from, to } = page;
      const fanOut = underWay.get(id);
      accepted.delete(id);
      underWay.delete(id);
      const isKept = await commits.write(page.deliveries.length + 1, () => commitPage(database, page), 'in_turn');
      const isSame = fanOut !== undefined && cursorText(fanOut.cursor) === cursorText(from);
      if (isKept && to !== null && isSame) underWay.set(id, { ...fanOut, cursor: to });
      return isKept;
    },
    unfinishedFanOuts: (acceptedBeforeMs, limit) => commits.read(() => unfinished(database, acceptedBeforeMs, limit)),
  };
}

function readFanOut(database: Database, id: string): FanOut | null {
  const row = database.first<NotificationRow & { user_ids: string | null }>(
    'SELECT * FROM notifications WHERE id = ?',
    [id],
  );
  if (row === undefined || row.fan_out_cursor === null) return null;
  const audience = row.user_ids ?? largeAudience(database, id);
  return {
    notification: toNotification(row),
    userIds: JSON.parse(audience) as string[],
    cursor: parseCursor(row.fan_out_cursor),
  };
}

function largeAudience(database: Database, id: string): string {
  const sql = 'SELECT user_ids FROM audiences WHERE notification_id = ?';
  return database.first<{ user_ids: string }>(sql, [id])?.user_ids ?? '[]';
}

function commitPage(database: Database, { notificationId, from, to, deliveries }: FanOutPage): boolean {
  const isMoved =
    to === null ? finish(database, notificationId, from, deliveries) : move(database, notificationId, from, to);
  if (!isMoved) return false;
  for (const delivery of deliveries) insertDelivery(database, delivery);
  // Where there is one page alone, `finish` has seen every delivery.
  if (to === null && !isStart(from)) completeIfFinal(database, notificationId);
  return true;
}

function move(database: Database, id: string, from: FanOutCursor, to: FanOutCursor): boolean {
  const sql = 'UPDATE notifications SET fan_out_cursor = ? WHERE id = ? AND fan_out_cursor = ?';
  return database.run(sql, [cursorText(to), id, cursorText(from)]) > 0;
}

function finish(database: Database, id: string, from: FanOutCursor, deliveries: readonly Delivery[]): boolean {
  const status = isStart(from) ? statusWith(deliveries) : 'sending';
  const moved = database.run(
    `UPDATE notifications SET fan_out_cursor = NULL, user_ids = NULL, status = ?
     WHERE id = ? AND fan_out_cursor = ?`,
    [status, id, cursorText(from)],
  );
  if (moved === 0) return false;
  database.run('DELETE FROM audiences WHERE notification_id = ?', [id]);
  return true;
}

function isStart({ userIndex, after }: FanOutCursor): boolean {
  return userIndex === 0 && after === null;
}

function unfinished(database: Database, acceptedBeforeMs: number, limit: number) {
  const rows = database.all<{ id: string; lane: number }>(
    `SELECT id, lane FROM notifications WHERE status = 'accepted' AND accepted_at < ?
     ORDER BY accepted_at, id LIMIT ?`,
    [acceptedBeforeMs, limit],
  );
  return rows.map(({ id, lane }) => ({ id, priority: priorityOf(lane) }));
}
