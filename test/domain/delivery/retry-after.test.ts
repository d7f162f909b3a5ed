import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/domain/delivery/retry-policy.ts';
import { NOW_MS } from '../../support/samples.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** The three forms of RFC 9110 section 5.6.7, of which a recipient must read each. */
const FORMS: Readonly<Record<string, (date: Date) => string>> = {
  'IMF-fixdate': (date) => date.toUTCString(),
  'RFC 850': (date) => {
    const [, day, month, year = '', time] = date.toUTCString().split(' ');
    return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
  },
  asctime: (date) => {
    const [weekday = '', , month, year, time] = date.toUTCString().split(' ');
    return `${weekday.slice(0, 3)} ${month} ${String(date.getUTCDate()).padStart(2)} ${time} ${year}`;
  },
};
const forms = fc.constantFrom(...Object.keys(FORMS));
const format = (form: string, atMs: number): string => FORMS[form]?.(new Date(atMs)) ?? '';

/** A year of two digits is in the fifty years to come (RFC 9110 section 5.6.7). */
const waitsSeconds = fc.integer({ min: 1, max: 40 * 366 * 86_400 });

const ZONES = ['UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Europe/Berlin'];
const homeZone = process.env.TZ;
afterEach(() => {
  if (homeZone === undefined) delete process.env.TZ;
  else process.env.TZ = homeZone;
});

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 7 ', 7000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:10 2026', 10_000],
    ['Thu, 01 Jan 2026 00:00:60 GMT', 60_000],
  ])('%s is a wait of %d ms', (header, waitMs) => {
    expect(parseRetryAfter(header, NOW_MS)).toBe(waitMs);
  });

  it.each(ZONES)('reads back every date in each of the three forms, on a machine in %s', (zone) => {
    process.env.TZ = zone;
    fc.assert(
      fc.property(forms, waitsSeconds, (form, seconds) => {
        expect(parseRetryAfter(format(form, NOW_MS + seconds * 1000), NOW_MS)).toBe(seconds * 1000);
      }),
    );
  });

  it('reads back every number of seconds, with blanks around it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), fc.constantFrom('', ' ', '\t '), (seconds, blank) => {
        expect(parseRetryAfter(`${blank}${seconds}${blank}`, NOW_MS)).toBe(seconds * 1000);
      }),
    );
  });

  it('asks for no wait where the date has come, in each of the three forms', () => {
    fc.assert(
      fc.property(forms, fc.integer({ min: 0, max: 30 * 366 * 86_400 }), (form, seconds) => {
        expect(parseRetryAfter(format(form, NOW_MS - seconds * 1000), NOW_MS)).toBeNull();
      }),
    );
  });

  it.each([
    ['nothing', null],
    ['no text', ''],
    ['no seconds', '0'],
    ['a word', 'soon'],
    ['a word like a day, and a year', 'Mondrian 2030'],
    ['a day, and a year', 'Sunday 2099'],
    ['a day, and a number', 'Fri 5'],
    ['a zone of its own', 'Fri, 02 Jan 2026 00:00:00 +0900'],
    ['words after it', 'Fri, 02 Jan 2026 00:00:00 GMT or so'],
    ['a comment within', 'Fri, 02 Jan (2026) 00:00:00 GMT'],
    ['no time', 'Fri, 02 Jan 2026 GMT'],
    ['a day that no month has', 'Fri, 31 Feb 2026 00:00:00 GMT'],
    ['an hour that no day has', 'Fri, 02 Jan 2026 24:00:00 GMT'],
    ['a month in another language', 'Sat, 02 Mai 2026 00:00:00 GMT'],
    ['no day of the week', '02 Jan 2026 00:00:00 GMT'],
    ['an ISO date', '2026-01-02T00:00:00Z'],
    ['a number that is none', 'NaN'],
    ['a number below nothing', '-120'],
    ['a fraction', '120.5'],
    ['an exponent', '1e3'],
    ['other digits', '١٢٠'],
    ['two numbers', '120, 240'],
    ['endless digits', '9'.repeat(400)],
  ])('asks for no wait by %s: %s', (_name, header) => {
    expect(parseRetryAfter(header, NOW_MS)).toBeNull();
  });

  it('is total: whatever the text and the time, null or a positive number of milliseconds', () => {
    const words = fc.constantFrom(
      'Mon',
      'Thursday',
      ', ',
      ' ',
      '-',
      '01',
      '2026',
      '99',
      'Jan',
      '00:00:01',
      'GMT',
      '+1',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: false }).map(String),
      fc.array(words, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 8_000_000_000_000 }), (text, nowMs) => {
        const waitMs = parseRetryAfter(text, nowMs);
        expect(waitMs === null || (Number.isSafeInteger(waitMs) && waitMs > 0)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
