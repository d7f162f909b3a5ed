import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, type Delivery, MAX_REPLAYS } from '../../../src/domain/delivery/delivery.ts';
import { stateAfter } from '../../../src/domain/delivery/delivery-machine.ts';
import {
  attempted,
  interrupted,
  postponed,
  replayed,
  restoreForAttempt,
  superseded,
} from '../../../src/domain/delivery/life.ts';
import { MAX_INTERRUPTIONS } from '../../../src/domain/delivery/verdict.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../support/samples.ts';

const POLICY = {
  maxRetries: 3,
  baseMs: 1000,
  maxMs: 5000,
  quarantine: { retryMs: 1000, retireAfterMs: 9000 },
  goneGraceMs: 60_000,
};
const LATER_MS = NOW_MS + 10_000;
const AT = { nowMs: LATER_MS, jitter: 0.5 };

const subscription = sampleSubscription();
const notification = sampleNotification({ acceptedAtMs: NOW_MS, ttlSeconds: 60 });
const DEADLINE_MS = NOW_MS + 60_000;

const delivery = (overrides: Partial<Delivery> = {}): Delivery =>
  sampleDelivery(notification, subscription, { version: 7, ...overrides });

const typesOf = ({ events }: { events: readonly { type: string }[] }) => events.map(({ type }) => type);

describe('an attempt whose process died', () => {
  const sending = delivery({ state: 'sending', attemptCount: 2, retryCount: 1, claimedAtMs: NOW_MS + 5 });

  it('is on record as interrupted, with no time that it took, and is due at once the first time', () => {
    const plan = interrupted(sending, POLICY, AT);
    expect(plan.settlement).toMatchObject({
      version: 7,
      after: { state: 'retrying', dueAtMs: LATER_MS, retryCount: 1, interruptionCount: 1, claimedAtMs: null },
      change: null,
    });
    expect(plan.settlement.after.attempts).toMatchObject([
      { number: 2, outcome: 'interrupted', latencyMs: null, startedAtMs: NOW_MS + 5, endedAtMs: LATER_MS },
    ]);
    expect(typesOf(plan)).toEqual(['delivery.settled']);
  });

  it.each([
    [{ interruptionCount: MAX_INTERRUPTIONS }, 'failed', 'interrupted_too_often'],
    [{ deadlineAtMs: LATER_MS }, 'expired', 'deadline_too_near'],
  ] as const)('with %o is %s: %s', (overrides, state, reason) => {
    const { after } = interrupted({ ...sending, ...overrides }, POLICY, AT).settlement;
    expect(after).toMatchObject({ state, reason, dueAtMs: null, endedAtMs: LATER_MS });
  });
});

describe('a delivery that a newer one supersedes', () => {
  it.each(['pending', 'retrying'] as const)('is cancelled, unsent, while %s', (state) => {
    const attempts = [sampleAttempt({ status: 'failed' })];
    const plan = superseded(delivery({ state, attemptCount: 1, attempts }), LATER_MS);
    expect(plan.settlement.after).toMatchObject({
      state: 'cancelled',
      reason: 'superseded',
      attemptCount: 1,
      attempts,
    });
    expect(plan.events).toMatchObject([{ type: 'delivery.settled', state: 'cancelled', attempt: null }]);
  });
});

describe('a delivery that is not to be sent yet', () => {
  it.each([
    [LATER_MS, LATER_MS],
    [DEADLINE_MS + 1, DEADLINE_MS],
  ])('until %d, is back as it was, due at %d', (untilMs, dueAtMs) => {
    const before = delivery({ state: 'retrying', retryCount: 2, attemptCount: 2 });
    const leased = { before, version: 8, subscription, isSuperseded: false, notification: { cancelledAtMs: null } };
    const event = { type: 'ATTEMPT', nowMs: LATER_MS, gate: { kind: 'wait', untilMs } } as const;
    const plan = attempted(
      leased,
      stateAfter(restoreForAttempt(leased, { policy: POLICY, order: null, isProbe: false }), event),
      LATER_MS,
    );
    expect(plan).toEqual({
      settlement: { version: 8, from: 'sending', after: { ...before, dueAtMs }, change: null, attempt: null },
      events: [],
      pause: null,
      laneReport: 'nothing',
    });
    const waiting = { deliveryId: before.id, attempt: 3, deadlineAtMs: before.deadlineAtMs };
    expect(postponed(waiting, untilMs)).toEqual({ deliveryId: before.id, attempt: 3, untilMs: dueAtMs });
  });

  it('waits as long as asked where it has no deadline', () => {
    const waiting = { deliveryId: 'dlv_1', attempt: 1, deadlineAtMs: null };
    expect(postponed(waiting, LATER_MS).untilMs).toBe(LATER_MS);
  });
});

describe('a replay', () => {
  const failed = delivery({
    state: 'failed',
    reason: 'retries_exhausted',
    retryCount: 3,
    interruptionCount: 2,
    attemptCount: 4,
    dueAtMs: null,
    endedAtMs: NOW_MS + 9,
  });
  const asked = { nowMs: LATER_MS, ttlSeconds: null };

  it('is due at once, with both budgets anew and what it had ended as on record', () => {
    const turn = replayed(failed, { subscription, notification: null }, { ...asked, ttlSeconds: 30 });
    expect(turn).toMatchObject({
      kind: 'replayed',
      plan: {
        settlement: {
          version: 7,
          from: 'failed',
          attempt: null,
          after: {
            state: 'pending',
            reason: null,
            dueAtMs: LATER_MS,
            deadlineAtMs: LATER_MS + 30_000,
            retryCount: 0,
            interruptionCount: 0,
            attemptCount: 4,
            endedAtMs: null,
            replays: [{ from: 'failed', afterAttempt: 4, endedAtMs: NOW_MS + 9, atMs: LATER_MS }],
          },
          change: null,
        },
        events: [{ type: 'delivery.replayed', deliveryId: failed.id }],
      },
    });
  });

  it('keeps a deadline that is still to come, and asks for a new one where it has passed', () => {
    expect(replayed(failed, { subscription, notification: null }, asked)).toMatchObject({
      plan: { settlement: { after: { deadlineAtMs: DEADLINE_MS } } },
    });
    const late = { ...asked, nowMs: DEADLINE_MS };
    expect(replayed(failed, { subscription, notification: null }, late)).toEqual({ kind: 'refused', why: 'deadline' });
    expect(replayed(failed, { subscription, notification: null }, { ...late, ttlSeconds: 1 }).kind).toBe('replayed');
  });

  const retired = { reason: 'gone', atMs: NOW_MS, deliveryId: null } as const;
  const often = Array.from(
    { length: MAX_REPLAYS },
    () => ({ from: 'failed', afterAttempt: 1, endedAtMs: 1, atMs: 1 }) as const,
  );
  it.each([
    ...DELIVERY_STATES.filter((state) => state !== 'failed' && state !== 'expired').map(
      (state) => [`one that is ${state}`, 'state', { ...failed, state }, subscription] as const,
    ),
    ['one replayed too often', 'too_often', { ...failed, replays: often }, subscription],
    ['one without a subscription', 'subscription', failed, null],
    ['one whose subscription is retired', 'subscription', failed, { ...subscription, retired }],
  ] as const)('refuses %s: %s', (_, why, before, of) => {
    expect(replayed(before, { subscription: of, notification: null }, asked)).toEqual({ kind: 'refused', why });
  });
});
