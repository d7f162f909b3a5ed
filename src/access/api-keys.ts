import { AppError } from '../domain/app-error.ts';

/**
 * What a key may do. `send`: notifications, replays, registrations and subscriber tokens. `read`: look at what there is.
 * `manage`: import, delete, restore, decide about holds on pruning.
 */
export const SCOPES = ['send', 'read', 'manage'] as const;
export type Scope = (typeof SCOPES)[number];

/** A live secret. The same id twice means that a secret is being rotated; both count. */
export type ApiKey = { readonly id: string; readonly secret: string; readonly scopes: readonly Scope[] };

/** The secrets that are live at this moment: they can change while the process runs. */
export type LiveApiKeys = () => readonly ApiKey[];

/** The key that a caller means who names none. */
export const DEFAULT_KEY_ID = 'default';

/** Every live secret of this id, in the order they were given; none where there is no such key. */
export function secretsOf(keys: LiveApiKeys, id: string): readonly string[] {
  return keys()
    .filter((key) => key.id === id)
    .map((key) => key.secret);
}

/** What the key of this id may do: all secrets of one id have the same scopes. */
export function scopesOf(keys: LiveApiKeys, id: string): readonly Scope[] {
  return keys().find((key) => key.id === id)?.scopes ?? [];
}

/** The id of a key that may make subscriber tokens. Throws where none may. */
export function signingKeyOf(keys: LiveApiKeys): string {
  const key = keys().find(({ scopes }) => scopes.includes('send'));
  if (key === undefined) throw new AppError('insufficient_scope', 'No API key of this server has the scope send.');
  return key.id;
}
