import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

export type VapidFacts = {
  readonly publicKey: string;
  readonly audience: string;
  readonly subject: string;
  readonly expiresAtSeconds: number;
};

export type VapidCheck =
  | { readonly kind: 'valid'; readonly facts: VapidFacts }
  | { readonly kind: 'fault'; readonly message: string };

const MAX_LIFE_SECONDS = 24 * 60 * 60;

/** Checks an `Authorization: vapid t=..., k=...` header as a push service must (RFC 8292 sections 2 and 3). */
export function checkVapid(authorization: string | undefined, audience: string, nowMs: number): VapidCheck {
  const parameters = /^vapid\s+(.*)$/i.exec(authorization ?? '')?.[1]?.split(/\s*,\s*/) ?? [];
  const token = parameterNamed(parameters, 't');
  const publicKey = parameterNamed(parameters, 'k');
  if (token === null || publicKey === null) return fault('Missing or malformed vapid Authorization header');
  const [header, claims, signature, ...rest] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    return fault('The VAPID token is not a JWT');
  }
  if (readJson(header).alg !== 'ES256') return fault('The VAPID token is not signed with ES256');
  const key = readKey(publicKey);
  if (key === null) return fault('The VAPID key k is not an uncompressed P-256 point');
  const signed = Buffer.from(`${header}.${claims}`);
  // RFC 7518 section 3.4: the two numbers side by side, not DER.
  const isSigned = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  return isSigned ? checkClaims(readJson(claims), publicKey, audience, nowMs) : fault('Invalid VAPID signature');
}

function checkClaims(
  { aud, exp, sub }: Record<string, unknown>,
  publicKey: string,
  audience: string,
  nowMs: number,
): VapidCheck {
  if (aud !== audience) return fault(`The VAPID audience is not ${audience}`);
  if (typeof exp !== 'number' || !Number.isInteger(exp)) return fault('The VAPID expiry is not a number of seconds');
  if (exp * 1000 <= nowMs) return fault('The VAPID token has expired');
  if (exp * 1000 > nowMs + MAX_LIFE_SECONDS * 1000) return fault('The VAPID token expires more than 24 hours ahead');
  if (typeof sub !== 'string' || !/^(?:mailto:|https:)/.test(sub)) return fault('The VAPID subject is not a contact');
  return { kind: 'valid', facts: { publicKey, audience, subject: sub, expiresAtSeconds: exp } };
}

function fault(message: string): VapidCheck {
  return { kind: 'fault', message };
}

function parameterNamed(parameters: readonly string[], name: string): string | null {
  return parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(2) ?? null;
}

function readJson(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function readKey(text: string): KeyObject | null {
  const point = Buffer.from(text, 'base64url');
  if (point.length !== 65 || point[0] !== 4) return null;
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33).toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    return null;
  }
}
