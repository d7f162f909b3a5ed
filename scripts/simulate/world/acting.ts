import { AppError } from '../../../src/domain/app-error.ts';
import { ANY_DEAD_LETTER } from '../../../src/domain/delivery/dead-letter-filter.ts';
import { readNotificationBody } from '../../../src/http/v1/notification-schema.ts';
import type { IdempotencyClaim } from '../../../src/intake/accepting.ts';
import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { type Act, type Send, userName } from '../plan/plan.ts';
import type { Process } from './process.ts';
import { endpointOf } from './push-services.ts';

/** RFC 8291's own example: keys that can be encrypted to. */
const KEYS = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
};

/** Whoever calls, and what they were told. */
export type Caller = {
  readonly process: Process;
  readonly nowMs: number;
  readonly key: string;
  /** The rows as they are: a person at the console sees them. */
  readonly database: Database;
  readonly accepted: (key: string, notificationId: string) => void;
};

/** Does what an act says. What is refused is an answer as good as any; what fails otherwise rejects. */
export async function perform(act: Act, caller: Caller): Promise<void> {
  try {
    await done(act, caller);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

async function done(act: Act, caller: Caller): Promise<unknown> {
  const { process, nowMs } = caller;
  switch (act.kind) {
    case 'send':
      return send(act.send, caller);
    case 'register':
      return register(act, process);
    case 'unsubscribe':
      return withNth(caller, 'SELECT id FROM subscriptions ORDER BY id DESC', act.back, (id) =>
        process.subscriptions.delete(id, null),
      );
    case 'patch_user': {
      const { pausedForSeconds: seconds } = act;
      const pause = seconds === null ? {} : { pausedUntilMs: nowMs + seconds * 1000 };
      return process.users.patch(userName(act.user), { ...act.patch, ...pause });
    }
    case 'erase':
      return process.erasures.erase(userName(act.user));
    case 'cancel':
      return withNth(caller, 'SELECT id FROM notifications ORDER BY id DESC', act.back, (id) =>
        process.notifications.cancel(id),
      );
    case 'replay': {
      const ended = "SELECT id FROM deliveries WHERE state IN ('failed', 'expired') ORDER BY ended_at DESC, id";
      return withNth(caller, ended, act.back, (id) => process.deadLetters.replay(id, { ttlSeconds: act.ttlSeconds }));
    }
    case 'schedule':
      return process.schedules.put(act.key, () => draftOf(act));
    case 'trigger': {
      const { notification } = await process.schedules.trigger(act.key, claimOf(caller.key));
      return caller.accepted(caller.key, notification.id);
    }
    default:
      return operate(act, caller);
  }
}

type Operation = Extract<Act, { kind: 'bulk' | 'decide_hold' | 'pause' | 'listen' | 'resend_events' }>;

async function operate(act: Operation, caller: Caller): Promise<unknown> {
  const { process } = caller;
  switch (act.kind) {
    case 'bulk': {
      const { action, ttlSeconds } = act;
      return process.bulkActions.start({ action, filter: ANY_DEAD_LETTER, ttlSeconds }, claimOf(caller.key));
    }
    case 'decide_hold':
      return withNth(caller, "SELECT id FROM prune_holds WHERE state = 'open' ORDER BY id DESC", 0, (id) =>
        process.pruneHolds[act.decision](id),
      );
    case 'listen':
      return process.webhookEndpoints.create({ url: `https://example.com/hooks/${act.endpoint}` });
    case 'resend_events': {
      const sinceMs = caller.nowMs - act.sinceSeconds * 1000;
      return withNth(caller, 'SELECT id FROM webhook_endpoints ORDER BY id', 0, (id) =>
        process.webhookEndpoints.replaySince(id, sinceMs),
      );
    }
    case 'pause':
      return process.sending.pause();
  }
}

async function withNth(
  { database }: Caller,
  sql: string,
  back: number,
  work: (id: string) => Promise<unknown>,
): Promise<unknown> {
  const row = database.first<{ id: string }>(`${sql} LIMIT 1 OFFSET ?`, [back]);
  return row === undefined ? null : work(row.id);
}

function register({ user, device, service, zone }: Extract<Act, { kind: 'register' }>, process: Process) {
  return process.subscriptions.register({
    userId: userName(user),
    endpoint: endpointOf(service, user, device),
    keys: KEYS,
    expirationAtMs: null,
    locale: null,
    timeZone: zone,
    userAgent: null,
    vapidPublicKey: null,
    formerId: null,
    isByToken: false,
  });
}

async function send(asked: Send, { process, key, nowMs, accepted }: Caller): Promise<void> {
  const request = readNotificationBody(bodyOf(asked, nowMs));
  const { notification } = await process.notifications.accept(request, claimOf(key));
  accepted(key, notification.id);
}

/** As a caller writes it. */
function bodyOf({ to, type, priority, ttlSeconds, topic, sendAt }: Send, nowMs: number): Record<string, unknown> {
  return {
    type,
    title: 'Hello',
    ...(to === 'everyone' && { audience: { everyone: true } }),
    ...(to === 'beta' && { audience: { tags: 'beta || @service:fcm' } }),
    ...(typeof to === 'object' && { user_ids: to.map(userName) }),
    ...(priority !== null && { priority }),
    ...(ttlSeconds !== null && { ttl_seconds: ttlSeconds }),
    ...(topic !== null && { topic }),
    ...(sendAt?.kind === 'instant' && { send_at: new Date(nowMs + sendAt.inSeconds * 1000).toISOString() }),
    ...(sendAt?.kind === 'local' && {
      send_at: {
        local: new Date(nowMs + sendAt.inMinutes * 60_000).toISOString().slice(0, 16),
        if_passed: sendAt.ifPassed,
      },
    }),
  };
}

function draftOf({ key, cron, timeZone, catchUpSeconds, isPaused, send: asked }: Extract<Act, { kind: 'schedule' }>) {
  const times = { cron, timeZone, startsAtMs: null, endsAtMs: null };
  return { ...times, key, notification: bodyOf(asked, 0), catchUpSeconds, isPaused };
}

function claimOf(key: string): IdempotencyClaim {
  return { keyId: 'main', key, method: 'POST', path: '/v1/notifications', rawBody: Buffer.from(key) };
}
