import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prefixesIn } from '../../src/egress/nat64.ts';
import { isBelievable, isRefusedAddress } from '../../src/egress/public-address.ts';

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
    ['NAT64, loopback within', '64:ff9b::7f00:1'],
    ['NAT64, loopback within, in decimals', '64:ff9b::127.0.0.1'],
    ['NAT64, metadata within', '64:ff9b::a9fe:a9fe'],
    ['NAT64, private within', '64:ff9b::a00:1'],
    ['NAT64, unspecified within', '64:ff9b::'],
    ['beside NAT64', '64:ff9b:0:1::808:808'],
    ['local NAT64', '64:ff9b:1::1'],
    ['local NAT64, public within', '64:ff9b:1::808:808'],
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
    ['no notation of DNS', '127.1'],
    ['no notation of DNS', '0177.0.0.1'],
    ['no notation of DNS', '0x7f000001'],
    ['no notation of DNS', '2130706433'],
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
    '64:ff9b::8efa:4b6a',
    '64:ff9b::142.250.75.106',
    '64:FF9B:0:0::808:808',
  ])('takes %s', (address) => {
    expect(isRefusedAddress(address)).toBe(false);
  });

  test('judges every IPv4 address under the well-known prefix of NAT64 as itself', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isRefusedAddress(`64:ff9b::${address}`)).toBe(isRefusedAddress(address));
        expect(isRefusedAddress(`64:ff9b:1::${address}`)).toBe(true);
      }),
    );
  });

  test('refuses every IPv4 address that is mapped, compatible or of 6to4', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = [(a << 8) | b, (c << 8) | d].map((half) => half.toString(16)).join(':');
        return [`::ffff:${address}`, `::${hex}`, `2002:${hex}::1`].every((each) => isRefusedAddress(each));
      }),
    );
  });
});

/** What a translator with a prefix of so many bits makes of IPv4 addresses (the rows of RFC 6052 section 2.4). */
const RFC_6052 = [
  [32, '2a0a:db8::', '2a0a:db8:c000:221::'],
  [40, '2a0a:db8:100::', '2a0a:db8:1c0:2:21::'],
  [48, '2a0a:db8:122::', '2a0a:db8:122:c000:2:2100::'],
  [56, '2a0a:db8:122:300::', '2a0a:db8:122:3c0:0:221::'],
  [64, '2a0a:db8:122:344::', '2a0a:db8:122:344:c0:2:2100::'],
  [96, '2a0a:db8:122:344::', '2a0a:db8:122:344::192.0.2.33'],
] as const;

describe('an address under a prefix of the network’s own', () => {
  const embed = (length: number, prefix: string, ipv4: string): string => {
    const octets = Array.from({ length: 16 }, () => 0);
    for (const [index, group] of prefix.replace('::', '').split(':').entries()) {
      octets.splice(index * 2, 2, Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    }
    const places = octets.map((_, index) => index).filter((index) => index >= length / 8 && index !== 8);
    for (const [index, octet] of ipv4.split('.').entries()) octets[places[index] ?? 0] = Number(octet);
    const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
    return groups.map((group) => group.toString(16)).join(':');
  };

  test.each(RFC_6052)('of %i bits is judged by the IPv4 address within', (length, prefix) => {
    const prefixes = prefixesIn(['192.0.0.170', '192.0.0.171'].map((known) => embed(length, prefix, known)));
    expect(prefixes).toMatchObject([{ length }]);
    expect(prefixes.every(isBelievable)).toBe(true);
    fc.assert(
      fc.property(fc.ipV4(), (ipv4) => {
        expect(isRefusedAddress(embed(length, prefix, ipv4), prefixes)).toBe(isRefusedAddress(ipv4));
      }),
    );
  });

  test.each(RFC_6052)('of %i bits is read as RFC 6052 has it: 192.0.2.33 is refused', (length, prefix, translated) => {
    const prefixes = prefixesIn(['192.0.0.170', '192.0.0.171'].map((known) => embed(length, prefix, known)));
    expect([isRefusedAddress(translated), isRefusedAddress(translated, prefixes)]).toEqual([false, true]);
  });

  test('in the range for translators alone is public only where the network names the prefix', () => {
    const prefixes = prefixesIn(['64:ff9b:1:7::192.0.0.170', '64:ff9b:1:7::192.0.0.171']);
    expect(prefixes.filter(isBelievable)).toMatchObject([{ length: 96 }]);
    expect(isRefusedAddress('64:ff9b:1:7::142.250.75.106', prefixes)).toBe(false);
    expect(isRefusedAddress('64:ff9b:1:7::10.0.0.1', prefixes)).toBe(true);
    expect(isRefusedAddress('64:ff9b:1:7::127.0.0.1', prefixes)).toBe(true);
    expect(isRefusedAddress('64:ff9b:1:8::142.250.75.106', prefixes)).toBe(true);
  });

  test.each([
    ['unique local', 'fd00:1:2:3::192.0.0.170'],
    ['link-local', 'fe80::192.0.0.170'],
    ['IPv4-mapped', '::ffff:192.0.0.170'],
    ['IPv4-compatible', '::192.0.0.170'],
    ['6to4', '2002:a00:1::192.0.0.170'],
    ['Teredo', '2001::192.0.0.170'],
    ['for documents', '2001:db8::192.0.0.170'],
    ['multicast', 'ff02::192.0.0.170'],
    ['around the range for translators', '64:ff9b:c000:aa::'],
  ])('is not believed to be one where it is %s', (_name, answer) => {
    expect(prefixesIn([answer]).filter(isBelievable)).toEqual([]);
  });
});
