import { describe, expect, it } from 'vitest';
import { createClientFinder } from '../src/access/client-address.ts';
import { createClient } from '../src/client/client.ts';
import { parseConfig } from '../src/config/config.ts';
import { mongodbUrl } from '../src/config/setting-parsers.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { isResourceId, isSubscriptionId } from '../src/domain/ids.ts';
import { parseHttpDate } from '../src/domain/push-service/http-date.ts';
import { judgeEndpoint, parseAllowedHost } from '../src/domain/subscription/endpoint-policy.ts';
import { isUserId } from '../src/domain/user/user-id.ts';
import { mozillaHeaderFault } from '../src/emulator/mozilla-headers.ts';
import { mozillaProfile } from '../src/emulator/mozilla-profile.ts';
import { checkVapid } from '../src/emulator/vapid-check.ts';
import { inspectJson } from '../src/http/kit/json-body.ts';
import { instant } from '../src/http/kit/wire-fields.ts';
import { reasonOf } from '../src/push/service-reason.ts';
import { decodePlace } from '../src/store/cursor.ts';
import { BUILT, MEET_OUR_OWN_TEXT, MEET_OUTSIDE_TEXT } from './linear-time/expressions.ts';
import type { Worst } from './linear-time/listed-expression.ts';
import { BUILT_AT_RUN_TIME, expressionsIn, expressionsOfSources } from './linear-time/source-expressions.ts';

const CHARACTERS = 65_536;
/** A quadratic expression takes seconds for this much, a linear one well under a millisecond. */
const LIMIT_MS = 60;

function worstText({ head = '', repeated, tail = '' }: Worst): string {
  return head + repeated.repeat(Math.ceil(CHARACTERS / repeated.length)) + tail;
}

/** Processor time of the shortest of a few runs: other processes shall not count. */
function millisecondsOf(work: () => void): number {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 4 && shortestMs > LIMIT_MS / 4; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    shortestMs = Math.min(shortestMs, (user + system) / 1000);
  }
  return shortestMs;
}

/** As the sources use it: a global one replaces, any other is asked whether it matches. */
function use(expression: RegExp, text: string): void {
  if (expression.global) text.replace(expression, '');
  else expression.test(text);
}

const listed = Object.entries(MEET_OUTSIDE_TEXT).flatMap(([file, expressions]) =>
  expressions.map(([expression, worst]) => ({ file, expression, worst, text: String(expression) })),
);

/** Whatever an expression is made of, one of these makes its quantifiers overlap where they can. */
const REPEATED = [
  ...'a0A -._/@:<=+%?,;"[]{}~\\|#\t\n\u2028é\u00a0',
  '\u{1f514}',
  '\ud800',
  'a.',
  'a-',
  '.1',
  '=1',
  ' ,',
  '://',
];
const TAILS = ['', '\n', '!', '\0'];

describe('regular expressions that meet outside text', () => {
  it.each(listed)('$file $text takes 64 KiB of its worst in linear time', ({ expression, worst }) => {
    const text = worstText(worst);
    expect(millisecondsOf(() => use(expression, text))).toBeLessThan(LIMIT_MS);
  });

  it.each(listed)('$file $text is linear whatever is repeated', ({ expression, worst: { head = '' } }) => {
    for (const start of new Set(['', head])) {
      for (const repeated of REPEATED) {
        for (const tail of TAILS) {
          // An eighth: enough for a hundred milliseconds where it is quadratic, and there are many of these.
          const text = worstText({ head: start, repeated, tail }).slice(-CHARACTERS / 8);
          const what = JSON.stringify({ start, repeated, tail });
          expect(
            millisecondsOf(() => use(expression, start + text)),
            what,
          ).toBeLessThan(LIMIT_MS);
        }
      }
    }
  });
});

describe('the regular expressions of the sources', () => {
  it('are all in test/linear-time/expressions.ts, each with its worst text or why it meets none from outside', () => {
    const inSources = expressionsOfSources().map(({ file, text }) => `${file}  ${text}`);
    const known = [
      ...listed.map(({ file, text }) => `${file}  ${text}`),
      ...Object.entries(MEET_OUR_OWN_TEXT).flatMap(([file, own]) => own.map(([each]) => `${file}  ${each}`)),
      ...Object.keys(BUILT).map((file) => `${file}  ${BUILT_AT_RUN_TIME}`),
    ];
    expect([...new Set(inSources)].sort()).toEqual(known.sort());
  });

  it('are built at run time only where that is known', () => {
    const built = expressionsOfSources().filter(({ text }) => text === BUILT_AT_RUN_TIME);
    const counts = Object.fromEntries(
      built.map(({ file }) => [file, built.filter((each) => each.file === file).length]),
    );
    expect(counts).toEqual(BUILT);
  });

  it('are found wherever they stand', () => {
    const program = [
      'const a: RegExp = /a b/giu; // not /this/ one',
      `const b = "nor /that/ one" + \`nor \${/but this/.source} /x/\`;`,
      'const c = 4 / 2 / a.lastIndex;',
      'const d = [RegExp("x"), new globalThis.RegExp(b), /[/]/];',
      "const e = b.match('a+') ?? b.match(a);",
    ].join('\n');
    expect(expressionsIn(program, 'ts')).toEqual([
      '/a b/giu',
      '/but this/',
      BUILT_AT_RUN_TIME,
      BUILT_AT_RUN_TIME,
      '/[/]/',
      BUILT_AT_RUN_TIME,
    ]);
  });
});

const answerWith = (body: string) => ({
  status: 400,
  headers: {},
  body,
  endpoint: 'https://push.example.net/a/b',
  secrets: [],
});

const findClient = createClientFinder([{ address: '10.0.0.0', prefixLength: 8 }]);
const clientBehind = (headers: { 'x-forwarded-for'?: string; forwarded?: string }) =>
  findClient({ remoteAddress: '10.0.0.1', header: (name) => headers[name] });

/** As long as an endpoint can be. */
const MOZILLA = { audience: '', nowMs: 0, rules: mozillaProfile.vapid };
const headersOf = (text: string) => ({
  ttl: '1',
  topic: text,
  'content-encoding': 'aesgcm',
  encryption: `salt=${text}`,
  'crypto-key': `dh=${text}`,
});
const endpointOf = (text: string): string => `https://push.example.net/${text}`.slice(0, 2048);

/** What takes apart outside text by more than one expression, or by none. */
const FUNCTIONS: readonly [name: string, take: (text: string) => unknown][] = [
  ['parseHttpDate', (text) => parseHttpDate(text, 0)],
  ['reasonOf, a body', (text) => reasonOf(answerWith(text))],
  ['reasonOf, a page', (text) => reasonOf(answerWith(`<${text}`))],
  ['reasonOf, WNS', (text) => reasonOf({ ...answerWith(''), headers: { 'x-wns-error-description': text } })],
  ['reasonOf, an endpoint', (text) => reasonOf({ ...answerWith(text), endpoint: endpointOf(text) })],
  ['X-Forwarded-For', (text) => clientBehind({ 'x-forwarded-for': text })],
  ['Forwarded', (text) => clientBehind({ forwarded: text })],
  ['Forwarded, an element', (text) => clientBehind({ forwarded: `for="${text}"` })],
  ['isSubscriptionId', (text) => isSubscriptionId(`sub_${text}`)],
  ['isResourceId', (text) => isResourceId(`dlv_${text}`)],
  ['parseAllowedHost', parseAllowedHost],
  ['judgeEndpoint', (text) => judgeEndpoint(`https://${text}`, [])],
  ['isUserId', isUserId],
  ['checkVapid', (text) => checkVapid({ authorization: `vapid t=${text},k=${text}` }, MOZILLA)],
  [
    'checkVapid, the older form',
    (text) => checkVapid({ authorization: `webpush ${text}`, 'crypto-key': text }, MOZILLA),
  ],
  ['mozillaHeaderFault', (text) => mozillaHeaderFault({ method: 'POST', headers: headersOf(text), bodyOctets: 1 })],
  ['inspectJson', (text) => inspectJson({ a: text, [text]: [text] })],
  ['an instant', (text) => instant.safeParse(`2026-01-31T12:00:00.${text}`)],
  ['decodePlace', (text) => valueOrNull(() => decodePlace(text))],
  ['mongodbUrl', (text) => valueOrNull(() => mongodbUrl(`mongodb://${text}`))],
  ['the file of PUSH_CA_FILE', (text) => valueOrNull(() => parseConfig({ PUSH_CA_FILE: '/ca.pem' }, () => text))],
  ['createClient', (text) => valueOrNull(() => createClient({ url: `https://push.example.com/${text}`, secret: 's' }))],
  ...Object.entries(SETTINGS).map(([name, { parse }]): (typeof FUNCTIONS)[number] => [
    `the setting ${name}`,
    (text) => valueOrNull(() => parse(text)),
  ]),
];

function valueOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

describe('functions that meet outside text', () => {
  it.each(FUNCTIONS)('%s is linear whatever is repeated', (_, take) => {
    for (const repeated of [
      ...REPEATED,
      '<a',
      '<title>',
      '@/',
      '://?',
      '*.',
      'a:',
      ' ;',
      'a=1,',
      '-----BEGIN CERTIFICATE-----',
    ]) {
      for (const tail of TAILS) {
        const text = worstText({ repeated, tail });
        expect(
          millisecondsOf(() => take(text)),
          JSON.stringify({ repeated, tail }),
        ).toBeLessThan(LIMIT_MS);
      }
    }
  });
});
