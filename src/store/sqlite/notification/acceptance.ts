import { namedIn } from '../../../domain/audience/audience.ts';
import { type PagePlan, type PlanPage, planPage } from '../../../domain/audience/fan-out.ts';
import { type Idempotency, judgeRepetition, type KeptKey } from '../../../domain/notification/idempotency.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { statusWith } from '../../../domain/notification/status.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import type { Acceptance, AcceptResult, RepeatedAcceptance } from '../../notification-store.ts';
import { membersNamed } from '../audience/members.ts';
import { useExperiment } from '../experiment/experiments.ts';
import type { Database } from '../file/driver.ts';
import { announceCompleted, deliveryRange, readNotification } from '../tables/notification-rows.ts';
import { numberOfPriority } from '../tables/priority-number.ts';
import { announceSuppressed, keepPlan, planWithCaps } from './pages.ts';
import { keepValues } from './recipient-values.ts';

/** An audience this large weighs as much in a commit as one more row, and gets a row of its own. */
export const USERS_PER_ROW = 100;
/** So few are fanned out in the commit that accepts them. */
const MOST_USERS_AT_ONCE = 10;
const MOST_DEVICES_AT_ONCE = 50;

/** About how many rows it writes. */
export function rowsOf({ audience, mayFanOutNow, values = null }: Acceptance): number {
  const userIds = namedIn(audience);
  const devices = mayFanOutNow && userIds.length <= MOST_USERS_AT_ONCE ? userIds.length : 0;
  const pieces = values === null ? 0 : Math.ceil(userIds.length / USERS_PER_ROW);
  return 2 + devices + Math.ceil(userIds.length / USERS_PER_ROW) + pieces;
}

export function accept(database: Database, acceptance: Acceptance): AcceptResult {
  const { notification, idempotency } = acceptance;
  const earlier = idempotency === null ? null : answerTo(database, idempotency, notification.acceptedAtMs);
  if (earlier !== null) return earlier;
  if (!useExperiment(database, notification)) return { kind: 'experiment_used' };
  const plan = planNow(database, acceptance);
  insertNotification(database, acceptance, plan);
  if (plan !== null) {
    const suppressed = keepPlan(database, notification, plan, notification.acceptedAtMs);
    if (plan.suppressions.length > 0) announceSuppressed(database, notification.id, suppressed);
    if (statusWith(plan.deliveries) === 'completed') announceCompleted(database, notification.id);
  }
  if (plan === null && acceptance.values) keepValues(database, notification.id, acceptance.values);
  if (idempotency !== null) keepKey(database, idempotency, notification.id);
  return { kind: 'accepted', fannedOut: plan };
}

/** Null where the fan-out is yet to come: it may not be done now, or is more than one commit should bear. */
function planNow(database: Database, acceptance: Acceptance): PagePlan | null {
  const { notification, audience, mayFanOutNow, terms } = acceptance;
  if (!mayFanOutNow || audience.kind !== 'user_ids' || audience.userIds.length > MOST_USERS_AT_ONCE) return null;
  const { members, next } = membersNamed(database, audience.userIds, null, MOST_DEVICES_AT_ONCE + 1);
  if (next !== null) return null;
  const nowMs = notification.acceptedAtMs;
  const plan: PlanPage = (capUsesOf) => planPage(notification, members, terms, nowMs, capUsesOf);
  return planWithCaps(database, plan, notification, terms.policy, nowMs);
}

function insertNotification(database: Database, acceptance: Acceptance, plan: PagePlan | null): void {
  const { notification, audience, requestId = null } = acceptance;
  const { id, content, sendAt } = notification;
  const userIds = namedIn(audience);
  const remaining = plan === null && audience.kind === 'user_ids' ? JSON.stringify(userIds) : null;
  const isSmall = userIds.length <= USERS_PER_ROW;
  const status = plan === null ? notification.status : statusWith(plan.deliveries);
  const madeAtMs = plan === null ? null : notification.acceptedAtMs;
  database.run(
    `INSERT INTO notifications (id, type, lane, ttl_seconds, urgency, topic, user_count, status, accepted_at,
       fan_out_cursor, content, user_ids, audience, send_at, due_at, last_wave_at, released_users,
       request_id, fan_out_began_at, fan_out_ended_at, completed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      content.type,
      numberOfPriority(notification.priority),
      notification.ttlSeconds,
      notification.urgency,
      notification.topic,
      notification.userCount,
      status,
      notification.acceptedAtMs,
      plan === null ? AUDIENCE_START : null,
      JSON.stringify(content),
      isSmall ? remaining : null,
      audience.kind === 'user_ids' ? null : JSON.stringify(audience),
      sendAt === null ? null : JSON.stringify(sendAt),
      notification.dueAtMs,
      notification.lastWaveAtMs,
      notification.releasedUsers,
      requestId,
      madeAtMs,
      madeAtMs,
      status === 'completed' ? madeAtMs : null,
    ],
  );
  if (isSmall || remaining === null) return;
  database.run('INSERT INTO audiences (notification_id, user_ids) VALUES (?, ?)', [id, remaining]);
}

function keepKey(database: Database, { key, bodyDigest, expiresAtMs }: Idempotency, id: string): void {
  database.run(
    `INSERT INTO idempotency_keys (key, body_digest, notification_id, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET body_digest = excluded.body_digest,
       notification_id = excluded.notification_id, expires_at = excluded.expires_at`,
    [key, bodyDigest, id, expiresAtMs],
  );
}

/** See `NotificationStore.repeated`. */
export function repeated(database: Database, idempotency: Idempotency, nowMs: number): RepeatedAcceptance | null {
  const earlier = answerTo(database, idempotency, nowMs);
  return earlier?.kind === 'repeated' ? earlier : null;
}

/** The answer to a call that is not the first with its key. */
function answerTo(database: Database, idempotency: Idempotency, nowMs: number): AcceptResult | null {
  const repetition = judgeRepetition(readKey(database, idempotency.key), idempotency, nowMs);
  if (repetition.kind !== 'repeated') return repetition.kind === 'first' ? null : { kind: repetition.kind };
  const notification = readNotification(database, repetition.notificationId);
  if (notification === null) return null;
  return { kind: 'repeated', notification, reachedUsers: reachedAtOnce(database, notification) };
}

/** How many users got deliveries in the commit of acceptance; null where the fan-out was left to the worker. */
function reachedAtOnce(
  database: Database,
  { id, topic, userCount, acceptedAtMs, status, sendAt }: Notification,
): number | null {
  if (status === 'accepted' || sendAt !== null || topic !== null || userCount > MOST_USERS_AT_ONCE) return null;
  const made = database.all<{ user_id: string; created_at: number }>(
    'SELECT user_id, created_at FROM deliveries WHERE id BETWEEN ? AND ? LIMIT ?',
    [...deliveryRange(id), MOST_DEVICES_AT_ONCE + 1],
  );
  const isAtOnce = made.length <= MOST_DEVICES_AT_ONCE && made.every((one) => one.created_at === acceptedAtMs);
  return isAtOnce ? new Set(made.map((one) => one.user_id)).size : null;
}

function readKey(database: Database, key: string): KeptKey | null {
  const sql = 'SELECT body_digest, notification_id, expires_at FROM idempotency_keys WHERE key = ?';
  const row = database.first<{ body_digest: string; notification_id: string; expires_at: number }>(sql, [key]);
  if (row === undefined) return null;
  return { bodyDigest: row.body_digest, notificationId: row.notification_id, expiresAtMs: row.expires_at };
}
