import { describe, expect, test } from 'vitest';
import { generateVapidKeys } from '../../../src/config/vapid-key-maker.ts';
import { type VapidKeyPair, vapidKeyProblem, vapidSubjectProblem } from '../../../src/domain/push-service/vapid-key.ts';

describe('vapidKeyProblem', () => {
  const pair = generateVapidKeys();
  const other = generateVapidKeys();

  test('finds none in a generated pair', () => {
    expect(vapidKeyProblem(pair)).toBeNull();
    expect(Buffer.from(pair.publicKey, 'base64url')).toHaveLength(65);
    expect(Buffer.from(pair.privateKey, 'base64url')).toHaveLength(32);
  });

  const octets = (length: number, fill: number): string => Buffer.alloc(length, fill).toString('base64url');
  test.each<[string, VapidKeyPair, string]>([
    ['an empty public key', { ...pair, publicKey: '' }, 'public key is not base64url'],
    ['a padded public key', { ...pair, publicKey: `${pair.publicKey}=` }, 'public key is not base64url'],
    ['a PEM', { ...pair, privateKey: '-----BEGIN PRIVATE KEY-----' }, 'private key is not base64url'],
    ['a short public key', { ...pair, publicKey: pair.publicKey.slice(0, 40) }, '65 octets'],
    ['a compressed point', { ...pair, publicKey: octets(33, 2) }, 'uncompressed'],
    ['a public key of the wrong form', { ...pair, publicKey: octets(65, 5) }, 'uncompressed'],
    ['a long private key', { ...pair, privateKey: octets(33, 1) }, '32 octets, and has 33'],
    ['a private key that is none', { ...pair, privateKey: octets(32, 0) }, 'not a valid P-256 key'],
    ['a private key past the curve’s order', { ...pair, privateKey: octets(32, 255) }, 'not a valid P-256 key'],
    ['the key of another pair', { ...pair, privateKey: other.privateKey }, 'does not belong'],
    ['the two exchanged', { publicKey: pair.privateKey, privateKey: pair.publicKey }, '65 octets, and has 32'],
  ])('finds %s', (_name, broken, expected) => {
    const problem = vapidKeyProblem(broken);
    expect(problem).toContain(expected);
    expect(problem).not.toContain(pair.privateKey);
    expect(problem).not.toContain(other.privateKey);
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
