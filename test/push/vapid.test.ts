import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { checkVapid } from '../../src/emulator/vapid-check.ts';
import {
  createVapidSigner,
  generateVapidKeys,
  type VapidKeyPair,
  vapidKeyProblem,
  vapidSubjectProblem,
} from '../../src/push/vapid.ts';

const SUBJECT = 'mailto:ops@example.com';
const ORIGIN = 'https://fcm.googleapis.com';
const HOUR_MS = 3_600_000;

/** web-push judges the expiry by the system's time, so this one starts there. */
function movableClock(): Clock & { advance(ms: number): void } {
  let nowMs = Date.now();
  return {
    now: () => nowMs,
    wakeAt: () => () => undefined,
    advance(ms) {
      nowMs += ms;
    },
  };
}

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

describe('createVapidSigner', () => {
  const pair = generateVapidKeys();
  const older = generateVapidKeys();
  const signerAt = (clock: Clock) => createVapidSigner({ subject: SUBJECT, keyPairs: [pair, older], clock });

  test('signs what a push service accepts, good for 12 hours', () => {
    const clock = movableClock();
    const header = signerAt(clock).authorization(ORIGIN, pair.publicKey);
    expect(header).toMatch(/^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]+$/);
    expect(checkVapid(header ?? '', ORIGIN, clock.now())).toEqual({
      kind: 'valid',
      facts: {
        publicKey: pair.publicKey,
        audience: ORIGIN,
        subject: SUBJECT,
        expiresAtSeconds: Math.floor(clock.now() / 1000) + 12 * 3600,
      },
    });
  });

  test('signs with the key that was asked for, and with no other', () => {
    const signer = signerAt(movableClock());
    expect(signer.authorization(ORIGIN, older.publicKey)).toContain(`k=${older.publicKey}`);
    expect(signer.authorization(ORIGIN, generateVapidKeys().publicKey)).toBeNull();
    expect(signer.authorization(ORIGIN, '')).toBeNull();
  });

  test('reuses a token for an hour per origin and key', () => {
    const clock = movableClock();
    const signer = signerAt(clock);
    const first = signer.authorization(ORIGIN, pair.publicKey);
    expect(signer.authorization('https://web.push.apple.com', pair.publicKey)).not.toBe(first);
    expect(signer.authorization(ORIGIN, older.publicKey)).not.toBe(first);
    clock.advance(HOUR_MS - 1);
    expect(signer.authorization(ORIGIN, pair.publicKey)).toBe(first);
    clock.advance(1);
    const second = signer.authorization(ORIGIN, pair.publicKey);
    expect(second).not.toBe(first);
    expect(checkVapid(second ?? '', ORIGIN, clock.now()).kind).toBe('valid');
  });

  test('signs anew when the clock was set back', () => {
    const clock = movableClock();
    const signer = signerAt(clock);
    const first = signer.authorization(ORIGIN, pair.publicKey);
    clock.advance(-1000);
    expect(signer.authorization(ORIGIN, pair.publicKey)).not.toBe(first);
  });

  test('forgets the token signed longest ago beyond a thousand', () => {
    const signer = signerAt(movableClock());
    const origin = (index: number): string => `https://wns${index}.notify.windows.com`;
    const tokens = Array.from({ length: 1000 }, (_, index) => signer.authorization(origin(index), pair.publicKey));
    expect(signer.authorization(origin(0), pair.publicKey)).toBe(tokens[0]);
    signer.authorization(ORIGIN, pair.publicKey);
    expect(signer.authorization(origin(1), pair.publicKey)).toBe(tokens[1]);
    expect(signer.authorization(origin(0), pair.publicKey)).not.toBe(tokens[0]);
  });
});
