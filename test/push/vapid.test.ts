import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { RFC_VAPID } from '../../src/emulator/profile.ts';
import { checkVapid } from '../../src/emulator/vapid-check.ts';
import { createVapidSigner } from '../../src/push/vapid.ts';

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

describe('createVapidSigner', () => {
  const pair = generateVapidKeys();
  const older = generateVapidKeys();
  const signerAt = (clock: Clock) => createVapidSigner({ subject: SUBJECT, keyPairs: [pair, older], clock });
  const check = (authorization: string | null, clock: Clock) =>
    checkVapid({ authorization: authorization ?? '' }, { audience: ORIGIN, nowMs: clock.now(), rules: RFC_VAPID });

  test('signs what a push service accepts, good for 12 hours', () => {
    const clock = movableClock();
    const header = signerAt(clock).authorization(ORIGIN, pair.publicKey);
    expect(header).toMatch(/^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]+$/);
    expect(check(header, clock)).toEqual({
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
    expect(check(second, clock).kind).toBe('valid');
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
