/** A live secret. The same id twice means that a secret is being rotated; both count. */
export type ApiKey = { readonly id: string; readonly secret: string };

/** The key that a caller means who names none. */
export const DEFAULT_KEY_ID = 'default';

/** Every live secret of this id, in the order they were given; none where there is no such key. */
export function secretsOf(keys: readonly ApiKey[], id: string): readonly string[] {
  return keys.filter((key) => key.id === id).map((key) => key.secret);
}
