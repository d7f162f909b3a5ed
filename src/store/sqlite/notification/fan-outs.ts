import type { Audience } from '../../../domain/audience/audience.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { statusWith } from '../../../domain/notification/status.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { AudienceCursor } from '../../audience-store.ts';
import type { FannedOut, FanOut, FanOutPage, FanOutStore } from '../../fan-out-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { completeIfFinal, type NotificationRow, toNotification } from '../tables/notification-rows.ts';
import { priorityOf } from '../tables/priority-number.ts';
import type { FanOutMemory } from './fan-out-memory.ts';
import { keepPlan, planWithCaps } from './pages.ts';

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
      const {
        notification: { id },
        from,
        to,
        members,
      } = page;
      const fanOut = memory.take(id);
      const rows = members.reduce((sum, { devices }) => sum + Math.max(1, devices.length), 1);
      const fannedOut = await commits.write(rows, () => commitPage(database, page), 'in_turn');
      if (fannedOut !== null && to !== null && fanOut?.cursor === from) memory.noteUnderWay({ ...fanOut, cursor: to });
      return fannedOut;
    },
    unfinished: (acceptedBeforeMs, limit) => commits.read(() => unfinished(database, acceptedBeforeMs, limit)),
  };
}

function readFanOut(database: Database, id: string): FanOut | null {
  const row = database.first<NotificationRow & { user_ids: string | null; audience: string | null }>(
    'SELECT * FROM notifications WHERE id = ?',
    [id],
  );
  if (row === undefined || row.fan_out_cursor === null) return null;
  const audience: Audience =
    row.audience === null
      ? { kind: 'user_ids', userIds: JSON.parse(row.user_ids ?? largeAudience(database, id)) as string[] }
      : (JSON.parse(row.audience) as Audience);
  return { notification: toNotification(row), audience, cursor: row.fan_out_cursor };
}

function largeAudience(database: Database, id: string): string {
  const sql = 'SELECT user_ids FROM audiences WHERE notification_id = ?';
  return database.first<{ user_ids: string }>(sql, [id])?.user_ids ?? '[]';
}

function commitPage(database: Database, page: FanOutPage): FannedOut | null {
  const { notification, from, to, members, policy, nowMs, isUserCountOpen } = page;
  const { id } = notification;
  const plan = planWithCaps(database, page.plan, notification, policy, nowMs);
  const isMoved = to === null ? finish(database, id, from, plan.deliveries) : move(database, id, from, to);
  if (!isMoved) return null;
  keepPlan(database, notification, plan, nowMs);
  if (isUserCountOpen) countUsers(database, id, members.length);
  // Where there is one page alone, `finish` has seen every delivery.
  if (to === null && from !== AUDIENCE_START) completeIfFinal(database, id);
  return plan;
}

/** Of an audience whose users are found when it is sent, they are counted as they come. */
function countUsers(database: Database, id: string, members: number): void {
  database.run('UPDATE notifications SET user_count = user_count + ? WHERE id = ?', [members, id]);
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
