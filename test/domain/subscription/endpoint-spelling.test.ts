import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllowedHost } from '../../../src/domain/subscription/endpoint-policy.ts';
import { endpointIdentity, judgeNewEndpoint } from '../../../src/domain/subscription/endpoint-spelling.ts';

const NAMED = ['push.example', '127.0.0.1:9000', '[::1]:9000', '*.up.example', 'xn--bcher-kva.example']
  .map((text) => parseAllowedHost(text))
  .filter((host) => host !== null);

const judge = (endpoint: string) => judgeNewEndpoint(endpoint, NAMED);

/** As browsers are given them, with tokens that are made up. */
const REAL = [
  'https://fcm.googleapis.com/fcm/send/u8jzPde0Igx:APA91bLd6GncfBAepfJBd0Kh8oOOL8dKLzdocJ2i-sAjIhKtJ0RlgLKOmxgJTeKdNnFRIBXuDL7DxtpYlSXpfKtHF4vUCsMehGAkWvj7FAc9QeWJKY40uv_SwMFLZDe1f8rESQedUStP',
  'https://fcm.googleapis.com/wp/KR0-CsTy4Qw:APA91bb8DwkNh-FdnXsiVpz_z63FfkCzJr4i0',
  'https://jmt17.google.com/fcm/send/d1zY3m8kQeE:APA91bHn0c2',
  'https://fcm.googleapis.com/preprod/wp/B3J-rTAwR4y:APA91b9ojfljo',
  'https://updates.push.services.mozilla.com/wpush/v2/gAAAAAQoaF1LlqsajAIxNKu8iS2G8NPRVdD53X83RZJzzzzgEOzdmenCkhvMdgaKjIg-8xNbe3nNyjOq9wMxEhh2FDEEtf_jgVvVqE1SkHbn88_HxjSI6bWHtP3fS2qHx6kwXoIIXGvOoNZYW2mZp0zVZomHFwUbbYrEqmSM9wCZ7Uw9xf-ogoE',
  'https://jmt17.google.com/fcm/send/c3Xy7TOLwQo:APA91bHx0LuAR3G',
  'https://updates.push.services.mozilla.com/wpush/v1/gAAAAAmvnEN5N1==',
  'https://web.push.apple.com/aE6PwZPf1Qh6_y_YTWmE4lBYOvfZ8UzDzV8fUkkibjL5DZPjN0MEQ7wjJ_JibaZUPgHV7iB3m03nbqnsGpWLuqIA1id6Vw5-DQL05HA064GiIjHGb3CXlMaXZjljENUhJduRHHJEYXg4-JdpmrcXgGC-JbW56eCuNGMG-mSrCGI',
  'https://wns2-par02p.notify.windows.com/w/?token=BQYAAAZEG8pSH4487q7J58m1CiAhzCueQpBenQ%2btYh5Xj8TPQxjq4i9DoV8gz4FkQ1okTB%2fGzvAmwufUxbvJDCTbyvHNsG9eh6Yo4gfqrc5XlrWi0B26%2bR08qzjI6GKF%3d',
  'https://db3.notify.windows.com/?token=AgUAAASufrdZSlB5er%2f8bOfZqfM2oeq3%2bhDavJA76rNicHTp8hkqdlm7t%2fO%2btHWnsCGRlrwZbqcabUGJmGEp7CgQ0PBQFI14zGt%2fSnovm14TUOizwd%2f1iaeOV4qBkdfQ1y3GQsM%3d',
  'https://wns2-bl2p.notify.windows.com/w/?token=BQYAAApSscDlkrCaqx9vJupc94tnwlavyfErGPmpGXafq0f%2FjzLczbttOofL9H2WjQ%3D%3D',
  // Push services of one's own, named in PUSH_ALLOWED_HOSTS.
  'https://push.example/up/AbC123?up=1&x=%2Fa%20b',
  'https://push.example/index.php/apps//uppush/push/5a%3A7',
  'https://a.b.up.example/upXyZ?up',
  'https://xn--bcher-kva.example/x',
  'http://127.0.0.1:9000/push/AbC~_.-1',
  'https://[::1]:9000/push/1',
];

describe('judgeNewEndpoint', () => {
  it.each(REAL)('takes %s', (endpoint) => {
    expect(judge(endpoint)).toMatchObject({ kind: 'allowed', url: { href: endpoint } });
  });

  it.each([
    ['the host in capitals', 'https://PUSH.example/a/b'],
    ['one capital', 'https://fcm.googleapis.Com/fcm/send/a:b'],
    ['the scheme in capitals', 'HTTPS://push.example/a/b'],
    ['its own port', 'https://push.example:443/a/b'],
    ['its own port with a zero', 'https://push.example:0443/a/b'],
    ['an empty port', 'https://push.example:/a/b'],
    ['a segment of one dot', 'https://push.example/a/./b'],
    ['a segment of two dots', 'https://push.example/c/../a/b'],
    ['an encoded dot', 'https://push.example/a/%2e/b'],
    ['an encoded letter', 'https://push.example/%61/b'],
    ['an encoded capital', 'https://push.example/%41/b'],
    ['an encoded digit', 'https://push.example/a/%39'],
    ['an encoded hyphen', 'https://push.example/a/b%2D'],
    ['an encoded underscore', 'https://push.example/a/b%5f'],
    ['an encoded tilde', 'https://push.example/a/b%7E'],
    ['an encoded letter in the query', 'https://push.example/a/b?%62=1'],
    ['an encoded letter in the host', 'https://%70ush.example/a/b'],
    ['an empty query', 'https://push.example/a/b?'],
    ['full-width letters', 'https://ｐush.example/a/b'],
    ['a full-width dot', 'https://push．example/a/b'],
    ['a soft hyphen in the host', 'https://pu\u00adsh.example/a/b'],
    ['letters with marks, not in punycode', 'https://bücher.example/a/b'],
    ['a letter beyond ASCII', 'https://push.example/ä'],
    ['half a surrogate', 'https://push.example/\ud800'],
    ['an apostrophe in the query', "https://push.example/a?b='"],
    ['a pipe in the query that is not encoded', 'https://push.example/a?b=<c>'],
    ['no slash after the host', 'https://push.example'],
    ['one slash before the host', 'https:/push.example/a/b'],
    ['three slashes before the host', 'https:///push.example/a/b'],
    ['no slash before the host', 'https:push.example/a/b'],
    ['an empty user name', 'https://@push.example/a/b'],
    ['an address in one number', 'http://2130706433:9000/a/b'],
    ['an address in hex', 'http://0x7f.1:9000/a/b'],
    ['an address with a zero', 'http://127.0.0.01:9000/a/b'],
    ['a long IPv6 address', 'https://[0:0:0:0:0:0:0:1]:9000/a/b'],
    ['a percent sign by itself', 'https://push.example/a%'],
    ['a percent sign and no hex', 'https://push.example/a%zz'],
    ['Google: a query', 'https://fcm.googleapis.com/fcm/send/a:b?x'],
    ['Google: a query with a value', 'https://fcm.googleapis.com/fcm/send/a:b?x=1'],
    ['Google: an encoded colon', 'https://fcm.googleapis.com/fcm/send/a%3Ab'],
    ['Google: an encoded slash', 'https://fcm.googleapis.com/fcm/send%2fa:b'],
    ['Google: two slashes', 'https://fcm.googleapis.com/fcm//send/a:b'],
    ['Google: a slash at the end', 'https://fcm.googleapis.com/fcm/send/a:b/'],
    ['Google: a path parameter', 'https://fcm.googleapis.com/fcm/send/a:b;x=1'],
    ['Google: a NUL, encoded', 'https://fcm.googleapis.com/fcm/send/a:b%00'],
    ['Mozilla: a query', 'https://updates.push.services.mozilla.com/wpush/v2/gAAA?x'],
    ['Mozilla: an encoded =', 'https://updates.push.services.mozilla.com/wpush/v2/gAAA%3d'],
    ['Apple: two slashes', 'https://web.push.apple.com//QJSG'],
    ['Apple: a query', 'https://web.push.apple.com/QJSG?x=1'],
    ['Microsoft: another query beside', 'https://db3.notify.windows.com/w/?token=AgUA%3d&x=1'],
    ['Microsoft: another query before', 'https://db3.notify.windows.com/w/?x=1&token=AgUA%3d'],
    ['Microsoft: the token twice', 'https://db3.notify.windows.com/w/?token=AgUA&token=AgUA'],
    ['Microsoft: the name in capitals', 'https://db3.notify.windows.com/w/?Token=AgUA'],
    ['Microsoft: the path in capitals', 'https://db3.notify.windows.com/W/?token=AgUA'],
    ['Microsoft: another path', 'https://db3.notify.windows.com/w?token=AgUA'],
    ['Microsoft: a token that is not encoded', 'https://db3.notify.windows.com/w/?token=AgUA/b+c='],
    ['Microsoft: no token', 'https://db3.notify.windows.com/w/'],
    ['Microsoft: an empty token', 'https://db3.notify.windows.com/w/?token='],
  ])('refuses %s', (_, endpoint) => {
    const judgement = judge(endpoint);
    if (judgement.kind !== 'invalid') throw new Error(`${judgement.kind} ${endpoint}`);
    expect(judgement.message).toMatch(/Send what PushSubscription\.toJSON\(\) gives, unchanged\.$/);
  });

  it('tells of a host that is not allowed first, and of a name with a dot at its end, which is none', () => {
    expect(judge('https://evil.example/%61').kind).toBe('not_allowed');
    expect(judge('https://push.example./a').kind).toBe('not_allowed');
    expect(judge('https://fcm.googleapis.com./fcm/send/a').kind).toBe('not_allowed');
  });

  it('takes any path of a known push service that is named', () => {
    const named = [parseAllowedHost('fcm.googleapis.com')].filter((host) => host !== null);
    const odd = 'https://fcm.googleapis.com/new?form=%2f';
    expect(judgeNewEndpoint(odd, named).kind).toBe('allowed');
    expect(judgeNewEndpoint(odd, []).kind).toBe('invalid');
    expect(judgeNewEndpoint(`${odd}%61`, named).kind).toBe('invalid');
  });

  it('never tells a path or a query', () => {
    for (const endpoint of [
      'https://push.example/s3cr3t?',
      'https://fcm.googleapis.com/s3cr3t?x',
      'https://PUSH.example/s3cr3t',
    ]) {
      expect(JSON.stringify(judge(endpoint))).not.toContain('s3cr3t');
    }
  });
});

/** Pieces of which endpoints are made that look different and mean the same. */
const piece = fc.oneof(
  fc.constantFrom(
    'push.example',
    'PUSH.example',
    ':443',
    ':',
    '/',
    '/./',
    '/../',
    '//',
    '?',
    '%61',
    'a',
    'A',
    '%2F',
    '%2f',
    '=',
    '%3d',
  ),
  fc.constantFrom(
    'fcm.googleapis.com',
    '.',
    'ｐ',
    '\u00ad',
    '%',
    '&x=1',
    'w/?token=',
    'db3.notify.windows.com',
    ';',
    '+',
    '%2B',
    '%2b',
  ),
  fc.string({ unit: 'binary', maxLength: 2 }),
);
const endpoints = fc.array(piece, { maxLength: 7 }).map((pieces) => `https://push.example/${pieces.join('')}`);
const withAnyHost = fc.array(piece, { maxLength: 7 }).map((pieces) => `https://${pieces.join('')}`);

it('takes no two spellings of what a URL parser takes for one', () => {
  fc.assert(
    fc.property(fc.oneof(endpoints, withAnyHost), (endpoint) => {
      if (judge(endpoint).kind !== 'allowed') return;
      // Whatever else parses to this URL is not equal to its href, and so is not taken.
      expect(new URL(endpoint).href).toBe(endpoint);
      expect(new URL(endpoint).hash).toBe('');
    }),
    { numRuns: 5000 },
  );
});

it('takes two that decode to the same only where reserved characters make the difference', () => {
  const unreservedDecoded = (text: string): string =>
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (octet, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : octet.toLowerCase();
    });
  fc.assert(
    fc.property(endpoints, (endpoint) => {
      if (judge(endpoint).kind === 'allowed') expect(unreservedDecoded(endpoint)).toBe(endpointIdentity(endpoint));
    }),
    { numRuns: 5000 },
  );
});

it('is one identity for percent-encoding in capitals and not, and another for everything else', () => {
  expect(endpointIdentity('https://push.example/A?b=%2FC%3d')).toBe('https://push.example/A?b=%2fC%3d');
  expect(endpointIdentity('https://push.example/A?b=%2fC%3D')).toBe('https://push.example/A?b=%2fC%3d');
  for (const endpoint of REAL.filter((real) => !/%[0-9]?[A-F]/.test(real)))
    expect(endpointIdentity(endpoint)).toBe(endpoint);
});
