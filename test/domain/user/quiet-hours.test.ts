import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { type QuietHours, quietAt, WEEKDAYS } from '../../../src/domain/user/quiet-hours.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NIGHT: QuietHours = { fromMinute: 22 * 60, untilMinute: 7 * 60, days: null };

const at = (text: string): number => Temporal.ZonedDateTime.from(text).epochMilliseconds;

describe('quiet hours', () => {
  it.each([
    ['2026-05-03T21:59[Europe/Berlin]', null],
    ['2026-05-03T22:00[Europe/Berlin]', '2026-05-04T07:00[Europe/Berlin]'],
    ['2026-05-04T03:00[Europe/Berlin]', '2026-05-04T07:00[Europe/Berlin]'],
    ['2026-05-04T06:59:59.999[Europe/Berlin]', '2026-05-04T07:00[Europe/Berlin]'],
    ['2026-05-04T07:00[Europe/Berlin]', null],
  ])('at %s end at %s', (now, end) => {
    expect(quietAt(NIGHT, 'Europe/Berlin', at(now))?.untilMs ?? null).toBe(end === null ? null : at(end));
  });

  it('belong to the day on which they begin', () => {
    const friday: QuietHours = { ...NIGHT, days: ['fri'] };
    expect(quietAt(friday, 'Europe/Berlin', at('2026-05-02T03:00[Europe/Berlin]'))).not.toBeNull();
    expect(quietAt(friday, 'Europe/Berlin', at('2026-05-01T03:00[Europe/Berlin]'))).toBeNull();
    expect(quietAt(friday, 'Europe/Berlin', at('2026-05-02T22:30[Europe/Berlin]'))).toBeNull();
  });

  it('last until the second showing of their end, where a clock is set back over it', () => {
    const hours: QuietHours = { fromMinute: 23 * 60, untilMinute: 150, days: null };
    const quiet = quietAt(hours, 'Europe/Berlin', at('2026-10-25T01:00[Europe/Berlin]'));
    expect(quiet?.untilMs).toBe(at('2026-10-25T02:30+01:00[Europe/Berlin]'));
  });

  it('end with the shift, where a clock is set forward over their end', () => {
    const hours: QuietHours = { fromMinute: 23 * 60, untilMinute: 150, days: null };
    const quiet = quietAt(hours, 'Europe/Berlin', at('2026-03-29T01:00[Europe/Berlin]'));
    expect(quiet?.untilMs).toBe(at('2026-03-29T03:00[Europe/Berlin]'));
  });

  it('go on where the only minutes between two of them are skipped', () => {
    const hours: QuietHours = { fromMinute: 180, untilMinute: 120, days: null };
    const quiet = quietAt(hours, 'Europe/Berlin', at('2026-03-28T12:00[Europe/Berlin]'));
    expect(quiet?.untilMs).toBe(at('2026-03-30T02:00[Europe/Berlin]'));
  });
});

const quietHours: fc.Arbitrary<QuietHours> = fc
  .record({
    fromMinute: fc.integer({ min: 0, max: 1439 }),
    untilMinute: fc.integer({ min: 0, max: 1439 }),
    days: fc.option(fc.subarray([...WEEKDAYS], { minLength: 1 })),
  })
  .filter(({ fromMinute, untilMinute }) => fromMinute !== untilMinute);

/** What a person would say: it is quiet while the clock on the wall shows a time between the two, on a day that counts. */
function isQuietByTheClock({ fromMinute, untilMinute, days }: QuietHours, zone: string, atMs: number): boolean {
  const shown = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone);
  const minute = shown.hour * 60 + shown.minute;
  const counts = (dayOfWeek: number): boolean => days === null || days.includes(WEEKDAYS[dayOfWeek % 7] ?? 'sun');
  if (fromMinute < untilMinute) return minute >= fromMinute && minute < untilMinute && counts(shown.dayOfWeek);
  if (minute >= fromMinute) return counts(shown.dayOfWeek);
  return minute < untilMinute && counts(shown.toPlainDate().subtract({ days: 1 }).dayOfWeek);
}

describe('quiet hours in every zone, around both shifts of the clock', () => {
  const dates = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-09-27', '2026-10-04', '2026-10-25', '2026-11-01'];

  it.each(Intl.supportedValuesOf('timeZone'))('%s: nothing is let through at a quiet minute', (zone) => {
    const property = fc.property(
      quietHours,
      fc.constantFrom(...dates),
      fc.integer({ min: -36 * 60, max: 36 * 60 }),
      (hours, date, minutes) => {
        const atMs = Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds + minutes * MINUTE_MS;
        const quiet = quietAt(hours, zone, atMs);
        if (quiet === null) {
          expect(isQuietByTheClock(hours, zone, atMs)).toBe(false);
          return;
        }
        expect(quiet.fromMs).toBeLessThanOrEqual(atMs);
        expect(quiet.untilMs).toBeGreaterThan(atMs);
        expect(quiet.untilMs - atMs).toBeLessThan(3 * DAY_MS);
        // At its end it is over, and stays so for the minute.
        expect(quietAt(hours, zone, quiet.untilMs)).toBeNull();
        expect(isQuietByTheClock(hours, zone, quiet.untilMs)).toBe(false);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });
});
