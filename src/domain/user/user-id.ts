/** In UTF-16 units. */
export const MAX_USER_ID_LENGTH = 128;

/** Whether this can be who a user is to the caller: text on one line. Bellhop gives it no other meaning. */
export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_USER_ID_LENGTH && !/\p{Cc}/u.test(value);
}
