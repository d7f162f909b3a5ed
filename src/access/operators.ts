import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import {
  LINK_LIFE_MS,
  type Operator,
  type OperatorRole,
  type OperatorSession,
  SESSION_LIFE_MS,
} from '../domain/operator/operator.ts';
import type { OperatorStore } from '../store/operator-store.ts';
import { type ApiKey, type LiveApiKeys, SCOPES, type Scope, scopesOf } from './api-keys.ts';

/** A browser that was just signed in: what it is to keep, and until when. */
type SignedIn = { readonly token: string; readonly session: OperatorSession };

/** Lets people into the console. A token is 256 random bits, and only its digest is kept. */
export type Operators = {
  /** A link's token, good once. */
  mintLink(operator: Operator): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
  /** Whom a link is for; null where it cannot be used (any more). Does not use it up. */
  linkFor(token: string): Promise<Operator | null>;
  /** Throws `sign_in_refused` where the link was used, is too old, or never was. */
  signInByLink(token: string): Promise<SignedIn>;
  /** Throws `sign_in_refused` where this is no live secret, or one that may not even read. */
  signInBySecret(secret: string): Promise<SignedIn>;
  /** Who looks; null where nobody is signed in with this. The role is what it is now, where an API key opened the session. */
  find(token: string): Promise<OperatorSession | null>;
  signOut(token: string): Promise<void>;
  /** Signs everybody out, and takes back links. Returns how many sessions ended. */
  revokeAll(): Promise<number>;
};

export type OperatorsOptions = {
  readonly keys: LiveApiKeys;
  readonly store: OperatorStore;
  readonly clock: Clock;
};

const USED = 'This link was used, or is older than five minutes. Make another one: bellhop console-link.';
const NO_SECRET = 'This is no live API secret of this server.';
const NO_SCOPE = 'The key of this secret may not read, so it opens no console.';

/** Sessions of the console, and the two ways to get one: a link from the command line, or an API secret. */
export function createOperators({ keys, store, clock }: OperatorsOptions): Operators {
  const signIn = async (operator: Operator, keyId: string | null): Promise<SignedIn> => {
    // A new token with each sign-in: what a browser had before is never made more of.
    const token = newToken();
    const nowMs = clock.now();
    const times = { createdAtMs: nowMs, expiresAtMs: nowMs + SESSION_LIFE_MS };
    const session = { digest: digestOf(token), name: operator.name, role: operator.role, keyId, ...times };
    await store.addSession(session);
    return { token, session };
  };
  return {
    async mintLink({ name, role }) {
      const token = newToken();
      const expiresAtMs = clock.now() + LINK_LIFE_MS;
      await store.addLink({ digest: digestOf(token), name, role, expiresAtMs });
      return { token, expiresAtMs };
    },
    linkFor: (token) => store.findLink(digestOf(token), clock.now()),
    async signInByLink(token) {
      const link = await store.takeLink(digestOf(token), clock.now());
      if (link === null) throw new AppError('sign_in_refused', USED);
      return signIn(link, null);
    },
    async signInBySecret(secret) {
      const key = keyOfSecret(keys(), secret);
      if (key === null) throw new AppError('sign_in_refused', NO_SECRET);
      const role = roleOf(key.scopes);
      if (role === null) throw new AppError('sign_in_refused', NO_SCOPE);
      return signIn({ name: key.id, role }, key.id);
    },
    async find(token) {
      const session = await store.findSession(digestOf(token), clock.now());
      if (session === null || session.keyId === null) return session;
      const role = roleOf(scopesOf(keys, session.keyId));
      return role === null ? null : { ...session, role };
    },
    signOut: (token) => store.endSession(digestOf(token)),
    revokeAll: () => store.endAll(),
  };
}

/** An operator does whatever any key may; a key that may only read opens a viewer's session. Null: none at all. */
export function roleOf(scopes: readonly Scope[]): OperatorRole | null {
  if (SCOPES.every((scope) => scopes.includes(scope))) return 'operator';
  return scopes.includes('read') ? 'viewer' : null;
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function digestOf(token: string): string {
  return createHash('sha256').update(`bellhop console ${token}`).digest('base64url');
}

/** Every key is compared, and digests are equally long: the time it takes tells nothing. */
function keyOfSecret(keys: readonly ApiKey[], given: string): ApiKey | null {
  const digest = sha256(given);
  const matches = keys.filter(({ secret }) => timingSafeEqual(sha256(secret), digest));
  return matches[0] ?? null;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
