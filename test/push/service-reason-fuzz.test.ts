import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reasonOf } from '../../src/push/service-reason.ts';

/** So many characters in common with the endpoint would tell somebody something. */
const TELLING_LENGTH = 8;

const TOKENS = [
  randomBytes(96).toString('base64url'),
  'dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH1RYqx',
  'BQYAAAD%2fYA%2bAAxx%3d%3dBQYA',
  "ab!cd$ef'gh(ij)kl*mn,op@qr",
  'a1b2/c3d4/e5f6/g7h8/i9j0',
  'with%20spaces%20and%20words',
];
const ORIGINS = [
  'https://fcm.googleapis.com/fcm/send/',
  'https://web.push.apple.com/',
  'https://wns2-db5p.notify.windows.com/w/?token=',
];
const AUTH = randomBytes(16).toString('base64url');

const endpoints = fc.tuple(fc.constantFrom(...ORIGINS), fc.constantFrom(...TOKENS)).map((parts) => parts.join(''));
const pathOf = (endpoint: string): string => new URL(endpoint).pathname + new URL(endpoint).search;

/** Part of a secret, at any place in it, as it is or as a service may write it. */
const leaksOf = (endpoint: string) =>
  fc
    .tuple(
      fc.constantFrom(endpoint, pathOf(endpoint), decodeURIComponent(pathOf(endpoint)), AUTH),
      fc.nat(40),
      fc.integer({ min: 8, max: 60 }),
      fc.constantFrom('', 'upper', 'lower', 'encoded'),
    )
    .map(([secret, from, length, form]) => {
      const part = from + TELLING_LENGTH > secret.length ? secret : secret.slice(from, from + length);
      if (form === 'upper') return part.toUpperCase();
      if (form === 'lower') return part.toLowerCase();
      return form === 'encoded' ? encodeURIComponent(part) : part;
    });

const glue = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.string({ unit: fc.constantFrom(...'ab1/:=%"\'? \n<>{}…\u202e\u0000'), maxLength: 10 }),
  fc.constantFrom('xx', 'https://', '<title>', 'token=', '{"reason":"', '","errno":1}'),
);

const words = (endpoint: string) =>
  fc
    .array(fc.oneof(glue, leaksOf(endpoint), fc.constant(AUTH), fc.constant(endpoint)), { maxLength: 8 })
    .map((parts) => parts.join(''));

const bodies = (endpoint: string) =>
  fc.oneof(
    words(endpoint),
    words(endpoint).map((reason) => JSON.stringify({ reason })),
    words(endpoint).map((message) => JSON.stringify({ errno: 102, message })),
    words(endpoint).map((message) => JSON.stringify({ error: { message } })),
    words(endpoint).map((title) => `<html><title>${title}</title>`),
  );

const answers = endpoints.chain((endpoint) =>
  fc.record({
    status: fc.integer({ min: 100, max: 599 }),
    headers: fc.record(
      {
        'x-wns-status': fc.oneof(words(endpoint), fc.array(words(endpoint), { maxLength: 2 })),
        'x-wns-error-description': words(endpoint),
      },
      { requiredKeys: [] },
    ),
    body: bodies(endpoint),
    endpoint: fc.constant(endpoint),
    secrets: fc.constant([endpoint, AUTH]),
  }),
);

const lowerCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The longest stretch of the text that is somewhere in the secret, capitals aside. */
function longestShared(text: string, secret: string): string {
  const within = lowerCase(text);
  const of = lowerCase(secret);
  let longest = '';
  for (let start = 0; start < within.length; start += 1) {
    while (of.includes(within.slice(start, start + longest.length + 1)) && start + longest.length < within.length) {
      longest = within.slice(start, start + longest.length + 1);
    }
  }
  return longest;
}

describe('reasonOf, whatever the answer', () => {
  test('is short, on one line, and holds neither the auth secret nor eight characters of the path', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const reason = reasonOf(answer);
        if (reason === null) return;
        expect(reason).not.toBe('');
        expect([...reason].length).toBeLessThanOrEqual(200);
        expect(reason).not.toMatch(/[\p{C}\u2028\u2029]/u);
        expect(reason).not.toContain(AUTH);
        for (const path of [pathOf(answer.endpoint), decodeURIComponent(pathOf(answer.endpoint))]) {
          expect(longestShared(reason, path).length).toBeLessThan(TELLING_LENGTH);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['part of the token within more', TOKENS[1] ?? '', 'for xxMxP5egoKMyy today', 'for … today'],
    ['a token of unusual characters', TOKENS[3] ?? '', "for ab!cd$ef'gh(ij) today", 'for … today'],
    ['a token of short parts', TOKENS[4] ?? '', 'for a1b2/c3d4/e5f6/g7h8/i9j0 today', 'for … today'],
    ['words of an encoded token', TOKENS[5] ?? '', 'for with  spaces\nand words today', 'for … today'],
  ])('hides %s', (_name, token, body, expected) => {
    const endpoint = `https://push.example/p/${token}`;
    expect(reasonOf({ status: 400, headers: {}, body, endpoint, secrets: [] })).toBe(expected);
  });
});
