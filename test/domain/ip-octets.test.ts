import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreeInBits, ipOctets } from '../../src/domain/ip-octets.ts';

describe('ipOctets', () => {
  test('reads every notation as the URL parser does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
        expect(ipOctets(address)).toEqual(ipOctets(canonical));
        expect(ipOctets(address)).toHaveLength(16);
      }),
    );
  });

  test.each([
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['1::', [0, 0, 0, 0]],
    ['64:ff9b::8efa:4b6a', [142, 250, 75, 106]],
    ['64:FF9B::142.250.75.106', [142, 250, 75, 106]],
    ['1:2:3:4:5:6:7:8', [0, 7, 0, 8]],
  ])('%s', (address, last) => {
    expect([...(ipOctets(address) ?? [])].slice(12)).toEqual(last);
  });

  test.each([
    '',
    'fe80::1%eth0',
    ':::',
    '12345::',
    'push.example',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.04',
    '1.2.3.4.5',
    '1.2..4',
    '1e1.2.3.4',
    '::1]:80',
    '::1]/x',
    '[::1',
    'a:b',
  ])('is null for %j', (text) => {
    expect(ipOctets(text)).toBeNull();
  });
});

test('an IPv4 address has four', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect([...(ipOctets(address) ?? [])]).toEqual(address.split('.').map(Number));
    }),
  );
});

test.each([
  ['10.0.0.0', '10.255.1.2', 8, true],
  ['10.0.0.0', '11.0.0.0', 8, false],
  ['10.0.0.0', '11.0.0.0', 7, true],
  ['10.0.0.1', '10.0.0.2', 32, false],
  ['0.0.0.0', '255.255.255.255', 0, true],
  ['fd00::', 'fdff::1', 8, true],
  ['fd00::', '10.0.0.1', 0, false],
])('%s and %s agree in %i bits: %s', (one, other, bits, agree) => {
  const [first, second] = [ipOctets(one), ipOctets(other)];
  expect(first !== null && second !== null && agreeInBits(first, second, bits)).toBe(agree);
});
