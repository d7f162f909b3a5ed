import { Buffer } from 'node:buffer';
import { createECDH, createPrivateKey, createPublicKey, ECDH } from 'node:crypto';
import { hexOctetsOf, octetsOf, pemOctetsOf } from '../key-text.ts';

/** Both base64url without padding: 65 octets of public point, 32 of private scalar (RFC 8292 section 3.2). */
export type VapidKeyPair = { readonly publicKey: string; readonly privateKey: string };

/** A pair as Bellhop keeps it, or what is wrong with it, as a sentence that never holds the private key. */
export type VapidKeyReading =
  | { readonly kind: 'pair'; readonly pair: VapidKeyPair }
  | { readonly kind: 'problem'; readonly problem: string };

const POINT_OCTETS = 65;
const SCALAR_OCTETS = 32;
/** SEC 1 section 2.3.3: the first octet of an uncompressed point. */
const UNCOMPRESSED = 4;
/** Some tools write a private key as a number, without the zeros that it begins with: one in 65 536 lacks two octets. */
const MOST_ZEROS_LOST = 4;

/**
 * Reads a key pair in whatever form other tools write it: base64url, common base64, hexadecimal, PEM or DER (SPKI; PKCS#8,
 * SEC 1), a compressed point, a private key without the zeros it begins with.
 */
export function readVapidPair(texts: VapidKeyPair): VapidKeyReading {
  const publicKey = publicOctetsOf(texts.publicKey);
  if (publicKey === null) return problem('The VAPID public key is not base64url, hexadecimal or PEM (PUBLIC KEY).');
  if (publicKey.length !== POINT_OCTETS || publicKey[0] !== UNCOMPRESSED) {
    const words = `an uncompressed P-256 point of ${POINT_OCTETS} octets`;
    return problem(`The VAPID public key must be ${words}, and has ${publicKey.length}.`);
  }
  const privateKey = privateOctetsOf(texts.privateKey);
  if (privateKey === null) return problem(privateFormProblem(texts.privateKey));
  if (privateKey.length !== SCALAR_OCTETS) {
    return problem(`The VAPID private key must have ${SCALAR_OCTETS} octets, and has ${privateKey.length}.`);
  }
  const derived = publicPointOf(privateKey);
  if (derived === null) return problem('The VAPID private key is not a valid P-256 key.');
  if (!derived.equals(publicKey)) {
    const right = derived.toString('base64url');
    return problem(`The VAPID public key does not belong to the VAPID private key, whose public key is ${right}.`);
  }
  return {
    kind: 'pair',
    pair: { publicKey: publicKey.toString('base64url'), privateKey: privateKey.toString('base64url') },
  };
}

/** A VAPID public key, in any form, as base64url of its uncompressed point; null where the text is none. */
export function readVapidPublicKey(text: string): string | null {
  const octets = publicOctetsOf(text);
  return octets?.length === POINT_OCTETS && octets[0] === UNCOMPRESSED ? octets.toString('base64url') : null;
}

/** The public key that belongs to a private one, in base64url; null where the text is no private key. */
export function vapidPublicKeyOf(privateKey: string): string | null {
  const scalar = privateOctetsOf(privateKey);
  return scalar?.length === SCALAR_OCTETS ? (publicPointOf(scalar)?.toString('base64url') ?? null) : null;
}

/**
 * What is wrong with a VAPID subject (RFC 8292 section 2.1), as a sentence, or null. Stricter than the RFC where Apple
 * is: it answers 403 BadJwtToken to localhost, spaces, angle brackets and bare addresses.
 */
export function vapidSubjectProblem(subject: string): string | null {
  if (/[\s<>\p{C}]/u.test(subject)) {
    return 'The VAPID subject must not hold spaces or angle brackets: write mailto:ops@example.com.';
  }
  const host = /^mailto:/i.test(subject) ? mailHost(subject) : webHost(subject);
  if (host === null) {
    return 'The VAPID subject must be a mailto: address or an https: URL, such as mailto:ops@example.com.';
  }
  if (!host.includes('.') || /(?:^|\.)localhost$|^127\./i.test(host)) {
    return 'The VAPID subject must name a public host: Apple refuses every push with localhost in it.';
  }
  return null;
}

function problem(sentence: string): VapidKeyReading {
  return { kind: 'problem', problem: sentence };
}

function privateFormProblem(text: string): string {
  if (text.includes('ENCRYPTED')) {
    return 'The VAPID private key is a PEM with a passphrase: take the passphrase off with `openssl pkcs8 -topk8 -nocrypt`.';
  }
  return 'The VAPID private key is not base64url, hexadecimal or PEM (PRIVATE KEY, EC PRIVATE KEY) of a P-256 key.';
}

function publicOctetsOf(text: string): Buffer | null {
  const pem = pemOctetsOf(text, 'PUBLIC KEY');
  if (pem !== null) return pointIn(() => createPublicKey({ key: pem.octets, format: 'der', type: 'spki' }));
  const octets = hexOctetsOf(text, POINT_OCTETS) ?? octetsOf(text);
  if (octets === null || octets.length === POINT_OCTETS) return octets;
  if (octets.length > POINT_OCTETS) {
    return pointIn(() => createPublicKey({ key: octets, format: 'der', type: 'spki' })) ?? octets;
  }
  return octets.length === SCALAR_OCTETS + 1 ? (uncompressed(octets) ?? octets) : octets;
}

function privateOctetsOf(text: string): Buffer | null {
  const pem = pemOctetsOf(text, 'PRIVATE KEY', 'EC PRIVATE KEY');
  if (pem !== null) return scalarIn(pem.octets, pem.label === 'PRIVATE KEY' ? 'pkcs8' : 'sec1');
  const octets = hexOctetsOf(text, SCALAR_OCTETS) ?? octetsOf(text);
  if (octets === null) return null;
  if (octets.length === SCALAR_OCTETS + 1 && octets[0] === 0) return octets.subarray(1);
  if (octets.length > SCALAR_OCTETS + 1) return scalarIn(octets, 'pkcs8') ?? scalarIn(octets, 'sec1') ?? octets;
  const zerosLost = SCALAR_OCTETS - octets.length;
  return zerosLost > 0 && zerosLost <= MOST_ZEROS_LOST ? Buffer.concat([Buffer.alloc(zerosLost), octets]) : octets;
}

/** Null where it is no P-256 key. */
function pointIn(read: () => ReturnType<typeof createPublicKey>): Buffer | null {
  try {
    const { crv, x = '', y = '' } = read().export({ format: 'jwk' });
    return crv === 'P-256' ? Buffer.concat([Buffer.of(UNCOMPRESSED), decoded(x), decoded(y)]) : null;
  } catch {
    return null;
  }
}

function scalarIn(key: Buffer, type: 'pkcs8' | 'sec1'): Buffer | null {
  try {
    const { crv, d = '' } = createPrivateKey({ key, format: 'der', type }).export({ format: 'jwk' });
    return crv === 'P-256' ? decoded(d) : null;
  } catch {
    return null;
  }
}

function decoded(base64url: string): Buffer {
  return Buffer.from(base64url, 'base64url');
}

function uncompressed(point: Buffer): Buffer | null {
  try {
    return ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'uncompressed') as Buffer;
  } catch {
    return null;
  }
}

function publicPointOf(privateKey: Buffer): Buffer | null {
  try {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(privateKey);
    return curve.getPublicKey();
  } catch {
    return null;
  }
}

function mailHost(subject: string): string | null {
  return /^mailto:[^@,?]+@([^@,?]+)$/i.exec(subject)?.[1] ?? null;
}

function webHost(subject: string): string | null {
  return /^https:\/\//i.test(subject) && URL.canParse(subject) ? new URL(subject).hostname : null;
}
