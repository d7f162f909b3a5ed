import { Buffer } from 'node:buffer';
import { createECDH } from 'node:crypto';

/** Both base64url without padding: 65 octets of public point, 32 of private scalar (RFC 8292 section 3.2). */
export type VapidKeyPair = { readonly publicKey: string; readonly privateKey: string };

/** What is wrong with a key pair, as a sentence that never holds the private key, or null. */
export function vapidKeyProblem(pair: VapidKeyPair): string | null {
  const publicKey = decode(pair.publicKey);
  if (publicKey === null) return 'The VAPID public key is not base64url without padding.';
  if (publicKey.length !== 65 || publicKey[0] !== 4) {
    return `The VAPID public key must be an uncompressed P-256 point of 65 octets, and has ${publicKey.length}.`;
  }
  const privateKey = decode(pair.privateKey);
  if (privateKey === null) return 'The VAPID private key is not base64url without padding.';
  if (privateKey.length !== 32) return `The VAPID private key must have 32 octets, and has ${privateKey.length}.`;
  const derived = publicPointOf(privateKey);
  if (derived === null) return 'The VAPID private key is not a valid P-256 key.';
  return derived.equals(publicKey) ? null : 'The VAPID public key does not belong to the VAPID private key.';
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

/** Buffer skips characters that it does not know, so the alphabet is checked first. */
function decode(text: string): Buffer | null {
  return /^[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text, 'base64url') : null;
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
