import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AllowedHost,
  isNamedHost,
  judgeEndpoint,
  needsPort,
  parseAllowedHost,
} from '../../../src/domain/subscription/endpoint-policy.ts';

const named = (...texts: string[]): AllowedHost[] =>
  texts.map((text) => parseAllowedHost(text)).filter((host) => host !== null);

const kindOf = (endpoint: string, ...hosts: string[]): string => judgeEndpoint(endpoint, named(...hosts)).kind;

describe('parseAllowedHost', () => {
  test.each([
    ['push.example', { host: 'push.example', port: null }],
    ['Push.Example:8443', { host: 'push.example', port: 8443 }],
    ['push.example:443', { host: 'push.example', port: 443 }],
    ['bücher.example', { host: 'xn--bcher-kva.example', port: null }],
    ['localhost', { host: 'localhost', port: null }],
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['127.1', { host: '127.0.0.1', port: null }],
    ['[::1]', { host: '[::1]', port: null }],
    ['[0:0:0:0:0:0:0:1]:9000', { host: '[::1]', port: 9000 }],
    ['push_service:9000', { host: 'push_service', port: 9000 }],
    ['*.Push.example', { host: '*.push.example', port: null }],
    ['*.bücher.example', { host: '*.xn--bcher-kva.example', port: null }],
  ])('%s', (text, expected) => {
    expect(parseAllowedHost(text)).toEqual(expected);
  });

  test.each([
    '',
    ' ',
    'https://push.example',
    'push.example/',
    'push.example/x',
    'user@push.example',
    'push.example:',
    'push.example:0',
    'push.example:65536',
    'push.example:x',
    'push.example:443:443',
    '*.push.example:443',
    '*.example',
    '*',
    '*.',
    '**.push.example',
    'push.*.example',
    '*push.example',
    '*.*.push.example',
    '*.127.0.0.1',
    '*.[::1]',
    '*.push.example.',
    'push.example.',
    '.push.example',
    'push..example',
    'push example',
    'push.example?x',
    'push.example#x',
    '::1',
    '[::1',
    '[push.example]',
    '[::1]x',
    'a%2eb',
    'a\\b',
    '256.1.1.1',
  ])('refuses %j', (text) => {
    expect(parseAllowedHost(text)).toBeNull();
  });

  test('is total', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = parseAllowedHost(text);
        return parsed === null || parsed.host.length > 0;
      }),
    );
  });
});

describe('judgeEndpoint', () => {
  test.each([
    'https://fcm.googleapis.com/fcm/send/abc:def',
    'https://fcm.googleapis.com/wp/abc',
    'https://jmt17.google.com/fcm/send/abc:def',
    'https://fcm.googleapis.com:443/wp/abc',
    'https://FCM.GoogleAPIs.com/wp/abc',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAA',
    'https://a.b.push.services.mozilla.com/x',
    'https://web.push.apple.com/QK8',
    'https://wns2-db5p.notify.windows.com/w/?token=BQYAAA%3d%3d',
  ])('takes %s', (endpoint) => {
    expect(judgeEndpoint(endpoint, [])).toEqual({ kind: 'allowed', named: false, url: new URL(endpoint) });
  });

  test.each([
    ['a host that ends alike', 'https://fcm.googleapis.com.evil.example/x'],
    ['a host that begins alike', 'https://evilfcm.googleapis.com/x'],
    ['another host of Google’s', 'https://mail.google.com/fcm/send/abc'],
    ['a host below Google’s', 'https://evil.jmt17.google.com/fcm/send/abc'],
    ['a suffix without its dot', 'https://evilpush.apple.com/x'],
    ['the bare suffix', 'https://push.services.mozilla.com/x'],
    ['an empty label', 'https://.push.apple.com/x'],
    ['the right host in the path', 'https://evil.example/fcm.googleapis.com/x.google.com/'],
    ['the right host in the query', 'https://evil.example/?h=fcm.googleapis.com'],
    ['a trailing dot', 'https://fcm.googleapis.com./x'],
    ['a letter that looks alike', 'https://fcm.googleapıs.com/x'],
    ['another port', 'https://fcm.googleapis.com:8443/x'],
    ['the metadata address', 'https://169.254.169.254/x.google.com/'],
    ['an address in one number', 'https://2130706433/x'],
    ['loopback by name', 'https://localhost/x'],
    ['loopback by IPv6', 'https://[::1]/x'],
    ['http to loopback that is not named', 'http://127.0.0.1:9000/x'],
  ])('does not allow %s', (_name, endpoint) => {
    expect(kindOf(endpoint)).toBe('not_allowed');
  });

  test.each([
    ['nothing', ''],
    ['no URL', 'fcm.googleapis.com/x'],
    ['another scheme', 'ftp://fcm.googleapis.com/x'],
    ['javascript', 'javascript:alert(1)'],
    ['http', 'http://fcm.googleapis.com/x'],
    ['a user name that looks like the host', 'https://fcm.googleapis.com@evil.example/'],
    ['a user name', 'https://user@fcm.googleapis.com/x'],
    ['a password', 'https://:secret@fcm.googleapis.com/x'],
    ['a fragment', 'https://fcm.googleapis.com/x#y'],
    ['an empty fragment', 'https://fcm.googleapis.com/x#'],
    ['a fragment before the user name', 'https://evil.example#@fcm.googleapis.com/x'],
    ['a backslash', 'https://evil.example\\@fcm.googleapis.com/x'],
    ['a space around it', ' https://fcm.googleapis.com/x'],
    ['a line break within', 'https://fcm.goo\ngleapis.com/x'],
    ['a blocked browser', 'https://permanently-removed.invalid/fcm/send/x'],
    ['a blocked browser, with a dot', 'https://permanently-removed.invalid./x'],
    ['too long a URL', `https://fcm.googleapis.com/${'x'.repeat(2048)}`],
    ['a port that is none', 'https://fcm.googleapis.com:99999/x'],
  ])('finds %s invalid', (_name, endpoint) => {
    expect(kindOf(endpoint)).toBe('invalid');
  });

  test('takes 2048 characters', () => {
    const start = 'https://fcm.googleapis.com/';
    expect(kindOf(start + 'x'.repeat(2048 - start.length))).toBe('allowed');
    expect(kindOf(start + 'x'.repeat(2049 - start.length))).toBe('invalid');
  });

  test.each([
    ['https://push.example/x', 'push.example', 'allowed'],
    ['https://PUSH.example/x', 'push.EXAMPLE', 'allowed'],
    ['https://bücher.example/x', 'xn--bcher-kva.example', 'allowed'],
    ['https://push.example:8443/x', 'push.example', 'not_allowed'],
    ['https://push.example:8443/x', 'push.example:8443', 'allowed'],
    ['https://push.example/x', 'push.example:8443', 'not_allowed'],
    ['https://push.example/x', 'push.example:443', 'allowed'],
    ['https://sub.push.example/x', 'push.example', 'not_allowed'],
    ['https://fcm.googleapis.com:8443/x', 'fcm.googleapis.com:8443', 'allowed'],
    ['https://10.0.0.7:9000/x', '10.0.0.7:9000', 'allowed'],
    ['https://localhost:9000/x', 'localhost', 'not_allowed'],
    ['https://[::1]:9000/x', '[::1]', 'not_allowed'],
    ['http://localhost:9000/x', 'localhost', 'not_allowed'],
    ['http://localhost:9000/x', 'localhost:9000', 'allowed'],
    ['http://localhost/x', 'localhost:80', 'allowed'],
    ['https://a.push.example/x', '*.push.example', 'allowed'],
    ['https://a.b.push.example/x', '*.push.example', 'allowed'],
    ['https://push.example/x', '*.push.example', 'not_allowed'],
    ['https://apush.example/x', '*.push.example', 'not_allowed'],
    ['https://a.push.example:8443/x', '*.push.example', 'not_allowed'],
    ['https://a.push.example.evil.example/x', '*.push.example', 'not_allowed'],
    ['http://a.push.example/x', '*.push.example', 'invalid'],
    ['http://127.0.0.1:9000/x', '127.0.0.1:9000', 'allowed'],
    ['http://127.0.0.1:9001/x', '127.0.0.1:9000', 'not_allowed'],
    ['http://127.8.8.8:9000/x', '127.8.8.8', 'not_allowed'],
    ['http://[::1]:9000/x', '[::1]:9000', 'allowed'],
    ['http://push.example/x', 'push.example', 'invalid'],
    ['http://push.example/x', 'push.example:80', 'invalid'],
    ['http://127.0.0.1.evil.example/x', '127.0.0.1.evil.example', 'invalid'],
    ['https://push.invalid/x', 'push.invalid', 'invalid'],
  ])('%s with %s named: %s', (endpoint, host, expected) => {
    expect(kindOf(endpoint, host)).toBe(expected);
  });

  test('says which hosts were named, and that a known push service was not', () => {
    expect(judgeEndpoint('https://push.example/x', named('push.example'))).toEqual({
      kind: 'allowed',
      named: true,
      url: new URL('https://push.example/x'),
    });
    expect(judgeEndpoint('https://web.push.apple.com/x', named('push.example'))).toEqual({
      kind: 'allowed',
      named: false,
      url: new URL('https://web.push.apple.com/x'),
    });
  });

  test('says what to do, with the host and never the path', () => {
    for (const endpoint of [
      'https://evil.example/s3cr3t',
      'https://fcm.googleapis.com:1/s3cr3t',
      'http://fcm.googleapis.com/s3cr3t',
      'https://u@fcm.googleapis.com/s3cr3t',
      'https://fcm.googleapis.com/s3cr3t#f',
      'https://gone.invalid/s3cr3t',
      'x s3cr3t',
    ]) {
      const judgement = judgeEndpoint(endpoint, []);
      if (judgement.kind === 'allowed') throw new Error(`allowed ${endpoint}`);
      expect(judgement.message).toMatch(/^[A-Z].*\.$/);
      expect(judgement.message).not.toContain('s3cr3t');
    }
    expect(judgeEndpoint('https://evil.example:8443/x', [])).toMatchObject({
      message: expect.stringContaining('name evil.example:8443 in PUSH_ALLOWED_HOSTS'),
    });
  });

  test('is total, and never allows a host that the URL parser would not send to', () => {
    const part = fc.oneof(
      fc.constantFrom('https://', 'fcm.googleapis.com', '@', '/', '#', '?', '.', ':', '\\', 'evil.example', '%2f', ' '),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const endpoint = parts.join('');
        if (judgeEndpoint(endpoint, []).kind !== 'allowed') return true;
        const url = new URL(endpoint);
        return url.hostname === 'fcm.googleapis.com' && url.port === '' && url.protocol === 'https:';
      }),
      { numRuns: 2000 },
    );
  });
});

test('isNamedHost needs the very port, and no wildcard names a host', () => {
  expect(isNamedHost('push.example', 444, named('push.example'))).toBe(false);
  expect(isNamedHost('localhost', 444, named('localhost'))).toBe(false);
  expect(isNamedHost('localhost', 445, named('localhost:445'))).toBe(true);
  // What a wildcard covers may not lead to a private address.
  expect(isNamedHost('a.push.example', 443, named('*.push.example'))).toBe(false);
});

test.each([
  ...['localhost', '127.0.0.1', '127.8.8.8', '[::1]', '10.0.0.7', '172.16.0.1', '172.31.9.9', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '0.0.0.0', '[fd00::7]', '[fe80::1]', '[::ffff:10.0.0.7]', '[64:ff9b::a00:7]'],
])('%s needs a port', (host) => {
  expect(named(host).map(needsPort)).toEqual([true]);
  expect(named(`${host}:9443`).map(needsPort)).toEqual([false]);
});

test.each([
  'push.example',
  'push_service',
  '8.8.8.8',
  '172.32.0.1',
  '100.128.0.1',
  '[2606:4700::1111]',
  '*.push.example',
])('%s needs none', (host) => {
  expect(named(host).map(needsPort)).toEqual([false]);
});
