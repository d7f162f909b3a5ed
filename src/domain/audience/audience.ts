import type { Subscription } from '../subscription/subscription.ts';

/** A caller names at most this many users in one call. */
export const MAX_USERS_PER_NOTIFICATION = 10_000;

/** To whom a notification goes. `user_ids`: the users that the caller named, each once. */
export type Audience = { readonly kind: 'user_ids'; readonly userIds: readonly string[] };

/** A subscription that a notification goes to, as far as a fan-out needs to know it. */
export type Recipient = Pick<Subscription, 'id' | 'userId' | 'endpoint'>;

/** The users named, once each, in the order given: naming a user twice sends once. */
export function usersNamed(userIds: readonly string[]): Audience {
  return { kind: 'user_ids', userIds: [...new Set(userIds)] };
}
