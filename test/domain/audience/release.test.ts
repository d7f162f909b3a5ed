import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReleaseFacts, release, releaseAgain, releasedAtMs } from '../../../src/domain/audience/release.ts';
import { policyOf, type TypeRule } from '../../../src/domain/notification-type/type-policy.ts';
import { newUser, patched, type UserPatch } from '../../../src/domain/user/user.ts';

const HOUR_MS = 3_600_000;
/** 23:00 in Berlin. */
const NIGHT_MS = 1_777_842_000_000;
const QUIET = { fromMinute: 22 * 60, untilMinute: 7 * 60, days: null } as const;

function facts(rule: TypeRule, patch: UserPatch | null, more: Partial<ReleaseFacts> = {}): ReleaseFacts {
  return {
    type: 'digest.daily',
    policy: policyOf(new Map([['digest.*', rule]]), 'digest.daily'),
    deadlineAtMs: NIGHT_MS + 24 * HOUR_MS,
    user: patch === null ? null : patched(newUser('u', 0), patch, 1000),
    zone: 'Europe/Berlin',
    deviceCount: 1,
    turn: null,
    capUses: null,
    ...more,
  };
}

const outcome = (given: ReleaseFacts, nowMs = NIGHT_MS) => release(given, nowMs);

describe('what becomes of a notification for a user', () => {
  it('goes to a user of whom nothing was said', () => {
    expect(outcome(facts({}, null))).toEqual({ kind: 'go' });
  });

  it('asks devices, wish, silence and cap in this order', () => {
    const everything: UserPatch = { preferences: { 'digest.*': false }, quietHours: QUIET };
    const rule: TypeRule = { cap: { limit: 1, perSeconds: 60 }, onQuiet: 'drop' };
    const capUses = [NIGHT_MS - 1];
    expect(outcome(facts(rule, everything, { deviceCount: 0, capUses }))).toMatchObject({ reason: 'no_subscription' });
    expect(outcome(facts(rule, everything, { capUses }))).toMatchObject({ reason: 'opted_out' });
    expect(outcome(facts(rule, { quietHours: QUIET }, { capUses }))).toMatchObject({ reason: 'quiet_hours' });
    expect(outcome(facts(rule, {}, { capUses }))).toMatchObject({ reason: 'capped' });
  });

  it('takes the longest pattern that a person has a wish for', () => {
    expect(outcome(facts({}, { preferences: { '*': false, 'digest.daily': true } }))).toEqual({ kind: 'go' });
    expect(outcome(facts({}, { preferences: { '*': true, 'digest.*': false } }))).toEqual({
      kind: 'stop',
      reason: 'opted_out',
      detail: { pattern: 'digest.*', sinceMs: 1000 },
    });
  });

  it('goes to nobody who did not ask for a type that is opted out of by default', () => {
    expect(outcome(facts({ preference: 'opted_out' }, null))).toMatchObject({ reason: 'opted_out' });
    expect(outcome(facts({ preference: 'opted_out' }, { preferences: { 'digest.*': true } }))).toEqual({ kind: 'go' });
  });

  it('ignores an opt-out only where the type is required, which overrides neither quiet hours nor caps', () => {
    const rule: TypeRule = { preference: 'required', cap: { limit: 1, perSeconds: 60 } };
    expect(outcome(facts(rule, { preferences: { '*': false } }))).toEqual({ kind: 'go' });
    expect(outcome(facts(rule, { preferences: { '*': false }, quietHours: QUIET }))).toMatchObject({ kind: 'hold' });
    expect(outcome(facts(rule, null, { capUses: [NIGHT_MS] }))).toMatchObject({ reason: 'capped' });
  });

  it('holds until quiet hours end, or stops what would be out of time by then', () => {
    const until = NIGHT_MS + 8 * HOUR_MS;
    expect(outcome(facts({}, { quietHours: QUIET }))).toEqual({ kind: 'hold', untilMs: until, because: 'quiet_hours' });
    expect(outcome(facts({}, { quietHours: QUIET }, { deadlineAtMs: until }))).toMatchObject({
      reason: 'quiet_hours_past_deadline',
    });
    expect(outcome(facts({ overrides: ['quiet_hours'] }, { quietHours: QUIET }))).toEqual({ kind: 'go' });
  });

  it('holds until a pause ends, and the quiet hours after it', () => {
    const pausedUntilMs = NIGHT_MS + HOUR_MS;
    expect(outcome(facts({}, { pausedUntilMs }))).toEqual({ kind: 'hold', untilMs: pausedUntilMs, because: 'paused' });
    expect(outcome(facts({}, { pausedUntilMs, quietHours: QUIET }))).toMatchObject({ untilMs: NIGHT_MS + 8 * HOUR_MS });
    expect(outcome(facts({}, { pausedUntilMs: NIGHT_MS }))).toEqual({ kind: 'go' });
    expect(outcome(facts({ overrides: ['quiet_hours'] }, { pausedUntilMs }))).toEqual({ kind: 'go' });
    expect(outcome(facts({}, { pausedUntilMs }, { deadlineAtMs: pausedUntilMs }))).toMatchObject({ reason: 'paused' });
  });

  it('counts a cap over the stretch that ends now, and is never stopped by one that it overrides', () => {
    const rule: TypeRule = { cap: { limit: 2, perSeconds: 3600 } };
    const capUses = [NIGHT_MS - HOUR_MS, NIGHT_MS - HOUR_MS + 1, NIGHT_MS - 5];
    expect(outcome(facts(rule, null, { capUses }))).toEqual({
      kind: 'stop',
      reason: 'capped',
      detail: { pattern: 'digest.*', limit: 2, perSeconds: 3600, sinceMs: capUses[1], untilMs: NIGHT_MS + 1 },
    });
    expect(outcome(facts(rule, null, { capUses }), NIGHT_MS + 1)).toEqual({ kind: 'go' });
    expect(outcome(facts({ ...rule, overrides: ['cap'] }, null, { capUses }))).toEqual({ kind: 'go' });
  });

  it('asks a delivery that is due for the person’s wishes again, and nothing else', () => {
    const rule: TypeRule = { cap: { limit: 1, perSeconds: 60 } };
    expect(releaseAgain(facts(rule, { preferences: { '*': false } }), NIGHT_MS)).toMatchObject({ reason: 'opted_out' });
    expect(releaseAgain(facts(rule, { quietHours: QUIET }), NIGHT_MS)).toMatchObject({ kind: 'hold' });
    expect(releaseAgain(facts(rule, {}, { capUses: [NIGHT_MS], deviceCount: 0 }), NIGHT_MS)).toEqual({ kind: 'go' });
  });
});

it('spreads releases over five minutes, always before the deadline', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e12 }),
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (until, left, share) => {
        const atMs = releasedAtMs(until, until + left, share);
        expect(atMs).toBeGreaterThanOrEqual(until);
        expect(atMs).toBeLessThan(until + Math.min(left, 300_000));
      },
    ),
  );
});
