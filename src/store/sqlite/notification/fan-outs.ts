import type { Audience } from '../../../domain/audience/audience.ts';
import type { SuppressionCounts } from '../../../domain/audience/suppression.ts';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import { type ErasedLately, planWithoutErased } from '../../../domain/erasure/traces.ts';
import { isPersonal } from '../../../domain/experiment/variant-content.ts';
import { statusWith } from '../../../domain/notification/status.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { AudienceCursor } from '../../audience-store.ts';
import type { DueFanOut, FannedOut, FanOut, FanOutPage, FanOutStore, PageOfWave } from '../../fan-out-store.ts';
import type { ErasedMemory } from '../erasure/erased-memory.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { textList } from '../file/sql-value.ts';
import {
  announceCompleted,
  completeIfFinal,
  deliveryRange,
  type NotificationRow,
  toNotification,
} from '../tables/notification-rows.ts';
import { priorityOf } from '../tables/priority-number.ts';
import { namedUsers } from './audiences.ts';
import { endCancelled } from './cancelling.ts';
import type { FanOutMemory } from './fan-out-memory.ts';
import { announceSuppressed, keepPlan, planWithCaps, suppressedBefore } from './pages.ts';
import { forgetValues, valuesOf } from './recipient-values.ts';

export function sqliteFanOuts(
  database: Database,
  commits: GroupCommit,
  { fanOuts: memory, erased }: { readonly fanOuts: FanOutMemory; readonly erased: ErasedMemory },
): FanOutStore {
  return {
    get(id) {
      const remembered = memory.take(id);
      return commits.read(() => {
        const fanOut = remembered ?? readFanOut(database, id);
        if (fanOut !== null && fanOut.notification.sendAt === null) memory.noteUnderWay(fanOut);
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
      const before = isLastPage(page) && !isFirstPage(page) ? await suppressedBefore(database, commits, id) : undefined;
      const fannedOut = await commits.write(rows, () => commitPage(database, page, erased.lately, before), 'in_turn');
      const isKnown = fanOut?.cursor === from && page.wave === null;
      if (fannedOut !== null && to !== null && isKnown) memory.noteUnderWay({ ...fanOut, cursor: to });
      return fannedOut;
    },
    valuesOf: (id, named, userIds) => commits.read(() => valuesOf(database, id, named, userIds)),
    unfinished: (acceptedBeforeMs, limit) => commits.read(() => unfinished(database, acceptedBeforeMs, limit)),
    due: (untilMs, limit) => commits.read(() => due(database, untilMs, limit)),
    async endCancelled(id, nowMs) {
      const before = await suppressedBefore(database, commits, id);
      await commits.write(1, () => endCancelled(database, id, nowMs, before));
    },
    decided: (query) => commits.read(() => decided(database, query)),
  };
}

type FanOutRow = NotificationRow & {
  readonly user_ids: string | null;
  readonly audience: string | null;
  readonly following_at: number | null;
};

function readFanOut(database: Database, id: string): FanOut | null {
  const row = database.first<FanOutRow>('SELECT * FROM notifications WHERE id = ?', [id]);
  if (row === undefined || row.fan_out_cursor === null) return null;
  const audience: Audience =
    row.audience === null
      ? { kind: 'user_ids', userIds: namedUsers(database, id) }
      : (JSON.parse(row.audience) as Audience);
  const { fan_out_cursor: cursor, following_at: followingAtMs } = row;
  return { notification: toNotification(row), audience, cursor, followingAtMs, begun: null };
}

type Place = Pick<FanOutPage, 'from' | 'to' | 'wave'>;

/** Nothing follows it. */
function isLastPage({ to, wave }: Place): boolean {
  return to === null && (wave === null || wave.followingAtMs === null);
}

/** Nothing came before it. */
function isFirstPage({ from, wave }: Place): boolean {
  return from === AUDIENCE_START && wave === null;
}

function commitPage(
  database: Database,
  page: FanOutPage,
  erased: ErasedLately,
  before?: SuppressionCounts,
): FannedOut | null {
  const { notification, from, to, members, policy, nowMs, isUserCountOpen, wave } = page;
  const { id } = notification;
  const plan = planWithoutErased(planWithCaps(database, page.plan, notification, policy, nowMs), erased);
  const isMoved =
    wave !== null
      ? moveInWave(database, page, wave)
      : to === null
        ? finish(database, page, plan.deliveries)
        : move(database, id, from, to, nowMs);
  if (!isMoved) return null;
  const isLast = isLastPage(page);
  if (isLast && isPersonal(notification.content)) forgetValues(database, id);
  const suppressed = keepPlan(database, notification, plan, nowMs);
  if (isUserCountOpen) countUsers(database, id, members.length);
  const isOnlyPage = isFirstPage(page);
  if (isLast && (!isOnlyPage || plan.suppressions.length > 0)) announceSuppressed(database, id, suppressed, before);
  if (isLast && isOnlyPage && statusWith(plan.deliveries) === 'completed') announceCompleted(database, id);
  // Where there is one page alone, `finish` has seen every delivery.
  if (to === null && !isOnlyPage) completeIfFinal(database, id);
  return plan;
}

/** Of an audience whose users are found when it is sent, they are counted as they come. */
function countUsers(database: Database, id: string, members: number): void {
  database.run('UPDATE notifications SET user_count = user_count + ? WHERE id = ?', [members, id]);
}

function move(database: Database, id: string, from: AudienceCursor, to: AudienceCursor, nowMs: number): boolean {
  const sql = `UPDATE notifications SET fan_out_cursor = ?, fan_out_began_at = coalesce(fan_out_began_at, ?)
     WHERE id = ? AND fan_out_cursor = ?`;
  return database.run(sql, [to, nowMs, id, from]) > 0;
}

function finish(
  database: Database,
  { notification: { id }, from, nowMs }: FanOutPage,
  deliveries: readonly Delivery[],
): boolean {
  const status = from === AUDIENCE_START ? statusWith(deliveries) : 'sending';
  const moved = database.run(
    `UPDATE notifications SET fan_out_cursor = NULL, user_ids = NULL, audience = NULL, status = ?,
       fan_out_began_at = coalesce(fan_out_began_at, ?), fan_out_ended_at = ?, completed_at = ?
     WHERE id = ? AND fan_out_cursor = ?`,
    [status, nowMs, nowMs, status === 'completed' ? nowMs : null, id, from],
  );
  if (moved === 0) return false;
  forgetAudience(database, id);
  return true;
}

/** Whom it was for, where that is a row of its own. */
function forgetAudience(database: Database, id: string): void {
  database.run('DELETE FROM audiences WHERE notification_id = ?', [id]);
}

/** On within the wave; from the last page to the next wave, if there is one; or to the end. */
function moveInWave(
  database: Database,
  { notification: { id }, from, to, members, nowMs }: FanOutPage,
  { atMs, followingAtMs }: PageOfWave,
): boolean {
  const isLast = to === null && followingAtMs === null;
  const isNextWave = to === null && followingAtMs !== null;
  const moved = database.run(
    `UPDATE notifications SET status = 'sending', fan_out_cursor = ?, due_at = ?, following_at = ?,
       released_users = released_users + ?, user_ids = iif(?, NULL, user_ids), audience = iif(?, NULL, audience),
       last_wave_at = iif(?, min(last_wave_at, ?), last_wave_at),
       fan_out_began_at = coalesce(fan_out_began_at, ?), fan_out_ended_at = ?
     WHERE id = ? AND fan_out_cursor = ? AND due_at = ? AND cancelled_at IS NULL`,
    [
      isLast ? null : (to ?? AUDIENCE_START),
      isLast ? null : isNextWave ? followingAtMs : atMs,
      isNextWave ? null : followingAtMs,
      members.length,
      isLast ? 1 : 0,
      isLast ? 1 : 0,
      isLast ? 1 : 0,
      nowMs,
      nowMs,
      isLast ? nowMs : null,
      id,
      from,
      atMs,
    ],
  );
  if (moved > 0 && isLast) forgetAudience(database, id);
  return moved > 0;
}

function unfinished(database: Database, acceptedBeforeMs: number, limit: number) {
  const rows = database.all<{ id: string; lane: number }>(
    `SELECT id, lane FROM notifications WHERE status = 'accepted' AND accepted_at < ?
     ORDER BY accepted_at, id LIMIT ?`,
    [acceptedBeforeMs, limit],
  );
  return rows.map(({ id, lane }) => ({ id, priority: priorityOf(lane) }));
}

function due(database: Database, untilMs: number, limit: number): readonly DueFanOut[] {
  const rows = database.all<{ id: string; lane: number; due_at: number }>(
    `SELECT id, lane, due_at FROM notifications INDEXED BY notifications_due WHERE due_at IS NOT NULL AND due_at <= ?
     ORDER BY due_at, id LIMIT ?`,
    [untilMs, limit],
  );
  return rows.map(({ id, lane, due_at: dueAtMs }) => ({ id, priority: priorityOf(lane), dueAtMs }));
}

/** A page and all that it decides are one commit, so whoever is in the tables was decided before. */
function decided(
  database: Database,
  { notificationId, userIds }: Parameters<FanOutStore['decided']>[0],
): ReadonlySet<string> {
  const rows = database.all<{ id: string }>(
    `SELECT value AS id FROM json_each(?) AS asked
     WHERE EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_user WHERE user_id = asked.value AND id BETWEEN ? AND ?)
       OR EXISTS (SELECT 1 FROM suppressions WHERE notification_id = ? AND user_id = asked.value)`,
    [textList(userIds), ...deliveryRange(notificationId), notificationId],
  );
  return new Set(rows.map(({ id }) => id));
}
