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
    // Not as RFC 9110 has it, but as servers write it.
    ['299.997', 300_000],
    ['0.2', 1000],
    ['.5', 1000],
    ['5.', 5000],
    ['60.0', 60_000],
    ['+60', 60_000],
    ['0060', 60_000],
    ['1e+06', 1e9],
    ['1.5E1', 15_000],
    ['1e-9', 1000],
    ['60s', 60_000],
    ['299.997s', 300_000],
    ['60 seconds', 60_000],
    ['1 sec', 1000],
    ['"60"', 60_000],
    ['"Thu, 01 Jan 2026 00:01:00 GMT"', 60_000],
    ['120, 240', 240_000],
    ['240,120', 240_000],
    ['soon, 30', 30_000],
    ['0, 0, 7', 7000],
    ['30, Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT, 30', 60_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT, Thu Jan  1 00:00:10 2026', 30_000],
    // For ever: what comes of it is bounded by the deadline, and for all others by `LONGEST_PAUSE_MS`.
    ['9'.repeat(400), 1e15],
    ['1e400', 1e15],
    ['1000000000001', 1e15],
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

  it('reads every number of seconds that a program prints, and waits no less', () => {
    const printed = fc.constantFrom<(seconds: number) => string>(
      String,
      (seconds) => seconds.toFixed(3),
      (seconds) => seconds.toExponential(),
      (seconds) => seconds.toPrecision(17),
      (seconds) => `+${seconds}`,
      (seconds) => `${seconds}s`,
      (seconds) => `"${seconds}"`,
      (seconds) => `1, ${seconds}`,
    );
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), printed, (seconds, print) => {
        const waitMs = parseRetryAfter(print(seconds), NOW_MS) ?? 0;
        // With three decimal places it may be printed as up to half a thousandth less.
        expect(waitMs).toBeGreaterThanOrEqual(Math.floor(seconds) * 1000);
        expect(waitMs).toBeLessThanOrEqual((Math.ceil(seconds) + 1) * 1000);
        expect(waitMs % 1000).toBe(0);
      }),
      { numRuns: 1000 },
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
    ['a fraction below nothing', '-0.5'],
    ['nothing, as a fraction', '0.000'],
    ['less than any float', '1e-400'],
    ['no digits', '+.e1s'],
    ['two signs', '++60'],
    ['two points', '1.2.3'],
    ['an hour', '1h'],
    ['milliseconds', '60000ms'],
    ['a time of day', '00:01:00'],
    ['hexadecimal digits', '0x3c'],
    ['one quote', '"60'],
    ['a list of nothing', ', ,'],
    ['other digits', '١٢٠'],
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
      fc.double({ noNaN: true }).map((seconds) => seconds.toFixed(3)),
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
