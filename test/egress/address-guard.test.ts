import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from 'vitest';
import {
  createEgressGuard,
  createLookup,
  EgressRefusedError,
  publicOnly,
  SinkholeError,
} from '../../src/egress/address-guard.ts';
import type { Resolver } from '../../src/egress/resolver.ts';

const resolvingTo = (...addresses: string[]): Resolver => {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

type LookupEnd = { error: Error | null; found: string | LookupAddress[] };

function lookUp(resolve: Resolver, all: boolean, host = 'push.example'): Promise<LookupEnd> {
  return new Promise((done) => {
    createLookup(publicOnly(resolve))(host, { all }, (error, found) => done({ error, found }));
  });
}

describe('a lookup of public addresses', () => {
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

describe('a known push service that DNS leads to no public address', () => {
  const known = [
    'fcm.googleapis.com',
    'updates.push.services.mozilla.com',
    'web.push.apple.com',
    'a.notify.windows.com',
  ];

  test.each(['0.0.0.0', '127.0.0.1', '::', '::1', '10.1.2.3', '192.168.0.1', 'fd00::1', '::ffff:0.0.0.0'])(
    'is told by the address that DNS answers: %s',
    async (address) => {
      for (const host of known) {
        expect((await lookUp(resolvingTo(address, '10.9.9.9'), true, host)).error).toMatchObject({ host, address });
      }
      expect((await lookUp(resolvingTo(address), true, 'fcm.googleapis.com')).error).toBeInstanceOf(SinkholeError);
    },
  );

  test('is reached where one of the addresses is public, and by that one alone', async () => {
    const { error, found } = await lookUp(resolvingTo('0.0.0.0', '8.8.8.8', '::1'), true, 'fcm.googleapis.com');
    expect([error, found]).toEqual([null, [{ address: '8.8.8.8', family: 4 }]]);
  });

  test.each(['push.example', 'fcm.googleapis.com.example', 'notify.windows.com'])(
    'is no other name: %s is refused',
    async (host) => {
      expect((await lookUp(resolvingTo('0.0.0.0'), true, host)).error).toBeInstanceOf(EgressRefusedError);
    },
  );
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
