import { Buffer } from 'node:buffer';
import { createCipheriv, createECDH, createHmac, createSecretKey, randomFillSync } from 'node:crypto';
import type { SubscriptionKeys } from '../domain/subscription/subscription.ts';

/** Encrypts a payload to a browser's keys. Null where the keys are no keys. */
export type EncryptMessage = (keys: SubscriptionKeys, payload: string) => Buffer | null;

const SALT_OCTETS = 16;
const SALTS_AT_ONCE = 256;
const POINT_OCTETS = 65;
const AUTH_OCTETS = 16;
/** The salt, the record size and the sender's public key with its length (RFC 8188 section 2.1). */
const HEADER_OCTETS = SALT_OCTETS + 4 + 1 + POINT_OCTETS;
const RECORD_SIZE = 4096;
/** Ends the last record (RFC 8188 section 2). */
const END_OF_LAST_RECORD = '\x02';

const WEB_PUSH_INFO = Buffer.from('WebPush: info\0');
const KEY_INFO = Buffer.from('Content-Encoding: aes128gcm\0\x01');
const NONCE_INFO = Buffer.from('Content-Encoding: nonce\0\x01');
const ONE_BLOCK = Buffer.of(1);
const KEY_IS_OCTETS = { encoding: 'latin1' } as const;

/**
 * Message Encryption for Web Push (RFC 8291) in one `aes128gcm` record (RFC 8188), with a key pair and a salt of its own
 * for each message. A third cheaper than the library's general form (docs/decisions/0011-own-encryption.md), and compared
 * with that and with the RFC's example in the tests.
 */
export function createEncryptMessage(fillRandom: (octets: Buffer) => void = randomFillSync): EncryptMessage {
  const curve = createECDH('prime256v1');
  const nextSalt = createSalts(fillRandom);
  return ({ p256dh, auth }, payload) => {
    const receiver = Buffer.from(p256dh, 'base64url');
    const authSecret = Buffer.from(auth, 'base64url');
    if (receiver.length !== POINT_OCTETS || authSecret.length !== AUTH_OCTETS) return null;
    const sender = curve.generateKeys();
    const shared = sharedSecret(curve, receiver);
    return shared === null ? null : seal({ receiver, authSecret, sender, shared, salt: nextSalt() }, payload);
  };
}

export type MessageSecrets = {
  readonly receiver: Buffer;
  readonly authSecret: Buffer;
  readonly sender: Buffer;
  /** What ECDH gave for the two. */
  readonly shared: Buffer;
  readonly salt: Buffer;
};

/** The body to send, once all that is random is settled (RFC 8291 section 3.4). */
export function seal({ receiver, authSecret, sender, shared, salt }: MessageSecrets, payload: string): Buffer {
  // HKDF (RFC 5869), whose expansions here are each shorter than one block.
  const keyInfo = [WEB_PUSH_INFO, receiver, sender, ONE_BLOCK];
  const agreed = hmac(authSecret, shared);
  const secret = hmac(salt, hmac(agreed, ...keyInfo));
  const key = createSecretKey(hmac(secret, KEY_INFO).subarray(0, 16));
  const cipher = createCipheriv('aes-128-gcm', key, hmac(secret, NONCE_INFO).subarray(0, 12));
  const header = Buffer.allocUnsafe(HEADER_OCTETS);
  salt.copy(header);
  header.writeUInt32BE(RECORD_SIZE, SALT_OCTETS);
  header.writeUInt8(POINT_OCTETS, SALT_OCTETS + 4);
  sender.copy(header, SALT_OCTETS + 5);
  const record = cipher.update(payload.concat(END_OF_LAST_RECORD), 'utf8');
  return Buffer.concat([header, record, cipher.final(), cipher.getAuthTag()]);
}

/**
 * The key goes in as text, an octet a character: of a Buffer, Node 24 finds out by two exceptions that it is no key object,
 * which was a quarter of what a message cost.
 */
function hmac(key: Buffer, ...texts: readonly Buffer[]): Buffer {
  const digest = createHmac('sha256', key.toString('latin1'), KEY_IS_OCTETS);
  for (const text of texts) digest.update(text);
  return digest.digest();
}

/** Refuses what is no point on the curve. */
function sharedSecret(curve: ReturnType<typeof createECDH>, receiver: Buffer): Buffer | null {
  try {
    return curve.computeSecret(receiver);
  } catch {
    return null;
  }
}

/** Drawn many at once: asking the system for sixteen octets costs as much as asking for thousands. */
function createSalts(fillRandom: (octets: Buffer) => void): () => Buffer {
  let drawn = Buffer.alloc(0);
  let next = 0;
  return () => {
    if (next === drawn.length) {
      // A new one each time: messages under way still hold parts of the last.
      const fresh = Buffer.alloc(SALT_OCTETS * SALTS_AT_ONCE);
      fillRandom(fresh);
      drawn = fresh;
      next = 0;
    }
    next += SALT_OCTETS;
    return drawn.subarray(next - SALT_OCTETS, next);
  };
}
