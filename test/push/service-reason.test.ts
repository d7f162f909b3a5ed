import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerWords, reasonOf } from '../../src/push/service-reason.ts';

const TOKEN = 'dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH1RYqx';
const ENDPOINT = `https://fcm.googleapis.com/fcm/send/${TOKEN}`;

const reason = (body: string, rest: Partial<AnswerWords> = {}): string | null =>
  reasonOf({ status: 400, headers: {}, body, endpoint: ENDPOINT, secrets: [], ...rest });

describe('reasonOf', () => {
  test.each([
    ['Apple', '{"reason":"VapidPkHashMismatch"}', 'VapidPkHashMismatch'],
    [
      'Mozilla',
      '{"code":401,"errno":109,"error":"Unauthorized","message":"Invalid token","more_info":"http://x.example/"}',
      'errno 109: Invalid token',
    ],
    ['Mozilla, terse', '{"errno":102,"error":"Not Found"}', 'errno 102: Not Found'],
    ['Mozilla, terser', '{"errno":102}', 'errno 102'],
    ['Mozilla, with a number as text', '{"errno":"109","message":"Invalid token"}', 'errno 109: Invalid token'],
    ['Google', '{"error":{"code":404,"message":"Requested entity was not found."}}', 'Requested entity was not found.'],
    ['FCM', 'push subscription has unsubscribed or expired.\n', 'push subscription has unsubscribed or expired.'],
    ['a proxy', '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>…', '502 Bad Gateway'],
    ['a page without a title', '<p>Not <b>here</b></p>', 'Not here'],
    ['JSON of no known form', '{"x":1}', '{"x":1}'],
    ['JSON that is no object', '"UnauthorizedRegistration"', '"UnauthorizedRegistration"'],
    ['broken JSON', '{"reason":', '{"reason":'],
  ])('%s', (_name, body, expected) => {
    expect(reason(body)).toBe(expected);
  });

  test.each(['', '   ', '\r\n\t\u0000', '{"reason":""}'])('gives none for %j', (body) => {
    expect(reason(body)).toBeNull();
  });

  test('reads the headers of WNS, beside a 2xx too', () => {
    const headers = { 'x-wns-error-description': 'TTL conflict', 'x-wns-status': 'dropped' };
    expect(reason('', { headers })).toBe('TTL conflict (dropped)');
    expect(reason('ignored', { status: 200, headers: { 'x-wns-status': 'channelthrottled' } })).toBe(
      'channelthrottled',
    );
    expect(reason('', { status: 201, headers: { 'x-wns-status': 'received' } })).toBeNull();
  });

  test('says nothing of the body of a 2xx', () => {
    expect(reason('{"message":"id"}', { status: 201 })).toBeNull();
  });

  test('is one line of 200 characters at most, without control characters', () => {
    expect(reason('a\r\nb\tc\u0000d\u202ee\u001b[31mf')).toBe('a b c d e [31mf');
    const long = reason('é🛎 '.repeat(200)) ?? '';
    expect([...long]).toHaveLength(200);
    expect(long.endsWith('…')).toBe(true);
  });

  test.each([
    ['the endpoint', ENDPOINT],
    ['its path', new URL(ENDPOINT).pathname],
    ['its token', TOKEN],
    ['its token in quotes', `"${TOKEN}"`],
    ['its token in capitals', TOKEN.toUpperCase()],
    ['its token, encoded', encodeURIComponent(TOKEN)],
    ['the start of its token', TOKEN.slice(0, 12)],
    ['the middle of its token', TOKEN.slice(14, 23)],
    ['its token with a word before it', `token=${TOKEN}`],
    ['its token within more', `xx${TOKEN}yy`],
    ['another endpoint', 'https://web.push.apple.com/QKxyz'],
    ['another token', 'gAAAAABk3Zr8vQ1m'],
    ['a token of letters only', 'aBcDeFgHiJ'.repeat(4)],
  ])('hides %s', (_name, secret) => {
    const words = reason(`InvalidTokenFormat for ${secret} today`) ?? '';
    expect(words).toMatch(/^InvalidTokenFormat for […"/a-z]+ today$/);
    expect(words).not.toContain(secret);
  });

  test('hides what it is told to, wherever it stands', () => {
    expect(reason('auth was abcdefg', { secrets: ['abcdefg', ''] })).toBe('auth was …');
  });

  test('hides the decoded form of an encoded endpoint', () => {
    const endpoint = 'https://wns2.notify.windows.com/w/?token=Bq%2fYA%2bAAxx%3d%3d';
    expect(reason('channel Bq/YA+AAxx== expired', { endpoint })).not.toContain('YA+AAxx');
  });

  test('never brings eight characters of the token along, whatever stands around them', () => {
    const wrapping = fc.string({ unit: fc.constantFrom(...'ab1/:=%"\' \n<>{}'), maxLength: 12 });
    const slice = fc.tuple(fc.nat(TOKEN.length - 9), fc.integer({ min: 9, max: TOKEN.length }));
    fc.assert(
      fc.property(wrapping, slice, wrapping, (before, [from, length], after) => {
        const leaked = TOKEN.slice(from, from + length);
        const words = reason(`${before} ${leaked} ${after}`) ?? '';
        return !words.includes(leaked);
      }),
      { numRuns: 1000 },
    );
  });

  test('takes no longer for a hostile body', () => {
    for (const unit of ['<', '<title', 'a.', 'a:', '://', '%', '{', 'x'.repeat(7).concat(' '), '/fcm/send/ ']) {
      const startedAt = performance.now();
      reason(unit.repeat(65_536 / unit.length));
      expect(performance.now() - startedAt).toBeLessThan(1000);
    }
  });
});
