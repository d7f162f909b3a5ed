import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { statusWith } from '../../../domain/notification/status.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { AudienceCursor } from '../../audience-store.ts';
import type { FanOut, FanOutPage, FanOutStore } from '../../fan-out-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { insertDelivery } from '../tables/delivery-rows.ts';
import { completeIfFinal, type NotificationRow, toNotification } from '../tables/notification-rows.ts';
import { priorityOf } from '../tables/priority-number.ts';
import type { FanOutMemory } from './fan-out-memory.ts';

export function sqliteFanOuts(database: Database, commits: GroupCommit, memory: FanOutMemory): FanOutStore {
  return {
    get(id) {
      const remembered = memory.take(id);
      return commits.read(() => {
        const fanOut = remembered ?? readFanOut(database, id);
        if (fanOut !== null) memory.noteUnderWay(fanOut);
        return fanOut;
      });
    },
    async commitPage(page) {
      const { notificationId: id, from, to } = page;
      const fanOut = memory.take(id);
      const isKept = await commits.write(page.deliveries.length + 1, () => commitPage(database, page), 'in_turn');
      if (isKept && to !== null && fanOut?.cursor === from) memory.noteUnderWay({ ...fanOut, cursor: to });
      return isKept;
    },
    unfinished: (acceptedBeforeMs, limit) => commits.read(() => unfinished(database, acceptedBeforeMs, limit)),
  };
}

function readFanOut(database: Database, id: string): FanOut | null {
  const row = database.first<NotificationRow & { user_ids: string | null }>(
    'SELECT * FROM notifications WHERE id = ?',
    [id],
  );
  if (row === undefined || row.fan_out_cursor === null) return null;
  const userIds = JSON.parse(row.user_ids ?? largeAudience(database, id)) as string[];
  return {
    notification: toNotification(row),
    audience: { kind: 'user_ids', userIds },
    cursor: row.fan_out_cursor,
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
  if (to === null && from !== AUDIENCE_START) completeIfFinal(database, notificationId);
  return true;
}

function move(database: Database, id: string, from: AudienceCursor, to: AudienceCursor): boolean {
  const sql = 'UPDATE notifications SET fan_out_cursor = ? WHERE id = ? AND fan_out_cursor = ?';
  return database.run(sql, [to, id, from]) > 0;
}

function finish(database: Database, id: string, from: AudienceCursor, deliveries: readonly Delivery[]): boolean {
  const status = from === AUDIENCE_START ? statusWith(deliveries) : 'sending';
  const moved = database.run(
    `UPDATE notifications SET fan_out_cursor = NULL, user_ids = NULL, status = ?
     WHERE id = ? AND fan_out_cursor = ?`,
    [status, id, from],
  );
  if (moved === 0) return false;
  database.run('DELETE FROM audiences WHERE notification_id = ?', [id]);
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
