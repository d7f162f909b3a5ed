/** A caller names at most this many users in one call. */
export const MAX_USERS_PER_NOTIFICATION = 10_000;

/**
 * How far a fan-out has come: `userIndex` is the next user in the audience not yet begun with, `after` the last
 * subscription handled within the current chunk of users. Stored, so that a fan-out resumes where it stopped.
 */
export type FanOutCursor = {
  readonly userIndex: number;
  readonly after: { readonly userId: string; readonly subscriptionId: string } | null;
};

export const FAN_OUT_START: FanOutCursor = { userIndex: 0, after: null };

/** The same users once each, in the order given: naming a user twice sends once. */
export function uniqueUsers(userIds: readonly string[]): string[] {
  return [...new Set(userIds)];
}
