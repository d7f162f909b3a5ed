import { createECDH, createPrivateKey, createPublicKey, ECDH } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateVapidKeys } from '../../../src/config/vapid-key-maker.ts';
import {
  readVapidPair,
  readVapidPublicKey,
  type VapidKeyPair,
  vapidPublicKeyOf,
  vapidSubjectProblem,
} from '../../../src/domain/push-service/vapid-key.ts';

const pair = generateVapidKeys();
const other = generateVapidKeys();

/** A pair whose private key begins with so many zeros. */
function pairWithZeros(count: number): VapidKeyPair {
  const scalar = Buffer.concat([Buffer.alloc(count), Buffer.alloc(32 - count, 0x5a)]);
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  return { publicKey: curve.getPublicKey('base64url'), privateKey: scalar.toString('base64url') };
}

describe('readVapidPair', () => {
  const point = Buffer.from(pair.publicKey, 'base64url');
  const scalar = Buffer.from(pair.privateKey, 'base64url');
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  const privateKey = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d: pair.privateKey }, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sec1 = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';

  test('finds a generated pair as it is', () => {
    expect(readVapidPair(pair)).toEqual({ kind: 'pair', pair });
    expect([point.length, scalar.length]).toEqual([65, 32]);
  });

  test.each<[string, string]>([
    ['padded', `${pair.publicKey}=`],
    ['in common base64', point.toString('base64')],
    ['in base64 of two lines', point.toString('base64').replace(/^.{64}/, '$&\n')],
    ['between spaces', ` ${pair.publicKey}\r\n`],
    ['in hexadecimal', point.toString('hex')],
    ['in large hexadecimal', point.toString('hex').toUpperCase()],
    ['as a PEM', spki],
    ['as DER in base64', publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
    [
      'as a compressed point',
      (ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer).toString('base64url'),
    ],
  ])('takes a public key %s', (_form, text) => {
    expect(readVapidPair({ ...pair, publicKey: text })).toEqual({ kind: 'pair', pair });
    expect(readVapidPublicKey(text)).toBe(pair.publicKey);
  });

  test.each<[string, string]>([
    ['padded', `${pair.privateKey}=`],
    ['in common base64', scalar.toString('base64')],
    ['between spaces', `\t${pair.privateKey}\n`],
    ['in hexadecimal', scalar.toString('hex')],
    ['with the zero of a signed number', Buffer.concat([Buffer.of(0), scalar]).toString('base64')],
    ['as a PEM of PKCS#8', pkcs8],
    ['as a PEM of SEC 1', sec1],
    ['as openssl writes it, its parameters first', parameters + sec1],
    ['as a PEM in one line of spaces', pkcs8.replaceAll('\n', ' ')],
    ['as a PEM with line breaks written out', pkcs8.replaceAll('\n', String.raw`\n`)],
    ['as a PEM of Windows', pkcs8.replaceAll('\n', '\r\n')],
    ['as DER of PKCS#8 in base64', privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url')],
    ['as DER of SEC 1 in base64', privateKey.export({ type: 'sec1', format: 'der' }).toString('base64')],
  ])('takes a private key %s', (_form, text) => {
    expect(readVapidPair({ ...pair, privateKey: text })).toEqual({ kind: 'pair', pair });
    expect(vapidPublicKeyOf(text)).toBe(pair.publicKey);
  });

  test.each([1, 2, 4])('takes a private key that lost %i zeros at its head', (count) => {
    const whole = pairWithZeros(count);
    const short = Buffer.from(whole.privateKey, 'base64url').subarray(count).toString('base64url');
    expect(readVapidPair({ ...whole, privateKey: short })).toEqual({ kind: 'pair', pair: whole });
  });

  const octets = (length: number, fill: number): string => Buffer.alloc(length, fill).toString('base64url');
  const onP384 = createECDH('secp384r1').generateKeys('base64url');
  test.each<[string, VapidKeyPair, string]>([
    ['an empty public key', { ...pair, publicKey: '' }, 'public key is not base64url'],
    ['a PEM cut short', { ...pair, privateKey: '-----BEGIN PRIVATE KEY-----' }, 'private key is not base64url'],
    [
      'a PEM with a passphrase',
      { ...pair, privateKey: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----' },
      'passphrase',
    ],
    ['a private key for a public one', { ...pair, publicKey: pkcs8 }, 'public key is not base64url'],
    ['a point of another curve', { ...pair, publicKey: onP384 }, 'has 97'],
    ['a short public key', { ...pair, publicKey: pair.publicKey.slice(0, 40) }, '65 octets'],
    ['a compressed point off the curve', { ...pair, publicKey: octets(33, 5) }, 'uncompressed'],
    ['a public key of the wrong form', { ...pair, publicKey: octets(65, 5) }, 'uncompressed'],
    ['a long private key', { ...pair, privateKey: octets(33, 1) }, '32 octets, and has 33'],
    ['a private key cut short', { ...pair, privateKey: pair.privateKey.slice(0, 30) }, '32 octets, and has 22'],
    ['a private key that is none', { ...pair, privateKey: octets(32, 0) }, 'not a valid P-256 key'],
    ['a private key past the curve’s order', { ...pair, privateKey: octets(32, 255) }, 'not a valid P-256 key'],
    ['the key of another pair', { ...pair, privateKey: other.privateKey }, `whose public key is ${other.publicKey}`],
    ['the two exchanged', { publicKey: pair.privateKey, privateKey: pair.publicKey }, '65 octets, and has 32'],
  ])('finds %s', (_name, broken, expected) => {
    const reading = readVapidPair(broken);
    expect(reading).toEqual({ kind: 'problem', problem: expect.stringContaining(expected) });
    expect(JSON.stringify(reading)).not.toContain(pair.privateKey);
    expect(JSON.stringify(reading)).not.toContain(other.privateKey);
  });
});

describe('vapidSubjectProblem', () => {
  test.each([
    'mailto:ops@example.com',
    'MAILTO:ops+push@mail.example.com',
    'https://example.com',
    'https://example.com/contact?x=1',
  ])('takes %s', (subject) => {
    expect(vapidSubjectProblem(subject)).toBeNull();
  });

  test.each([
    '',
    'ops@example.com',
    'mailto:',
    'mailto:ops',
    'mailto:a@b@example.com',
    'mailto: ops@example.com',
    'mailto:Ops <ops@example.com>',
    'mailto:<ops@example.com>',
    'mailto:ops@example.com ',
    'mailto:ops@localhost',
    'mailto:ops@mail.localhost',
    'https://localhost',
    'https://localhost:3000/x',
    'https://127.0.0.1',
    'https://intranet',
    'http://example.com',
    'https:example.com',
    'https://',
    'tel:+123456',
  ])('finds fault with %j', (subject) => {
    expect(vapidSubjectProblem(subject)).toMatch(/^The VAPID subject .*\.?$/);
  });
});
