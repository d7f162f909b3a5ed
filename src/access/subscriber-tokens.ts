import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { isUserId } from '../domain/user/user-id.ts';
import { DEFAULT_KEY_ID, type LiveApiKeys, scopesOf, secretsOf } from './api-keys.ts';

/** The audience (RFC 7519 section 4.1.3): keeps a token that was made for another service with the same secret out. */
const AUDIENCE = 'bellhop';

export const SHORTEST_TOKEN_SECONDS = 60;
export const DEFAULT_TOKEN_SECONDS = 3600;
export const LONGEST_TOKEN_SECONDS = 86_400;

/** What a back end's clock may be ahead of ours: it says when a token ends, or begins to count. */
const CLOCK_LEEWAY_SECONDS = 300;

/** Whose token it is, and the API key whose secret signed it. */
export type Subscriber = { readonly keyId: string; readonly userId: string };

type TokenRequest = Subscriber & { readonly ttlSeconds: number };

export type SubscriberTokens = {
  /** A JWT (RFC 7519), good for this user's own subscriptions until `expiresAtMs`, which is a whole second. */
  mint(request: TokenRequest): { readonly token: string; readonly expiresAtMs: number };
};

export type TokenOptions = { readonly keys: LiveApiKeys; readonly clock: Clock };

/** Makes what a page gets in place of an API key. A back end can make the same by itself: `docs/http.md` shows how. */
export function createSubscriberTokens({ keys, clock }: TokenOptions): SubscriberTokens {
  return {
    mint({ keyId, userId, ttlSeconds }) {
      // The first is the newer one where both are given in the documented order: it outlives the rotation.
      const [secret] = secretsOf(keys, keyId);
      if (secret === undefined) throw new Error('the caller’s own key is not held');
      const iat = Math.floor(clock.now() / 1000);
      const exp = iat + ttlSeconds;
      const header = { alg: 'HS256', typ: 'JWT', kid: keyId };
      const signed = `${encode(header)}.${encode({ sub: userId, aud: AUDIENCE, iat, exp })}`;
      return { token: `${signed}.${signatureOf(signed, secret)}`, expiresAtMs: exp * 1000 };
    },
  };
}

/** Three parts, as every JWT has (RFC 7515 section 7.1). A secret may look so, too: it is compared first. */
export function looksLikeToken(text: string): boolean {
  return text.split('.').length === 3;
}

/** Throws `expired_subscriber_token`, or `invalid_subscriber_token` for any other fault. Never quotes the token. */
export function verifySubscriberToken({ keys, clock }: TokenOptions, token: string): Subscriber {
  const [header = '', claims = '', signature = ''] = token.split('.');
  if (/[+/=]/.test(token)) refuse('has a part in plain base64: use base64url (- and _) and leave out the padding');
  const { alg, kid = DEFAULT_KEY_ID, crit } = decode(header, 'header');
  // Fixed: what a token says of itself must not choose how it is checked (RFC 8725 section 3.1).
  if (alg !== 'HS256') refuse('must be signed with HS256 (“alg” in its header)');
  if (crit !== undefined) refuse('has a “crit” header, of which nothing is understood here');
  const secrets = typeof kid === 'string' ? secretsOf(keys, kid) : [];
  if (typeof kid !== 'string' || secrets.length === 0) refuse('names a key that this server does not have (“kid”)');
  if (!isSignedByAny(secrets, `${header}.${claims}`, signature)) {
    refuse('is not signed with a live secret of its key, or was changed');
  }
  // Whoever holds a secret can make a token of it: what the key may not do by itself, it shall not do as a user.
  if (!scopesOf(keys, kid).includes('send'))
    refuse('is signed with a key that may make none: it needs the scope “send”');
  return { keyId: kid, userId: checkClaims(decode(claims, 'claims'), Math.floor(clock.now() / 1000)) };
}

type Json = Readonly<Record<string, unknown>>;

function checkClaims({ sub, aud, exp, nbf }: Json, nowSeconds: number): string {
  if (!isUserId(sub)) {
    refuse('needs the user id as “sub”: a string of 1 to 128 characters, no control character, no half surrogate pair');
  }
  if (!(Array.isArray(aud) ? aud : [aud]).includes(AUDIENCE)) refuse(`must have “aud”: “${AUDIENCE}”`);
  if (typeof exp !== 'number') refuse('needs “exp”, a number: the unix time in seconds at which it ends');
  if (exp <= nowSeconds) {
    throw new AppError('expired_subscriber_token', 'The subscriber token has ended. Get a new one and try again.', {
      expired_at: new Date(Math.max(exp, 0) * 1000).toISOString(),
      server_time: new Date(nowSeconds * 1000).toISOString(),
    });
  }
  if (exp > nowSeconds + LONGEST_TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS) {
    const isMilliseconds = exp > 1000 * nowSeconds;
    refuse(isMilliseconds ? 'has “exp” in milliseconds: give seconds' : 'lives too long: “exp” is at most 24 h ahead');
  }
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= nowSeconds + CLOCK_LEEWAY_SECONDS)) {
    refuse('does not count yet (“nbf”)');
  }
  return sub;
}

/**
 * A request's signature is made with the same secrets. Neither can pass for the other: what a request signs has line
 * feeds in it, and what a token signs never has.
 */
function signatureOf(signed: string, secret: string): string {
  return createHmac('sha256', secret).update(signed).digest('base64url');
}

function isSignedByAny(secrets: readonly string[], signed: string, signature: string): boolean {
  const given = Buffer.from(signature);
  const matches = secrets.map((secret) => {
    const made = Buffer.from(signatureOf(signed, secret));
    return made.length === given.length && timingSafeEqual(made, given);
  });
  return matches.includes(true);
}

function encode(part: Json): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string, name: string): Json {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Refused below, without the parser's words: they quote.
  }
  return refuse(`has ${name} that are no JSON object in base64url`);
}

function refuse(fault: string): never {
  throw new AppError('invalid_subscriber_token', `The subscriber token ${fault}.`);
}
