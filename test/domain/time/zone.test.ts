import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { canonicalZone, instantsOf, wallClockMs } from '../../../src/domain/time/zone.ts';

const ZONES = Intl.supportedValuesOf('timeZone');
const HOUR_MS = 3_600_000;

/** Every quarter of an hour. */
function around(hours: number): number[] {
  return Array.from({ length: hours * 8 + 1 }, (_, quarter) => (quarter - hours * 4) * (HOUR_MS / 4));
}

/** Both shifts of a year, in each zone that has any. */
function shiftsOf(zone: string): number[] {
  const shifts: number[] = [];
  let at = Temporal.Instant.from('2026-01-01T00:00Z').toZonedDateTimeISO(zone);
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || next.year > 2026) return shifts;
    shifts.push(next.epochMilliseconds);
    at = next;
  }
}

const zonesWithShifts = ZONES.map((zone) => ({ zone, shifts: shiftsOf(zone) })).filter(
  ({ shifts }) => shifts.length > 0,
);

describe('the clock on the wall', () => {
  it('has zones with shifts to look at', () => {
    expect(zonesWithShifts.length).toBeGreaterThan(100);
  });

  it.each(zonesWithShifts)('of $zone is what Temporal says, around each shift of the clock', ({ zone, shifts }) => {
    for (const shift of shifts) {
      const instants = [...around(3), -26 * HOUR_MS, 26 * HOUR_MS, -1000, -1, 1].map((offset) => shift + offset);
      expect(instants.map((atMs) => wallClockMs(zone, atMs))).toEqual(instants.map((atMs) => shownBy(zone, atMs)));
    }
  });

  it.each(zonesWithShifts)('of $zone leads back to the same instants as Temporal', ({ zone, shifts }) => {
    for (const shift of shifts) {
      const wallMs = wallClockMs(zone, shift);
      const walls = [...around(2), -30 * HOUR_MS, 30 * HOUR_MS].map((offset) => wallMs + offset);
      expect(walls.map((wall) => instantsOf(zone, wall))).toEqual(walls.map((wall) => expectedInstants(zone, wall)));
    }
  });

  it('skips a day that a zone skipped', () => {
    const midday = Temporal.PlainDateTime.from('2011-12-30T12:00').toZonedDateTime('UTC').epochMilliseconds;
    const shift = Temporal.Instant.from('2011-12-30T10:00Z').epochMilliseconds;
    expect(instantsOf('Pacific/Apia', midday)).toEqual({ firstMs: shift, lastMs: shift });
  });
});

function shownBy(zone: string, atMs: number): number {
  const shown = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDateTime();
  return shown.toZonedDateTime('UTC').epochMilliseconds;
}

function expectedInstants(zone: string, wallMs: number): { firstMs: number; lastMs: number } {
  const wall = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO('UTC').toPlainDateTime();
  const [first, last] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(zone, { disambiguation }),
  );
  if (first === undefined || last === undefined) throw new Error('unreachable');
  const isShown = first.toPlainDateTime().equals(wall);
  if (isShown) return { firstMs: first.epochMilliseconds, lastMs: last.epochMilliseconds };
  const shiftMs = first.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.NaN;
  return { firstMs: shiftMs, lastMs: shiftMs };
}

describe('the name of a zone', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['Asia/Calcutta', 'Asia/Kolkata'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Europe/Kiev', 'Europe/Kyiv'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['UTC', 'UTC'],
    ['Etc/GMT+5', 'Etc/GMT+5'],
  ])('%s is kept as %s', (name, kept) => {
    expect(canonicalZone(name)).toBe(kept);
  });

  it.each(['', 'Mars/Phobos', '+01:00', '-0500', 'Europe/Berlin ', 'Europe', '../etc/passwd', `${'A'.repeat(70)}`])(
    '%j is none',
    (name) => {
      expect(canonicalZone(name)).toBeNull();
    },
  );

  it.each(ZONES)('%s is kept under a name that means the same', (zone) => {
    const kept = canonicalZone(zone);
    expect(kept).not.toBeNull();
    if (kept === null) return;
    expect(canonicalZone(kept)).toBe(kept);
    for (const month of ['01', '07']) {
      const atMs = Temporal.Instant.from(`2026-${month}-15T12:00Z`).epochMilliseconds;
      expect(wallClockMs(kept, atMs)).toBe(wallClockMs(zone, atMs));
    }
  });
});
