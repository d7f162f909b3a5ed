import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { headerItem } from './mozilla-headers.ts';
import type { Fault, FaultKind, SubjectRule, VapidRules } from './profile.ts';

export type VapidFacts = {
  readonly publicKey: string;
  readonly audience: string;
  /** Null where there is none, and the service asks for none. */
  readonly subject: string | null;
  readonly expiresAtSeconds: number;
};

export type VapidCheck =
  | { readonly kind: 'valid'; readonly facts: VapidFacts }
  | { readonly kind: 'fault'; readonly fault: Fault };

const MISSING = 'Missing or malformed vapid Authorization header';
const MAX_LIFE_SECONDS = 24 * 60 * 60;

/** By what a token is judged. `audience` is the service's own origin. */
export type VapidExpectation = { readonly audience: string; readonly nowMs: number; readonly rules: VapidRules };

/** Checks an `Authorization: vapid t=..., k=...` header as a push service must (RFC 8292 sections 2 and 3). */
export function checkVapid(headers: IncomingHttpHeaders, expected: VapidExpectation): VapidCheck {
  if (headers.authorization === undefined) return fault('vapid_missing', MISSING);
  const presented = readPresented(headers.authorization, headers['crypto-key']?.toString() ?? '', expected.rules);
  if ('fault' in presented) return { kind: 'fault', fault: presented.fault };
  const { token, publicKey } = presented;
  const [header, claims, signature, ...rest] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    return fault('vapid_malformed', 'The VAPID token is not a JWT');
  }
  if (readJson(header).alg !== 'ES256') return fault('vapid_malformed', 'The VAPID token is not signed with ES256');
  const key = readKey(publicKey);
  if (key === null) return fault('vapid_key', 'The VAPID key k is not an uncompressed P-256 point');
  const signed = Buffer.from(`${header}.${claims}`);
  // RFC 7518 section 3.4: the two numbers side by side, not DER.
  const isSigned = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  if (!isSigned) return fault('vapid_signature', 'Invalid VAPID signature');
  return checkClaims(readJson(claims), publicKey, expected);
}

type Presented = { readonly token: string; readonly publicKey: string } | { readonly fault: Fault };

function readPresented(authorization: string, cryptoKey: string, { takesOldForms }: VapidRules): Presented {
  const [, scheme = '', rest = ''] = /^([^ \t]*)[ \t](.*)$/.exec(authorization) ?? [];
  if (/^vapid$/i.test(scheme)) {
    const parameters = rest.split(',').map((parameter) => parameter.trim());
    const token = parameterNamed(parameters, 't');
    const publicKey = parameterNamed(parameters, 'k');
    if (token === null || publicKey === null) return malformed(MISSING);
    return { token, publicKey: takesOldForms ? canonicalKey(publicKey) : publicKey };
  }
  if (!takesOldForms) return malformed(MISSING);
  if (!/^(?:bearer|webpush)$/i.test(scheme)) return malformed('Unknown auth scheme');
  const publicKey = headerItem(cryptoKey, 'p256ecdsa');
  if (publicKey !== null) return { token: rest.trim(), publicKey: canonicalKey(publicKey) };
  return { fault: { kind: 'coding', message: 'Missing p256ecdsa in Crypto-Key header' } };
}

function malformed(message: string): Presented {
  return { fault: { kind: 'vapid_malformed', message } };
}

/** Buffer reads both alphabets, and passes padding over. */
function canonicalKey(text: string): string {
  return Buffer.from(text, 'base64url').toString('base64url');
}

function checkClaims(
  { aud, exp, sub }: Record<string, unknown>,
  publicKey: string,
  { audience, nowMs, rules }: VapidExpectation,
): VapidCheck {
  if (aud !== audience) return fault('vapid_audience', `The VAPID audience is not ${audience}`);
  if (typeof exp !== 'number' || !Number.isInteger(exp)) {
    return fault('vapid_malformed', 'The VAPID expiry is not a number of seconds');
  }
  if ((exp + rules.leewaySeconds) * 1000 <= nowMs) return fault('vapid_expiry', 'The VAPID token has expired');
  if (exp * 1000 > nowMs + MAX_LIFE_SECONDS * 1000) {
    return fault('vapid_too_long', 'The VAPID token expires more than 24 hours ahead');
  }
  const subject = typeof sub === 'string' ? sub : null;
  if (!isSubject(subject, rules.subject)) return fault('vapid_subject', 'The VAPID subject is not a contact');
  return { kind: 'valid', facts: { publicKey, audience, subject, expiresAtSeconds: exp } };
}

function isSubject(subject: string | null, rule: SubjectRule): boolean {
  if (rule === 'any') return true;
  if (subject === null || !/^(?:mailto:|https:)/.test(subject)) return false;
  return rule === 'contact' || isPublicContact(subject);
}

/** As far as is known of Apple: no spaces or angle brackets, and a host that is not this machine. */
function isPublicContact(subject: string): boolean {
  if (/[\s<>]/.test(subject)) return false;
  const host = subject.startsWith('mailto:') ? (/@([^@]+)$/.exec(subject)?.[1] ?? '') : hostOf(subject);
  return host.includes('.') && !/(?:^|\.)localhost$|^127\./i.test(host);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function fault(kind: FaultKind, message: string): VapidCheck {
  return { kind: 'fault', fault: { kind, message } };
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
