import { type Subscription, shortenEndpoint } from '../domain/subscription/subscription.ts';
import { timeOfMinute } from '../domain/user/quiet-hours.ts';
import type { User } from '../domain/user/user.ts';
import type { Exported } from './exports.ts';

/**
 * A subscription, or a user who has none, as `POST /v1/subscriptions/import` takes it; without keys, the endpoint is shortened, and nobody
 * can push with it.
 */
export function exportLine({ subscription, user }: Exported, withKeys: boolean): Record<string, unknown> {
  const said = user === null ? {} : { ...(user.tags.length > 0 && { tags: user.tags }), user: saidOf(user) };
  return subscription === null ? { user_id: user.id, ...said } : { ...lineOf(subscription, withKeys), ...said };
}

function lineOf(subscription: Subscription, withKeys: boolean): Record<string, unknown> {
  const { endpoint, keys, expirationAtMs, createdAtMs, updatedAtMs } = subscription;
  return {
    user_id: subscription.userId,
    endpoint: withKeys ? endpoint : shortenEndpoint(endpoint),
    ...(withKeys && { keys: { p256dh: keys.p256dh, auth: keys.auth } }),
    vapid_public_key: subscription.vapidPublicKey,
    ...(expirationAtMs !== null && { expiration_time: isoOf(expirationAtMs) }),
    ...(subscription.locale !== null && { locale: subscription.locale }),
    ...(subscription.timeZone !== null && { time_zone: subscription.timeZone }),
    ...(subscription.userAgent !== null && { user_agent: subscription.userAgent }),
    created_at: isoOf(createdAtMs),
    updated_at: isoOf(updatedAtMs),
  };
}

/** As `PATCH /v1/users/{user_id}` takes it, but for the tags. */
function saidOf({ timeZone, locale, preferences, quietHours: quiet, pausedUntilMs }: User): Record<string, unknown> {
  const wishes = Object.entries(preferences).map(([pattern, { isWanted }]) => [pattern, isWanted]);
  return {
    ...(timeZone !== null && { time_zone: timeZone }),
    ...(locale !== null && { locale }),
    ...(wishes.length > 0 && { preferences: Object.fromEntries(wishes) }),
    ...(quiet !== null && {
      quiet_hours: {
        from: timeOfMinute(quiet.fromMinute),
        until: timeOfMinute(quiet.untilMinute),
        ...(quiet.days && { days: quiet.days }),
      },
    }),
    ...(pausedUntilMs !== null && { paused_until: isoOf(pausedUntilMs) }),
  };
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
