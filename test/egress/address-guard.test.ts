import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createEgressGuard,
  createLookup,
  EgressRefusedError,
  isRefusedAddress,
} from '../../src/egress/address-guard.ts';
import type { Resolver } from '../../src/egress/resolver.ts';

const resolvingTo = (...addresses: string[]): Resolver => {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

type LookupEnd = { error: Error | null; found: string | LookupAddress[] };

function lookUp(resolve: Resolver, all: boolean): Promise<LookupEnd> {
  return new Promise((done) => {
    createLookup(resolve, isRefusedAddress)('push.example', { all }, (error, found) => done({ error, found }));
  });
}

describe('isRefusedAddress', () => {
  test.each([
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['CGNAT', '100.64.0.1'],
    ['CGNAT', '100.127.255.255'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local, metadata', '169.254.169.254'],
    ['benchmarking', '198.18.0.1'],
    ['documentation', '203.0.113.9'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped public', '::ffff:8.8.8.8'],
    ['IPv4-mapped, in hex', '::ffff:7f00:1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::1'],
    ['discard', '100::1'],
    ['Teredo', '2001::1'],
    ['documentation', '2001:db8::1'],
    ['6to4', '2002:7f00:1::1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fd12:3456::1'],
    ['link-local', 'fe80::1'],
    ['link-local with zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('refuses %s %s', (_name, address) => {
    expect(isRefusedAddress(address)).toBe(true);
  });

  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.0.1',
    '198.20.0.1',
    '223.255.255.255',
    '2001:4860:4860::8888',
    '2606:4700::1111',
    '2a00:1450:4001:80b::200a',
  ])('takes %s', (address) => {
    expect(isRefusedAddress(address)).toBe(false);
  });

  test('refuses every address whose IPv4 form is refused, however it is wrapped', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = [(a << 8) | b, (c << 8) | d].map((half) => half.toString(16)).join(':');
        return [`::ffff:${address}`, `::${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`].every(isRefusedAddress);
      }),
    );
  });
});

describe('createLookup', () => {
  test('gives the public addresses, all or the first', async () => {
    const resolve = resolvingTo('127.0.0.1', '8.8.8.8', '10.0.0.1', '2606:4700::1111');
    expect((await lookUp(resolve, true)).found).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
    expect((await lookUp(resolve, false)).found).toBe('8.8.8.8');
  });

  test.each([[['127.0.0.1', '::1']], [['::ffff:10.0.0.1']], [[]]])(
    'refuses when all are refused: %j',
    async (found) => {
      expect((await lookUp(resolvingTo(...found), true)).error).toBeInstanceOf(EgressRefusedError);
      expect((await lookUp(resolvingTo(...found), false)).error).toBeInstanceOf(EgressRefusedError);
    },
  );

  test('passes on why a name could not be resolved', async () => {
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    expect((await lookUp(() => Promise.reject(missing), true)).error).toBe(missing);
  });
});

describe('createEgressGuard', () => {
  test.each(['127.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1'])(
    'refuses the literal address %s, for which no lookup is made',
    async (hostname) => {
      const guard = createEgressGuard({
        allowedHosts: [],
        caPem: null,
        connectTimeoutMs: 1000,
        resolve: () => Promise.reject(new Error('a literal address was looked up')),
      });
      const error = await new Promise((resolve) => {
        guard.connect({ hostname, protocol: 'https:', port: '' }, (...[ending]) => resolve(ending));
      });
      expect(error).toBeInstanceOf(EgressRefusedError);
    },
  );
});
