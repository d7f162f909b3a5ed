import { createECDH, randomBytes, randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decryptPush } from '../../src/emulator/decrypt.ts';
import { createEncryptMessage, seal } from '../../src/push/message-encryption.ts';

const octets = (text: string): Buffer => Buffer.from(text, 'base64url');

/** What `web-push` encrypts and decrypts with. */
const ece: { decrypt(body: Buffer, options: object): Buffer } = createRequire(import.meta.resolve('web-push'))(
  'http_ece',
);

function browser() {
  const curve = createECDH('prime256v1');
  const publicKey = curve.generateKeys();
  const authSecret = randomBytes(16);
  const keys = { p256dh: publicKey.toString('base64url'), auth: authSecret.toString('base64url') };
  return { curve, keys, publicKey, privateKey: curve.getPrivateKey(), authSecret };
}

describe('message encryption', () => {
  test('gives the message of RFC 8291 appendix A, octet by octet', () => {
    const sender = createECDH('prime256v1');
    sender.setPrivateKey(octets('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'));
    const receiver = octets('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4');
    const secrets = {
      receiver,
      authSecret: octets('BTBZMqHH6r4Tts7J_aSIgg'),
      sender: sender.getPublicKey(),
      shared: sender.computeSecret(receiver),
      salt: octets('DGv6ra1nlYgDCS1FRnbzlw'),
    };
    expect(seal(secrets, 'When I grow up, I want to be a watermelon').toString('base64url')).toBe(
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
        'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
    );
  });

  test('any text comes out whole, by the library’s decryption and by the emulator’s, 103 octets longer', () => {
    const encrypt = createEncryptMessage();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 900 }), (payload) => {
        const { curve, keys, ...receiver } = browser();
        const body = encrypt(keys, payload);
        if (body === null) throw new Error('nothing was encrypted');
        const expected = Buffer.from(payload, 'utf8');
        expect(body.length).toBe(expected.length + 103);
        expect(decryptPush(body, receiver)).toEqual(expected);
        const options = { version: 'aes128gcm', privateKey: curve, authSecret: keys.auth };
        expect(ece.decrypt(body, options)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('the largest payload fills 4096 octets', () => {
    expect(createEncryptMessage()(browser().keys, 'x'.repeat(3993))?.length).toBe(4096);
  });

  test('each message has a salt and a key pair of its own, also once the drawn salts are used up', () => {
    const encrypt = createEncryptMessage();
    const { keys } = browser();
    const bodies = Array.from({ length: 600 }, () => encrypt(keys, 'x') ?? Buffer.alloc(0));
    expect(new Set(bodies.map((body) => body.subarray(0, 16).toString('hex'))).size).toBe(600);
    expect(new Set(bodies.map((body) => body.subarray(21, 86).toString('hex'))).size).toBe(600);
  });

  test('never salts with zeros: a draw of randomness that failed is made again', () => {
    let failures = 1;
    const encrypt = createEncryptMessage((octets) => {
      if (failures-- > 0) throw new Error('no entropy');
      randomFillSync(octets);
    });
    const { keys } = browser();
    expect(() => encrypt(keys, 'x')).toThrow('no entropy');
    expect(encrypt(keys, 'x')?.subarray(0, 16).equals(Buffer.alloc(16))).toBe(false);
  });

  const { p256dh, auth } = browser().keys;
  test.each([
    ['a point that is not on the curve', { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth }],
    ['a compressed point', { p256dh: octets(p256dh).subarray(0, 33).toString('base64url'), auth }],
    ['no key', { p256dh: '', auth }],
    ['an authentication secret that is too short', { p256dh, auth: auth.slice(0, 20) }],
    ['one that is too long', { p256dh, auth: `${auth}AAAA` }],
  ])('%s gives nothing, and the next message is encrypted', (_name, keys) => {
    const encrypt = createEncryptMessage();
    expect(encrypt(keys, 'x')).toBeNull();
    expect(encrypt({ p256dh, auth }, 'x')).not.toBeNull();
  });
});
