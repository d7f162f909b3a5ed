import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cron, readCron } from '../../../src/domain/schedule/cron.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

async function cronOf(text: string): Promise<Cron> {
  const reading = await readCron(text);
  if (reading.kind === 'error') throw new Error(`${text} ${reading.message}`);
  return reading.cron;
}

/** What a field names, by the rules of cron and nothing of the code under test. */
function valuesOf(field: string, from: number, until: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [low, high = low] = range === '*' ? [from, until] : range.split('-').map(Number);
    for (let value = low!; value <= high!; value += Number(step)) values.add(value);
  }
  return values;
}

/** Whether a minute is one that the expression names. */
function matcherOf(text: string): (wallMs: number) => boolean {
  const [minute, hour, day, month, weekday] = text.split(' ') as [string, string, string, string, string];
  const [minutes, hours, days] = [valuesOf(minute, 0, 59), valuesOf(hour, 0, 23), valuesOf(day, 1, 31)];
  const [months, weekdays] = [valuesOf(month, 1, 12), valuesOf(weekday, 0, 7)];
  const isEither = day !== '*' && weekday !== '*';
  return (wallMs) => {
    const at = new Date(wallMs);
    if (!minutes.has(at.getUTCMinutes()) || !hours.has(at.getUTCHours())) return false;
    const isDay = days.has(at.getUTCDate());
    const isWeekday = weekdays.has(at.getUTCDay()) || (at.getUTCDay() === 0 && weekdays.has(7));
    // Either is enough where both say something.
    return months.has(at.getUTCMonth() + 1) && (isEither ? isDay || isWeekday : isDay && isWeekday);
  };
}

function field(from: number, until: number) {
  const value = fc.integer({ min: from, max: until });
  const range = fc.tuple(value, value).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
  const step = fc.integer({ min: 1, max: until });
  const part = fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map(([all, by]) => `${all}/${by}`),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')) },
  );
}

const CRONS = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
  .map((fields) => fields.join(' '));

describe('readCron', () => {
  it('names the minutes that cron names, by a reckoning minute by minute', async () => {
    const fromMs = Date.UTC(2028, 1, 27);
    await fc.assert(
      fc.asyncProperty(CRONS, fc.integer({ min: 0, max: 3 * 1440 }), async (text, offset) => {
        const reading = await readCron(text);
        const startMs = fromMs + offset * MINUTE_MS;
        let expected: number | null = startMs + MINUTE_MS;
        const matches = matcherOf(text);
        while (expected !== null && !matches(expected)) {
          expected = expected > startMs + 40 * DAY_MS ? null : expected + MINUTE_MS;
        }
        const found = reading.kind === 'error' ? null : reading.cron.next(startMs);
        if (expected === null) return found === null || found > startMs + 40 * DAY_MS;
        return found === expected;
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it.each([
    ['0 9 l * *', '2026-11-01T09:00', '2026-11-30T09:00'],
    ['0 9 * jan-mar mon', '2026-11-01T09:00', '2027-01-04T09:00'],
    ['0 9 29 2 *', '2026-11-01T09:00', '2028-02-29T09:00'],
    [' 0  9 * *  7 ', '2026-11-01T09:00', '2026-11-08T09:00'],
  ])('reads %s', async (text, after, expected) => {
    const found = (await cronOf(text)).next(Date.parse(`${after}Z`));
    expect(new Date(found!).toISOString().slice(0, 16)).toBe(expected);
  });

  it.each([
    ['* * * * * *', null, 'not 6; a sixth, for seconds, is not known'],
    ['* * * *', null, 'not 4'],
    ['', null, 'not 0'],
    ['@daily', null, 'names such as @daily are not known'],
    ['0 0 30 2 *', null, 'never comes'],
    ['0 9 31 4,6,9,11 *', null, 'never comes'],
    ['75 * * * *', 'minute', '“75”'],
    ['*/0 * * * *', 'minute', '“*/0”'],
    ['1,,2 * * * *', 'minute', '“1,,2”'],
    ['* 24 * * *', 'hour', '0 to 23'],
    ['* five * * *', 'hour', '“five”'],
    ['* * 0 * *', 'day of the month', '“0”'],
    ['* * ? * *', 'day of the month', '“?”'],
    ['* * 15W * *', 'day of the month', '“15W”'],
    ['* * * 13 *', 'month', '“13”'],
    ['* * * * 8', 'day of the week', '“8”'],
    ['* * * * MON#2', 'day of the week', '“MON#2”'],
    ['* * * * 5-1', 'day of the week', '“5-1”'],
    [`${'0,'.repeat(200)}0 * * * *`, null, 'at most 256 characters'],
  ])('refuses “%s”, and says which field is wrong', async (text, fieldName, message) => {
    const reading = await readCron(text);
    expect(reading).toMatchObject({ kind: 'error', field: fieldName, message: expect.stringContaining(message) });
  });

  it('is total', async () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9*,/ A-Z-]{0,30}$/));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const reading = await readCron(text);
        return reading.kind === 'error' || reading.cron.next(0) !== null;
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
