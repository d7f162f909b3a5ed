/** In UTF-16 units. */
export const MAX_USER_ID_LENGTH = 128;

/**
 * Whether this can be who a user is to the caller: well-formed text on one line. Half of a surrogate pair is stored and sent
 * as U+FFFD, so that two users could become one. Bellhop gives a user id no other meaning.
 */
export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_USER_ID_LENGTH && !UNUSABLE.test(value);
}

/** Control characters, and halves of surrogate pairs. */
const UNUSABLE = /[\p{Cc}\p{Cs}]/u;
