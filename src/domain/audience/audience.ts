import type { Subscription } from '../subscription/subscription.ts';
import type { Person } from '../user/person.ts';
import type { Expression } from './expression.ts';

/** A caller names at most this many users in one call. */
export const MAX_USERS_PER_NOTIFICATION = 10_000;

/**
 * To whom a notification goes. `user_ids`: the users that the caller named, each once. `everyone`: all who have a device, or of whom
 * something was said. `tags`: those of them whom an expression has, when it is sent. Of the latter two some may be left out.
 */
export type Audience =
  | { readonly kind: 'user_ids'; readonly userIds: readonly string[] }
  | { readonly kind: 'everyone'; readonly excludedIds: readonly string[] }
  | { readonly kind: 'tags'; readonly text: string; readonly excludedIds: readonly string[] };

/** An audience in which every name is looked up: `expression` is what its text says. */
export type ResolvedAudience =
  | Exclude<Audience, { kind: 'tags' }>
  | {
      readonly kind: 'tags';
      readonly expression: Expression;
      readonly segments: ReadonlyMap<string, Expression>;
      readonly excludedIds: readonly string[];
    };

/** A subscription that a notification goes to, as far as a fan-out needs to know it. */
export type Recipient = Pick<Subscription, 'id' | 'userId' | 'endpoint' | 'locale' | 'timeZone' | 'updatedAtMs'>;

/** A user of an audience, with all active subscriptions; perhaps with none. */
export type Member = {
  readonly userId: string;
  readonly devices: readonly Recipient[];
  readonly person: Person;
};

/** The users named, once each, in the order given: naming a user twice sends once. */
export function usersNamed(userIds: readonly string[]): Extract<Audience, { kind: 'user_ids' }> {
  return { kind: 'user_ids', userIds: [...new Set(userIds)] };
}

/** The users named; none where they are found when it is sent. */
export function namedIn(audience: Audience): readonly string[] {
  return audience.kind === 'user_ids' ? audience.userIds : [];
}

/** The zone that the newest of these devices told; null where none has told any. */
export function deviceZoneOf(devices: readonly Pick<Recipient, 'timeZone' | 'updatedAtMs'>[]): string | null {
  let newest: Pick<Recipient, 'timeZone' | 'updatedAtMs'> | null = null;
  for (const device of devices) {
    if (device.timeZone !== null && (newest === null || device.updatedAtMs > newest.updatedAtMs)) newest = device;
  }
  return newest?.timeZone ?? null;
}
