import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { notificationIdAt } from '../../../src/domain/ids.ts';
import {
  comesAtMs,
  IF_PASSED,
  type SendAt,
  timingOf,
  turnOf,
  whyNotSentAt,
} from '../../../src/domain/notification/send-at.ts';
import { instantOf } from '../../../src/domain/time/zone.ts';
import { sampleNotification } from '../../support/samples.ts';

const ZONES = Intl.supportedValuesOf('timeZone');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (text: string) => Date.parse(`${text}Z`);
const local = (text: string, ifPassed: (typeof IF_PASSED)[number] = 'skip'): SendAt => {
  return { kind: 'local', wallMs: at(text), ifPassed };
};

/** What Temporal makes of a time on the wall: the first instant in an overlap, moved on by the gap in a gap. */
function oracle(zone: string, wallMs: number): number {
  const text = new Date(wallMs).toISOString().slice(0, 19);
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
}

describe('the instant of a local time', () => {
  it('is what Temporal says, in every zone, every half hour of the days around both changes of daylight saving', () => {
    for (const day of ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01']) {
      for (const zone of ZONES) {
        for (let minutes = -120; minutes < 360; minutes += 30) {
          const wallMs = at(`${day}T00:00:00`) + minutes * 60_000;
          expect(instantOf(zone, wallMs), `${zone} ${new Date(wallMs).toISOString()}`).toBe(oracle(zone, wallMs));
        }
      }
    }
  });
});

describe('the timing of a notification', () => {
  it('is nothing where it is sent at once', () => {
    expect(timingOf(null, 5)).toEqual({
      sendAt: null,
      dueAtMs: null,
      lastWaveAtMs: null,
      releasedUsers: null,
      cancelledAtMs: null,
    });
  });

  it('has every zone between its first and its last wave', () => {
    const wallMs = at('2026-03-29T02:30:00');
    for (const ifPassed of IF_PASSED) {
      const accepted = wallMs - 3 * HOUR_MS;
      const { dueAtMs, lastWaveAtMs } = timingOf({ kind: 'local', wallMs, ifPassed }, accepted);
      const notification = { sendAt: { kind: 'local', wallMs, ifPassed } as const, dueAtMs, acceptedAtMs: accepted };
      for (const zone of ZONES) {
        const turn = turnOf(notification, zone, accepted);
        if (turn.kind === 'passed') continue;
        const comes = comesAtMs(notification, zone, accepted);
        expect(comes).toBeGreaterThanOrEqual(dueAtMs!);
        expect(comes, zone).toBeLessThanOrEqual(lastWaveAtMs!);
      }
    }
  });

  it.each([
    [{ kind: 'instant', atMs: at('2026-01-01T12:00:00') - 60_000 }, null],
    [{ kind: 'instant', atMs: at('2026-01-01T12:00:00') - 60_001 }, 'passed'],
    [{ kind: 'instant', atMs: at('2026-01-01T12:00:00') + 365 * DAY_MS }, null],
    [{ kind: 'instant', atMs: at('2026-01-01T12:00:00') + 365 * DAY_MS + 1 }, 'too_far'],
    [local('2026-01-01T00:00:00'), null],
    [local('2025-12-31T23:59:59'), 'passed_everywhere'],
    [local('2027-01-02T02:00:00'), null],
    [local('2027-01-02T02:00:01'), 'too_far'],
  ] as const)('of %j at noon: %s', (sendAt, why) => {
    expect(whyNotSentAt(sendAt, at('2026-01-01T12:00:00'))).toBe(why);
  });
});

describe('whose turn it is', () => {
  const nine = '2026-05-04T09:00:00';
  /** 08:30 in Berlin: it has passed in Tokyo. */
  const acceptedAtMs = at('2026-05-04T06:30:00');
  const accepted = (ifPassed: (typeof IF_PASSED)[number]) => {
    const sendAt = local(nine, ifPassed);
    return { acceptedAtMs, ...timingOf(sendAt, acceptedAtMs) };
  };

  it('is not that of a user whose time is to come', () => {
    for (const ifPassed of IF_PASSED)
      expect(turnOf(accepted(ifPassed), 'Europe/Berlin', acceptedAtMs)).toEqual({
        kind: 'later',
        atMs: at('2026-05-04T07:00:00'),
      });
  });

  it.each([
    ['skip', { kind: 'passed', atMs: at('2026-05-04T00:00:00') }],
    ['send_now', { kind: 'due', waveAtMs: acceptedAtMs }],
    ['next_day', { kind: 'later', atMs: at('2026-05-05T00:00:00') }],
  ] as const)('with %s, of a user whose time had passed', (ifPassed, turn) => {
    expect(turnOf(accepted(ifPassed), 'Asia/Tokyo', acceptedAtMs)).toEqual(turn);
  });

  it('is that of a user who moved past the time, in the wave that comes then', () => {
    const waveAtMs = at('2026-05-04T16:00:00');
    const inWave = { ...accepted('skip'), dueAtMs: waveAtMs };
    expect(turnOf(inWave, 'Asia/Tokyo', waveAtMs + 5)).toEqual({ kind: 'due', waveAtMs });
  });

  it('after a time of being down, counts from the time of each zone', () => {
    const notification = accepted('skip');
    const nowMs = at('2026-05-05T00:00:00');
    expect(turnOf(notification, 'Europe/Berlin', nowMs)).toEqual({ kind: 'due', waveAtMs: at('2026-05-04T07:00:00') });
    expect(turnOf(notification, 'America/New_York', nowMs)).toEqual({
      kind: 'due',
      waveAtMs: at('2026-05-04T13:00:00'),
    });
  });

  it('comes to every zone sooner or later, and once it has come stays so', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...IF_PASSED),
        fc.integer({ min: -13, max: 40 }),
        fc.integer({ min: 0, max: 80 }),
        (zone, ifPassed, ahead, hours) => {
          const wallMs = acceptedAtMs + ahead * HOUR_MS;
          const sendAt: SendAt = { kind: 'local', wallMs, ifPassed };
          const timing = { acceptedAtMs, ...timingOf(sendAt, acceptedAtMs) };
          const nowMs = acceptedAtMs + hours * HOUR_MS;
          const turn = turnOf(timing, zone, nowMs);
          const later = turnOf(timing, zone, nowMs + HOUR_MS);
          if (turn.kind === 'due') expect(later).toEqual(turn);
          if (nowMs >= timing.lastWaveAtMs!) expect(turn.kind).not.toBe('later');
        },
      ),
    );
  });
});

describe('the place of a notification in the order of sending', () => {
  it('is among the ids that are made then', () => {
    const early = sampleNotification({ acceptedAtMs: 1000 });
    const between = sampleNotification({ acceptedAtMs: 5000 });
    expect(early.id < between.id).toBe(true);
    expect(notificationIdAt(early.id, 6000) > between.id).toBe(true);
    expect(notificationIdAt(early.id, 1000)).toBe(early.id);
  });
});
