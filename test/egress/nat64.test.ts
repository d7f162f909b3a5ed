import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipv6Octets, prefixesIn } from '../../src/egress/nat64.ts';

describe('ipv6Octets', () => {
  test('reads every notation as the URL parser does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
        expect(ipv6Octets(address)).toEqual(ipv6Octets(canonical));
        expect(ipv6Octets(address)).toHaveLength(16);
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
    expect([...(ipv6Octets(address) ?? [])].slice(12)).toEqual(last);
  });

  test.each(['', '1.2.3.4', 'fe80::1%eth0', ':::', '12345::', 'push.example'])('is null for %j', (text) => {
    expect(ipv6Octets(text)).toBeNull();
  });
});

describe('prefixesIn', () => {
  test('finds one for each of several translators, and each once', () => {
    const answers = ['2a0a:1::c000:aa', '2a0a:1::c000:ab', '2a0a:2:c000:aa::', '192.0.0.170'];
    expect(prefixesIn(answers)).toMatchObject([
      { address: '2a0a:1:0:0:0:0:0:0', length: 96 },
      { address: '2a0a:2:0:0:0:0:0:0', length: 32 },
    ]);
  });

  test('finds none where the known address is not within, or the reserved octet is not zero', () => {
    expect(prefixesIn([])).toEqual([]);
    expect(prefixesIn(['192.0.0.170', '2a0a:1::1', '::1'])).toEqual([]);
    expect(prefixesIn(['2a0a:1:c000:aa:ff00::'])).toEqual([]);
  });

  test('goes by both answers where one can be read in two ways, and believes neither reading where they do not tell', () => {
    // At 32 and at 96 bits.
    const twice = '2a0a:1:c000:aa::c000:aa';
    expect(prefixesIn([twice])).toEqual([]);
    expect(prefixesIn([twice, '2a0a:1:c000:aa::c000:ab'])).toMatchObject([{ length: 96 }]);
    expect(prefixesIn([twice, '2a0a:1:c000:ab::'])).toMatchObject([{ length: 32 }]);
  });
});
