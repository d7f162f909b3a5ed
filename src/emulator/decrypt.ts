import { Buffer } from 'node:buffer';
import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto';

/** What a browser keeps to itself, and its public key. */
export type ReceiverKeys = { readonly publicKey: Buffer; readonly privateKey: Buffer; readonly authSecret: Buffer };

const SALT_OCTETS = 16;
const TAG_OCTETS = 16;
const POINT_OCTETS = 65;
/** Salt, record size and the length of the key id (RFC 8188 section 2.1). */
const FIXED_HEADER_OCTETS = SALT_OCTETS + 4 + 1;
/** Ends the last record (RFC 8188 section 2); a push message has only the one (RFC 8291 section 4). */
const LAST_RECORD_DELIMITER = 2;

/** A body that no browser could read, and why. */
export class DecryptError extends Error {}

/**
 * Decrypts a push message as a browser does (RFC 8291, over the aes128gcm coding of RFC 8188), with node:crypto alone,
 * so that it shares no mistake with the library that encrypts. Throws DecryptError.
 */
export function decryptPush(body: Buffer, keys: ReceiverKeys): Buffer {
  const { salt, senderKey, record } = readHeader(body);
  const { contentKey, nonce } = deriveKeys(salt, senderKey, keys);
  const decipher = createDecipheriv('aes-128-gcm', contentKey, nonce);
  decipher.setAuthTag(record.subarray(-TAG_OCTETS));
  try {
    return withoutPadding(Buffer.concat([decipher.update(record.subarray(0, -TAG_OCTETS)), decipher.final()]));
  } catch (error) {
    if (error instanceof DecryptError) throw error;
    throw new DecryptError('the authentication tag does not fit: wrong keys, or the body was changed');
  }
}

function readHeader(body: Buffer): { salt: Buffer; senderKey: Buffer; record: Buffer } {
  if (body.length < FIXED_HEADER_OCTETS) throw new DecryptError('the body is shorter than its header');
  const keyIdOctets = body.readUInt8(SALT_OCTETS + 4);
  if (keyIdOctets !== POINT_OCTETS) throw new DecryptError(`the key id has ${keyIdOctets} octets, not ${POINT_OCTETS}`);
  const record = body.subarray(FIXED_HEADER_OCTETS + keyIdOctets);
  if (record.length <= TAG_OCTETS) throw new DecryptError('there is no record after the header');
  if (record.length > body.readUInt32BE(SALT_OCTETS)) throw new DecryptError('there is more than one record');
  return {
    salt: body.subarray(0, SALT_OCTETS),
    senderKey: body.subarray(FIXED_HEADER_OCTETS, FIXED_HEADER_OCTETS + keyIdOctets),
    record,
  };
}

function deriveKeys(salt: Buffer, senderKey: Buffer, keys: ReceiverKeys): { contentKey: Buffer; nonce: Buffer } {
  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), keys.publicKey, senderKey]);
  const material = derive(sharedSecret(senderKey, keys.privateKey), keys.authSecret, keyInfo, 32);
  return {
    contentKey: derive(material, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16),
    nonce: derive(material, salt, Buffer.from('Content-Encoding: nonce\0'), 12),
  };
}

function sharedSecret(senderKey: Buffer, privateKey: Buffer): Buffer {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(privateKey);
  try {
    return curve.computeSecret(senderKey);
  } catch {
    throw new DecryptError('the key id is not a point on P-256');
  }
}

function derive(material: Buffer, salt: Buffer, info: Buffer, octets: number): Buffer {
  return Buffer.from(hkdfSync('sha256', material, salt, info, octets));
}

function withoutPadding(padded: Buffer): Buffer {
  const end = padded.findLastIndex((octet) => octet !== 0);
  if (padded[end] !== LAST_RECORD_DELIMITER) throw new DecryptError('the record does not end as a last record does');
  return padded.subarray(0, end);
}
