import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PUSH_FAILURES } from '../../src/domain/push-service/push-outcome.ts';
import { EgressRefusedError, SinkholeError } from '../../src/egress/address-guard.ts';
import { failedAt, failureOf } from '../../src/egress/failures.ts';

const coded = (code: string, cause?: unknown): Error => Object.assign(new Error('no', { cause }), { code });

test.each([
  ['ENOTFOUND', 'dns'],
  ['ENODATA', 'dns'],
  ['EAI_AGAIN', 'dns_unavailable'],
  ['EAI_FAIL', 'dns_unavailable'],
  ['ESERVFAIL', 'dns_unavailable'],
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'refused'],
  ['ENETUNREACH', 'refused'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['ETIMEDOUT', 'timeout'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['EPROTO', 'tls'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['UND_ERR_SOCKET', 'reset'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'reset'],
  ['UND_ERR_DESTROYED', 'aborted'],
  ['EMFILE', 'unknown'],
  ['', 'unknown'],
  ['constructor', 'unknown'],
])('%s means %s', (code, failure) => {
  expect(failureOf(coded(code))).toBe(failure);
  expect(failureOf(coded('WRAPPED', coded(code)))).toBe(failure);
  expect(failureOf(new AggregateError([coded(code), coded(code)]))).toBe(failure);
});

test('an address refused by the guard is an endpoint that is not allowed, wrapped or not', () => {
  expect(failureOf(new EgressRefusedError())).toBe('endpoint_not_allowed');
  expect(failureOf(new TypeError('no', { cause: new EgressRefusedError() }))).toBe('endpoint_not_allowed');
});

test('tells what is known of a failure on the way out, and of no other', () => {
  expect(failedAt('push.example', new SinkholeError('push.example', '0.0.0.0'))).toEqual({
    kind: 'failure',
    failure: 'dns_sinkhole',
    scene: { host: 'push.example', address: '0.0.0.0' },
  });
  expect(failedAt('push.example', coded('EAI_AGAIN'))).toEqual({
    kind: 'failure',
    failure: 'dns_unavailable',
    scene: { host: 'push.example' },
  });
  expect(failedAt('push.example', coded('ECONNRESET'))).toEqual({ kind: 'failure', failure: 'reset' });
});

test('is total', () => {
  const circular = new Error('round');
  circular.cause = circular;
  expect(failureOf(circular)).toBe('unknown');
  fc.assert(fc.property(fc.anything(), (thrown) => PUSH_FAILURES.includes(failureOf(thrown))));
});
