import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { type Cron, readCron } from '../../../src/domain/schedule/cron.ts';
import {
  lastMoment,
  type Moment,
  nextMoment,
  RECIPIENT,
  type Recurrence,
} from '../../../src/domain/schedule/recurrence.ts';

const ALWAYS = { startsAtMs: null, endsAtMs: null };

async function cronOf(text: string): Promise<Cron> {
  const reading = await readCron(text);
  if (reading.kind === 'error') throw new Error(`${text} ${reading.message}`);
  return reading.cron;
}

async function momentsBetween(recurrence: Recurrence, from: string, until: string): Promise<Moment[]> {
  const cron = await cronOf(recurrence.cron);
  const found: Moment[] = [];
  let moment = nextMoment(recurrence, cron, Date.parse(from) - 1);
  while (moment !== null && moment.atMs < Date.parse(until)) {
    found.push(moment);
    moment = nextMoment(recurrence, cron, moment.atMs);
  }
  return found;
}

/** The rule, by Temporal: each local minute at its “compatible” instant, each instant once. */
async function oracle(recurrence: Recurrence, from: string, until: string): Promise<number[]> {
  const cron = await cronOf(recurrence.cron);
  const [fromMs, untilMs] = [Date.parse(from), Date.parse(until)];
  const instants = new Set<number>();
  const aroundMs = 3 * 86_400_000;
  for (let wall = cron.next(fromMs - aroundMs); wall !== null && wall < untilMs + aroundMs; wall = cron.next(wall)) {
    const local = Temporal.PlainDateTime.from(new Date(wall).toISOString().slice(0, 19));
    instants.add(local.toZonedDateTime(recurrence.timeZone, { disambiguation: 'compatible' }).epochMilliseconds);
  }
  return [...instants].filter((atMs) => atMs >= fromMs && atMs < untilMs).sort((one, other) => one - other);
}

/** A year each in which clocks were shifted: by an hour, by half of one, by the moon, and over a whole day. */
const YEARS: readonly [zone: string, from: string, until: string][] = [
  ['Europe/Berlin', '2026-01-01T00:00Z', '2027-01-01T00:00Z'],
  ['America/New_York', '2026-01-01T00:00Z', '2027-01-01T00:00Z'],
  ['Australia/Lord_Howe', '2026-01-01T00:00Z', '2027-01-01T00:00Z'],
  ['Africa/Casablanca', '2026-01-01T00:00Z', '2027-01-01T00:00Z'],
  ['Pacific/Apia', '2011-03-01T00:00Z', '2012-05-01T00:00Z'],
];
/** Two weeks around each change of the clocks in those years. */
const CHANGES: readonly [zone: string, ...days: string[]][] = [
  ['Europe/Berlin', '2026-03-29', '2026-10-25'],
  ['America/New_York', '2026-03-08', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-10-04'],
  ['Africa/Casablanca', '2026-02-15', '2026-03-22'],
  ['Pacific/Apia', '2011-04-02', '2011-09-24', '2011-12-30', '2012-04-01'],
];
const WEEK_MS = 7 * 86_400_000;
const WEEKS: typeof YEARS = CHANGES.flatMap(([zone, ...days]) =>
  days.map((day) => {
    const [from, until] = [Date.parse(day) - WEEK_MS, Date.parse(day) + WEEK_MS].map((ms) =>
      new Date(ms).toISOString(),
    );
    return [zone, String(from), String(until)] as const;
  }),
);
const ONCE_A_DAY = ['0 9 * * *', '30 2 * * *', '0 0 30,31 * *'];
const OFTEN = ['15,45 1-3 * * *', '*/20 * * * *', '7 */3 * * 1-5'];

describe('nextMoment', () => {
  const cases = [
    ...YEARS.flatMap((year) => ONCE_A_DAY.map((cron) => [...year, cron] as const)),
    ...WEEKS.flatMap((weeks) => OFTEN.map((cron) => [...weeks, cron] as const)),
  ];
  it.each(cases)(
    'has the moments of %s that Temporal has, from %s to %s, for %s',
    async (timeZone, from, until, cron) => {
      const recurrence = { cron, timeZone, ...ALWAYS };
      const found = await momentsBetween(recurrence, from, until);
      expect(found.length).toBeGreaterThan(0);
      expect(found.map(({ atMs }) => atMs)).toEqual(await oracle(recurrence, from, until));
    },
  );

  it('moves a minute within a gap on by the gap, once, and says so', async () => {
    const recurrence = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', ...ALWAYS };
    const found = await momentsBetween(recurrence, '2026-03-28T00:00Z', '2026-03-31T00:00Z');
    expect(found.map(({ atMs, shift }) => [new Date(atMs).toISOString(), shift])).toEqual([
      ['2026-03-28T01:30:00.000Z', null],
      ['2026-03-29T01:30:00.000Z', 'gap'],
      ['2026-03-30T00:30:00.000Z', null],
    ]);
    const also = await momentsBetween(
      { ...recurrence, cron: '30 2,3 * * *' },
      '2026-03-29T00:00Z',
      '2026-03-29T12:00Z',
    );
    expect(also.map(({ atMs }) => new Date(atMs).toISOString())).toEqual(['2026-03-29T01:30:00.000Z']);
  });

  it('counts the first of an overlap, and nothing in the second', async () => {
    const recurrence = { cron: '*/30 * * * *', timeZone: 'Europe/Berlin', ...ALWAYS };
    const found = await momentsBetween(recurrence, '2026-10-24T23:30Z', '2026-10-25T02:31Z');
    expect(found.map(({ atMs, shift }) => [new Date(atMs).toISOString().slice(11, 16), shift])).toEqual([
      ['23:30', null],
      ['00:00', 'overlap'],
      ['00:30', 'overlap'],
      ['02:00', null],
      ['02:30', null],
    ]);
  });

  it('lies between start and end', async () => {
    const recurrence = {
      cron: '0 9 * * *',
      timeZone: 'UTC',
      startsAtMs: Date.parse('2026-05-03T09:00Z'),
      endsAtMs: Date.parse('2026-05-05T09:00Z'),
    };
    const found = await momentsBetween(recurrence, '2026-01-01T00:00Z', '2027-01-01T00:00Z');
    expect(found.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10))).toEqual(['2026-05-03', '2026-05-04']);
  });

  it('is made for recipients before the first zone gets there', async () => {
    const recurrence = { cron: '0 9 * * *', timeZone: RECIPIENT, ...ALWAYS };
    const [first] = await momentsBetween(recurrence, '2026-05-03T00:00Z', '2026-05-04T00:00Z');
    expect(first).toEqual({
      wallMs: Date.parse('2026-05-04T09:00Z'),
      atMs: Date.parse('2026-05-03T18:00Z'),
      shift: null,
    });
    const inKiritimati = Temporal.PlainDateTime.from('2026-05-04T09:00').toZonedDateTime('Pacific/Kiritimati');
    expect(inKiritimati.epochMilliseconds - first!.atMs).toBe(3_600_000);
  });
});

describe('lastMoment', () => {
  it.each([
    ['* * * * *', '2026-05-03T10:10:30Z', '2026-05-03T10:10:00.000Z'],
    ['0 9 * * *', '2026-05-03T08:59:59Z', '2026-05-02T09:00:00.000Z'],
    ['0 9 * * *', '2026-05-03T09:00:00Z', '2026-05-03T09:00:00.000Z'],
    ['0 9 1 1 *', '2026-05-03T09:00:00Z', '2026-01-01T09:00:00.000Z'],
  ])('is the newest of %s up to %s', async (cron, untilText, expected) => {
    const recurrence = { cron, timeZone: 'UTC', ...ALWAYS };
    const found = lastMoment(recurrence, await cronOf(cron), Date.parse('2025-12-01T00:00Z'), Date.parse(untilText));
    expect(new Date(found!.atMs).toISOString()).toBe(expected);
  });

  it('is none where there is none since', async () => {
    const recurrence = { cron: '0 9 * * *', timeZone: 'UTC', ...ALWAYS };
    const fromMs = Date.parse('2026-05-03T09:00:01Z');
    expect(lastMoment(recurrence, await cronOf(recurrence.cron), fromMs, Date.parse('2026-05-04T08:00Z'))).toBeNull();
  });
});
