import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tailOf } from '../../src/domain/redaction.ts';
import { accountOf } from '../../src/telemetry/error-account.ts';

const ENDPOINT = 'https://fcm.googleapis.com/fcm/send/cJx_device:APA91b-S3CRET';
const P256DH = 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM';
const AUTH = 'tBHItJI5svbpez7KI4CCXg';
const PAYLOAD = '{"title":"Your test result is in","body":"Call us about it."}';
const HIDDEN = {
  secrets: [ENDPOINT, P256DH, AUTH, PAYLOAD],
  traces: [tailOf(ENDPOINT), P256DH, AUTH, PAYLOAD],
};

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('the account of an error', () => {
  it('tells kind, code, message, cause and every place, Node’s own too', () => {
    const cause = thrownBy(() => new URL('nowhere'));
    const account = accountOf(new TypeError('the token could not be made', { cause }), HIDDEN);
    expect(account).toMatch(
      /^TypeError: the token could not be made at .*error-account\.test\.ts:\d+:\d+.*, caused by TypeError ERR_INVALID_URL: Invalid URL at new URL \(node:/,
    );
  });

  it.each([
    ['an endpoint', new Error(`no such host: ${ENDPOINT}`)],
    ['the path of an endpoint', new Error(`POST ${tailOf(ENDPOINT)} failed`)],
    ['a part of an endpoint', new Error('unexpected device:APA91b in the path')],
    ['an endpoint that is percent-encoded', new Error(`?to=${encodeURIComponent(ENDPOINT)}`)],
    ['a key', new Error(`${P256DH} is no point`)],
    ['the beginning of a key', new Error(`Received type string ('${AUTH.slice(0, 12)}'...)`)],
    ['the payload', new Error(PAYLOAD)],
    ['a part of the payload', new Error(`Unexpected token in ${PAYLOAD.slice(2, 30)}`)],
    ['a cause that holds it', new Error('sending failed', { cause: new Error(`${ENDPOINT} ${AUTH}`) })],
    [
      'a header with a token',
      new Error('bad header: vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOi.x, k=BA1'),
    ],
    ['no error', { endpoint: ENDPOINT, keys: { auth: AUTH } }],
    ['a text', ENDPOINT],
  ])('hides %s', (_, error) => {
    const account = accountOf(error, HIDDEN);
    for (const secret of [
      tailOf(ENDPOINT),
      'device:APA91b',
      'S3CRET',
      P256DH,
      AUTH,
      AUTH.slice(0, 12),
      'test result',
      'eyJ0',
    ])
      expect(account).not.toContain(secret);
    expect(account).toContain('…');
  });

  it('has no stretch of a secret, wherever an error has it', () => {
    const words = fc.array(fc.oneof(fc.string(), fc.constantFrom(ENDPOINT, P256DH, AUTH, PAYLOAD)));
    fc.assert(
      fc.property(words, (parts) => {
        const account = accountOf(Object.assign(new Error(parts.join(' ')), { stack: '' }), HIDDEN).toLowerCase();
        for (const trace of HIDDEN.traces) {
          for (let at = 0; at + 8 <= trace.length; at += 1) {
            expect(account).not.toContain(trace.slice(at, at + 8).toLowerCase());
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('never throws', () => {
    const unreadable = new Proxy(new Error('x'), {
      get() {
        throw new Error('no');
      },
    });
    expect(accountOf(unreadable, HIDDEN)).toBe('an error that cannot be read');
    expect(accountOf(null, HIDDEN)).toBe('null');
  });
});
