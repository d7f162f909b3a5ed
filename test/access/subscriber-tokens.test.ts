import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ApiKey, SCOPES } from '../../src/access/api-keys.ts';
import { createSubscriberTokens, verifySubscriberToken } from '../../src/access/subscriber-tokens.ts';
import type { AppError } from '../../src/domain/app-error.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { jwtOf, part } from '../support/jwt.ts';
import { NOW_MS } from '../support/samples.ts';

const clock = createFakeClock(NOW_MS);
const NOW = NOW_MS / 1000;
const SECRET = 'the-newer-secret-of-default';
const OLDER = 'the-older-secret-of-default';
const keys = (): readonly ApiKey[] => [
  { id: 'default', secret: SECRET, scopes: SCOPES },
  { id: 'default', secret: OLDER, scopes: SCOPES },
  { id: 'shop', secret: 'the-secret-of-the-shop', scopes: ['send'] },
  { id: 'report', secret: 'the-secret-of-the-report', scopes: ['read', 'manage'] },
];
const verify = (token: string) => verifySubscriberToken({ keys, clock }, token);
const fault = (token: string): Pick<AppError, 'code' | 'message' | 'details'> => {
  try {
    return { code: `passed for ${verify(token).userId}` as never, message: '', details: {} };
  } catch (error) {
    return error as AppError;
  }
};

describe('a token that was minted', () => {
  const { mint } = createSubscriberTokens({ keys, clock });

  it('is a JWT as the contract has it, signed with the newest secret of the caller’s key', () => {
    const { token, expiresAtMs } = mint({ keyId: 'default', userId: 'ü "1"', ttlSeconds: 60 });
    const [header = '', claims = '', signature] = token.split('.');
    const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'default' });
    expect(read(claims)).toEqual({ sub: 'ü "1"', aud: 'bellhop', iat: NOW, exp: NOW + 60 });
    expect(signature).toBe(createHmac('sha256', SECRET).update(`${header}.${claims}`).digest('base64url'));
    expect(expiresAtMs).toBe(NOW_MS + 60_000);
  });

  it('is taken for every user id, until the second in which it ends', () => {
    const userIds = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((id) => !/\p{Cc}/u.test(id));
    fc.assert(
      fc.property(userIds, fc.integer({ min: 60, max: 86_400 }), (userId, ttlSeconds) => {
        fc.pre(userId.length <= 128);
        const own = createFakeClock(NOW_MS);
        const { token } = createSubscriberTokens({ keys, clock: own }).mint({ keyId: 'shop', userId, ttlSeconds });
        own.advance(ttlSeconds * 1000 - 1);
        expect(verifySubscriberToken({ keys, clock: own }, token)).toEqual({ keyId: 'shop', userId });
        own.advance(1);
        expect(() => verifySubscriberToken({ keys, clock: own }, token)).toThrow(/has ended/);
      }),
    );
  });
});

describe('a token that a back end made', () => {
  it('is no way around the scopes of its key', () => {
    expect(fault(jwtOf('the-secret-of-the-report', {}, { kid: 'report' }))).toMatchObject({
      code: 'invalid_subscriber_token',
      message: expect.stringContaining('it needs the scope “send”'),
    });
  });

  it.each([
    ['without a kid', jwtOf(SECRET), 'default'],
    ['with the older secret', jwtOf(OLDER, {}, { kid: 'default' }), 'default'],
    ['with another key', jwtOf('the-secret-of-the-shop', {}, { kid: 'shop' }), 'shop'],
    ['for more than one audience', jwtOf(SECRET, { aud: ['other', 'bellhop'] }), 'default'],
    ['with claims of its own', jwtOf(SECRET, { iat: NOW, jti: 'x', name: 'Ada' }), 'default'],
    ['that ends in a fraction of a second', jwtOf(SECRET, { exp: NOW + 0.5 }), 'default'],
    ['by a clock that is 300 s ahead', jwtOf(SECRET, { exp: NOW + 86_400 + 300, nbf: NOW + 300 }), 'default'],
  ])('is taken: %s', (_, token, keyId) => {
    expect(verify(token)).toEqual({ keyId, userId: 'u1' });
  });

  const good = jwtOf(SECRET);
  const [header = '', claims = '', signature = ''] = good.split('.');
  it.each([
    ['signed with a secret that was dropped', jwtOf('the-dropped-secret-of-default'), /live secret/],
    ['signed with another key’s secret', jwtOf('the-secret-of-the-shop'), /live secret/],
    ['of a key that is not held', jwtOf(SECRET, {}, { kid: 'nobody' }), /kid/],
    ['of a key that is named like a prototype', jwtOf(SECRET, {}, { kid: '__proto__' }), /kid/],
    ['of a key that is no string', jwtOf(SECRET, {}, { kid: ['default'] }), /kid/],
    ['not signed, as its alg says', `${part({ alg: 'none' })}.${claims}.`, /HS256/],
    ['not signed, whatever its alg says', `${header}.${claims}.`, /live secret/],
    ['of another alg', jwtOf(SECRET, {}, { alg: 'HS512' }), /HS256/],
    ['of an alg in lower case', jwtOf(SECRET, {}, { alg: 'hs256' }), /HS256/],
    ['with a critical extension', jwtOf(SECRET, {}, { crit: ['exp'] }), /crit/],
    ['cut short', good.slice(0, -1), /live secret/],
    ['with more after it', `${good}A`, /live secret/],
    ['with other claims', `${header}.${part({ sub: 'u2', aud: 'bellhop', exp: NOW + 60 })}.${signature}`, /changed/],
    ['in plain base64', `${header}.${claims}.${signature}=`, /base64url/],
    ['with no header', `.${claims}.${signature}`, /header/],
    ['whose header is an array', `${part([])}.${claims}.${signature}`, /header/],
    ['for nobody', jwtOf(SECRET, { sub: undefined }), /sub/],
    ['for a number', jwtOf(SECRET, { sub: 42 }), /sub/],
    ['for the empty user', jwtOf(SECRET, { sub: '' }), /sub/],
    ['for a user with a line feed', jwtOf(SECRET, { sub: 'a\nb' }), /sub/],
    ['for half a surrogate pair', jwtOf(SECRET, { sub: 'a\ud800' }), /sub/],
    ['for a user of 129 characters', jwtOf(SECRET, { sub: 'u'.repeat(129) }), /sub/],
    ['for no audience', jwtOf(SECRET, { aud: undefined }), /aud/],
    ['for another audience', jwtOf(SECRET, { aud: 'bellhop2' }), /aud/],
    ['without an end', jwtOf(SECRET, { exp: undefined }), /exp/],
    ['whose end is text', jwtOf(SECRET, { exp: String(NOW + 60) }), /exp/],
    ['whose end is in milliseconds', jwtOf(SECRET, { exp: NOW_MS + 60_000 }), /milliseconds/],
    ['that lives too long', jwtOf(SECRET, { exp: NOW + 86_400 + 301 }), /24 h/],
    ['that does not count yet', jwtOf(SECRET, { nbf: NOW + 301 }), /nbf/],
  ])('is refused: %s', (_, token, words) => {
    expect(fault(token)).toMatchObject({ code: 'invalid_subscriber_token', message: expect.stringMatching(words) });
  });

  it('is refused for its time only once its signature is right', () => {
    expect(fault(jwtOf(SECRET, { exp: NOW }))).toMatchObject({
      code: 'expired_subscriber_token',
      details: { expired_at: '2026-01-01T00:00:00.000Z', server_time: '2026-01-01T00:00:00.000Z' },
    });
    expect(fault(jwtOf(SECRET, { exp: -1e300 })).code).toBe('expired_subscriber_token');
    expect(fault(jwtOf('the-dropped-secret-of-default', { exp: NOW })).code).toBe('invalid_subscriber_token');
  });

  it('is never taken with any one character changed', () => {
    for (let at = 0; at < good.length; at += 1) {
      const other = good[at] === 'A' ? 'B' : 'A';
      expect(fault(`${good.slice(0, at)}${other}${good.slice(at + 1)}`).code, `at ${at}`).toBe(
        'invalid_subscriber_token',
      );
    }
  });

  it('is refused in words, whatever it is made of', () => {
    const json = fc.json();
    const signed = fc.tuple(json, json).map(([one, other]) => {
      const text = `${Buffer.from(one).toString('base64url')}.${Buffer.from(other).toString('base64url')}`;
      return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
    });
    const claimed = fc
      .dictionary(fc.constantFrom('sub', 'aud', 'exp', 'nbf'), fc.jsonValue())
      .map((all) => jwtOf(SECRET, all));
    fc.assert(
      fc.property(fc.oneof(signed, claimed, fc.string()), (token) => {
        const { code } = fault(token);
        if (!String(code).startsWith('passed')) expect(code).toMatch(/^(invalid|expired)_subscriber_token$/);
      }),
    );
  });
});
