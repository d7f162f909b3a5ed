import { createECDH, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import webPush from 'web-push';
import { DecryptError, decryptPush, type ReceiverKeys } from '../../src/emulator/decrypt.ts';

/** RFC 8291, section 5 and appendix A. */
const RFC_8291 = {
  plaintext: 'When I grow up, I want to be a watermelon',
  receiverPublic: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  receiverPrivate: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  authSecret: 'BTBZMqHH6r4Tts7J_aSIgg',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
    'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
} as const;

const octets = (text: string): Buffer => Buffer.from(text, 'base64url');

const rfcKeys: ReceiverKeys = {
  publicKey: octets(RFC_8291.receiverPublic),
  privateKey: octets(RFC_8291.receiverPrivate),
  authSecret: octets(RFC_8291.authSecret),
};

function freshKeys(): ReceiverKeys {
  const curve = createECDH('prime256v1');
  const publicKey = curve.generateKeys();
  return { publicKey, privateKey: curve.getPrivateKey(), authSecret: randomBytes(16) };
}

function encryptByWebPush(payload: string, keys: ReceiverKeys): Buffer {
  const [p256dh, auth] = [keys.publicKey.toString('base64url'), keys.authSecret.toString('base64url')];
  return webPush.encrypt(p256dh, auth, payload, 'aes128gcm').cipherText;
}

describe('decryptPush', () => {
  test('decrypts the message of RFC 8291 appendix A', () => {
    expect(decryptPush(octets(RFC_8291.body), rfcKeys).toString('utf8')).toBe(RFC_8291.plaintext);
  });

  test('decrypts what web-push encrypts for the receiver of the RFC', () => {
    expect(decryptPush(encryptByWebPush(RFC_8291.plaintext, rfcKeys), rfcKeys).toString('utf8')).toBe(
      RFC_8291.plaintext,
    );
  });

  test.each(['', 'é 日本 🛎', 'x'.repeat(3993), '\u0000\u0002\u0000'])('round trip of payload %#', (payload) => {
    const keys = freshKeys();
    const body = encryptByWebPush(payload, keys);
    expect(decryptPush(body, keys).toString('utf8')).toBe(payload);
    expect(body.length).toBe(Buffer.byteLength(payload) + 103);
  });

  test('refuses a body changed by one bit, at any place that matters', () => {
    const keys = freshKeys();
    const body = encryptByWebPush('hello', keys);
    for (const index of [0, 20, 21, 40, 86, body.length - 1]) {
      const changed = Buffer.from(body);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => decryptPush(changed, keys)).toThrow(DecryptError);
    }
  });

  test('refuses the keys of another device, a cut body and one of several records', () => {
    const keys = freshKeys();
    const body = encryptByWebPush('hello', keys);
    expect(() => decryptPush(body, freshKeys())).toThrow('the authentication tag does not fit');
    expect(() => decryptPush(body.subarray(0, 20), keys)).toThrow('shorter than its header');
    expect(() => decryptPush(body.subarray(0, 90), keys)).toThrow('no record');
    const smallRecords = Buffer.from(body);
    smallRecords.writeUInt32BE(18, 16);
    expect(() => decryptPush(smallRecords, keys)).toThrow('more than one record');
  });
});
