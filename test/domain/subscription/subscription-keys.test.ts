import { createECDH } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeSubscriptionKeys } from '../../../src/domain/subscription/subscription-keys.ts';

/** RFC 8291 appendix A. */
const RFC = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
};

describe('subscription keys', () => {
  it('takes those of RFC 8291, as they are and in other spellings', () => {
    expect(judgeSubscriptionKeys(RFC)).toEqual({ kind: 'valid', keys: RFC });
    const padded = { p256dh: `${RFC.p256dh}=`, auth: `${RFC.auth}==` };
    expect(judgeSubscriptionKeys(padded)).toEqual({ kind: 'valid', keys: RFC });
    const plain = (text: string) => Buffer.from(text, 'base64url').toString('base64');
    expect(judgeSubscriptionKeys({ p256dh: plain(RFC.p256dh), auth: plain(RFC.auth) })).toMatchObject({ keys: RFC });
    const hex = (text: string) => Buffer.from(text, 'base64url').toString('hex');
    expect(judgeSubscriptionKeys({ p256dh: hex(RFC.p256dh), auth: hex(RFC.auth) })).toMatchObject({ keys: RFC });
    expect(judgeSubscriptionKeys({ p256dh: ` ${RFC.p256dh}\n`, auth: `${RFC.auth}\r\n` })).toMatchObject({ keys: RFC });
  });

  it('takes every key that a browser could make', () => {
    for (let made = 0; made < 50; made += 1) {
      const p256dh = createECDH('prime256v1').generateKeys('base64url');
      expect(judgeSubscriptionKeys({ ...RFC, p256dh }).kind).toBe('valid');
    }
  });

  it('refuses a point moved off the curve, whichever octet was turned', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const point = Buffer.from(RFC.p256dh, 'base64url');
        point[at] = (point[at] ?? 0) ^ bits;
        const judgement = judgeSubscriptionKeys({ ...RFC, p256dh: point.toString('base64url') });
        // y -> p - y is the one other point with the same x, and no single octet leads there.
        expect(judgement).toMatchObject({ kind: 'invalid', field: 'p256dh' });
      }),
    );
  });

  it('is total over any text, and never shows a key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), fc.string({ minLength: 12 }), (p256dh, auth) => {
        const judgement = judgeSubscriptionKeys({ p256dh, auth });
        expect(judgement.kind).toBe('invalid');
        expect(JSON.stringify(judgement)).not.toContain(p256dh);
      }),
    );
  });
});
