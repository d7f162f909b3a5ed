import { describe, expect, it } from 'vitest';
import { codesOf, tlsFaultOf } from '../../src/domain/tls-fault.ts';

describe('tlsFaultOf', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /no authority.*CA_FILE/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /no authority.*CA_FILE/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /no authority.*CA_FILE/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /no authority.*CA_FILE/],
    ['CERT_HAS_EXPIRED', /expired.*clock/],
    ['CERT_NOT_YET_VALID', /expired.*clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another host name.*THE_URL/],
    ['CERT_REVOKED', /not accepted/],
    ['EPROTO', /handshake/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /handshake/],
  ])('has words for %s', (code, words) => {
    expect(tlsFaultOf(['ECONNRESET', code], 'CA_FILE', 'THE_URL')).toMatch(words);
  });

  it.each(['ECONNREFUSED', 'ETIMEDOUT', 'ENOTFOUND', 'ECONNRESET', ''])('has none for %s', (code) => {
    expect(tlsFaultOf([code], 'CA_FILE', 'THE_URL')).toBeNull();
  });
});

it('codesOf finds what an error wraps, however deep, and ends', () => {
  const inner = Object.assign(new Error('inner'), { code: 'CERT_HAS_EXPIRED' });
  const middle = new AggregateError([new Error('other'), inner]);
  const outer = Object.assign(new Error('outer', { cause: middle }), { code: 6 });
  expect(codesOf(outer)).toEqual(['CERT_HAS_EXPIRED']);
  inner.cause = inner;
  expect(codesOf(inner)).toContain('CERT_HAS_EXPIRED');
  expect(codesOf(null)).toEqual([]);
});
