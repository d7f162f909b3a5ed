import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressRange, createClientFinder } from '../../src/access/client-address.ts';

const TRUSTED: readonly AddressRange[] = [
  { address: '10.0.0.0', prefixLength: 8 },
  { address: '127.0.0.1', prefixLength: 32 },
  { address: 'fd00::', prefixLength: 8 },
];
const find = createClientFinder(TRUSTED);

/** The client of a connection from this address, with these headers. */
const from = (remoteAddress: string | undefined, list?: string, forwarded?: string, finder = find) =>
  finder({ remoteAddress, header: (name) => (name === 'forwarded' ? forwarded : list) });

const STRANGER = '203.0.113.7';
const PROXY = '10.0.0.1';

describe('the address of a caller', () => {
  it.each([
    [STRANGER, STRANGER],
    ['::ffff:203.0.113.7', STRANGER],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, null],
    ['', null],
  ])('is the other end of the connection: %s', (remoteAddress, client) => {
    expect(from(remoteAddress)).toBe(client);
  });

  it('is not what a stranger writes', () => {
    expect(from(STRANGER, '192.0.2.1', 'for=192.0.2.1')).toBe(STRANGER);
    expect(from(STRANGER, '10.0.0.9')).toBe(STRANGER);
  });

  it('is nothing else while no proxy is trusted, not even from this machine', () => {
    expect(from('127.0.0.1', '192.0.2.1', undefined, createClientFinder([]))).toBe('127.0.0.1');
  });

  it.each([
    ['one hop', '192.0.2.1', '192.0.2.1'],
    ['what the caller wrote before it', '1.1.1.1, 192.0.2.1', '192.0.2.1'],
    ['a trusted address that the caller wrote before it', '10.0.0.9, 192.0.2.1', '192.0.2.1'],
    ['this machine’s own, that the caller wrote', '127.0.0.1, 192.0.2.1', '192.0.2.1'],
    ['trusted hops after it', '1.1.1.1, 192.0.2.1, 10.1.1.1,10.2.2.2', '192.0.2.1'],
    ['two header lines, which Node joins', '1.1.1.1, 1.1.1.2, 192.0.2.1', '192.0.2.1'],
    ['trusted hops alone', '10.3.3.3, 10.1.1.1', '10.3.3.3'],
    ['a port', '192.0.2.1:4711', '192.0.2.1'],
    ['IPv6', '2001:DB8::1', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 with a port', '[2001:db8::1]:4711', '2001:db8::1'],
    ['IPv4 as IPv6', '::ffff:192.0.2.1', '192.0.2.1'],
    ['a trusted hop of IPv6', '192.0.2.1, fd00::5', '192.0.2.1'],
    ['a trusted hop of IPv4 as IPv6', '192.0.2.1, ::ffff:10.9.9.9', '192.0.2.1'],
    ['empty entries', ' , 192.0.2.1, ,', '192.0.2.1'],
    ['nothing', '', PROXY],
    ['a proxy that does not know', 'unknown', PROXY],
    ['a trusted hop behind one that does not know', '192.0.2.1, unknown, 10.1.1.1', '10.1.1.1'],
    ['a name', '192.0.2.1, evil.example', PROXY],
    ['digits that are no address', '192.0.2.1, 999.0.2.1', PROXY],
    ['octal', '010.0.0.1', PROXY],
    ['a zone', 'fe80::1%eth0', PROXY],
    ['a quote', '"192.0.2.1"', PROXY],
    ['control characters and colours', '\u001b[31m192.0.2.1', PROXY],
  ])('is read from the end of X-Forwarded-For: %s', (_, header, client) => {
    expect(from(PROXY, header)).toBe(client);
    expect(from(`::ffff:${PROXY}`, header)).toBe(client);
  });

  it.each([
    ['one hop', 'for=192.0.2.1', '192.0.2.1'],
    ['any case, other parameters', 'By=10.0.0.1;For="192.0.2.1:80";proto=https; host="a.example:8080"', '192.0.2.1'],
    ['what the caller wrote before it', 'for=1.1.1.1, for=192.0.2.1', '192.0.2.1'],
    ['trusted hops after it', 'for=1.1.1.1, for=192.0.2.1, for=10.1.1.1;by=10.0.0.1', '192.0.2.1'],
    ['IPv6', 'for="[2001:DB8::1]:4711"', '2001:db8::1'],
    ['a trusted hop of IPv6', 'for=192.0.2.1, for="[fd00::5]"', '192.0.2.1'],
    ['a quote that the caller left open', 'for="1.1.1.1, for=192.0.2.1', '192.0.2.1'],
    ['an obfuscated name', 'for=_hidden', PROXY],
    ['unknown', 'for=192.0.2.1, for=unknown', PROXY],
    ['no for', 'for=192.0.2.1, by=10.0.0.1', PROXY],
    ['two of them', 'for=192.0.2.1;for=1.1.1.1', PROXY],
    ['a hop inside a quoted host', 'for=192.0.2.1;host="a,for=1.1.1.1"', PROXY],
    ['a hop inside a quoted host with more after it', 'for=192.0.2.1;host="a,for=1.1.1.1;a=b";proto=https', PROXY],
    ['an escape', 'for="192.0.2.\\1"', PROXY],
    ['no grammar at all', '192.0.2.1', PROXY],
  ])('is read from the end of Forwarded: %s', (_, header, client) => {
    expect(from(PROXY, undefined, header)).toBe(client);
  });

  it('is the proxy’s where the two headers tell of different callers: the caller wrote one of them', () => {
    expect(from(PROXY, '192.0.2.1', 'for=192.0.2.1')).toBe('192.0.2.1');
    expect(from(PROXY, '192.0.2.1', 'for=1.1.1.1')).toBe(PROXY);
    expect(from(PROXY, '1.1.1.1', 'for=192.0.2.1')).toBe(PROXY);
  });

  it('cannot be chosen by a caller behind a trusted proxy, whatever stands before its own hop', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[\d.:,;="[\] for\\-]*$/),
      fc.constantFrom('10.0.0.9', '1.1.1.1', 'for=1.1.1.1', 'for="', '"', ','),
    );
    fc.assert(
      fc.property(
        fc.array(texts).map((parts) => parts.join(', ')),
        (written) => {
          expect(from(PROXY, `${written}, 192.0.2.1`)).toBe('192.0.2.1');
          expect(from(PROXY, undefined, `${written}, for=192.0.2.1`)).toBe('192.0.2.1');
        },
      ),
      { numRuns: 500 },
    );
  });
});
