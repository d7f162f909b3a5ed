/** What somebody at the console may do. A viewer changes nothing. */
export const OPERATOR_ROLES = ['viewer', 'operator'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Somebody who looks at the console: how they are called, and what they may do. */
export type Operator = { readonly name: string; readonly role: OperatorRole };

/** Good for one sign-in. The store has only digests: who reads a backup signs in with none of them. */
export type SignInLink = Operator & { readonly digest: string; readonly expiresAtMs: number };

/** One browser that is signed in. */
export type OperatorSession = Operator & {
  readonly digest: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The API key whose secret opened it, and with which it ends; null where a link did. */
  readonly keyId: string | null;
};

/** How long a link waits for its one use. */
export const LINK_LIFE_MS = 5 * 60_000;
/** A working day and what is left over; nothing prolongs it. */
export const SESSION_LIFE_MS = 12 * 3_600_000;

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._@+'’-]{0,63}$/u;

/** Whether operators may be called so: it stands in pages, in the log and in the audit log. */
export function isOperatorName(text: string): boolean {
  return NAME.test(text) && text.trim() === text;
}
