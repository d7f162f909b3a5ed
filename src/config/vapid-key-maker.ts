import { createECDH } from 'node:crypto';
import type { VapidKeyPair } from '../domain/push-service/vapid-key.ts';

const PRIVATE_KEY_OCTETS = 32;

/** A fresh P-256 key pair (RFC 8292 section 3.2), from the system's randomness. */
export function generateVapidKeys(): VapidKeyPair {
  const curve = createECDH('prime256v1');
  const publicKey = curve.generateKeys('base64url');
  // Node leaves leading zeros out.
  const scalar = curve.getPrivateKey();
  const privateKey = Buffer.concat([Buffer.alloc(PRIVATE_KEY_OCTETS - scalar.length), scalar]).toString('base64url');
  return { publicKey, privateKey };
}
