import { describe, expect, it } from 'vitest';
import { createAttempt } from '../../src/delivery/attempt.ts';
import type { DeliveryState } from '../../src/domain/delivery/delivery.ts';
import { GO } from '../../src/domain/delivery/gate.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import type { PushResult } from '../../src/domain/push-service/push-outcome.ts';
import { NOBODY_KNOWN } from '../../src/domain/user/person.ts';
import type { Claimed } from '../../src/store/delivery-store.ts';
import { LATER_MS, NOW_MS, sampleDelivery, sampleNotification, sampleSubscription } from '../support/samples.ts';

const POLICY = {
  maxRetries: 3,
  baseMs: 1000,
  maxMs: 5000,
  quarantine: { retryMs: 1000, retireAfterMs: 9000 },
  goneGraceMs: 60_000,
};

function claimed(overrides: Partial<Claimed> = {}): Claimed {
  const notification = sampleNotification({ acceptedAtMs: NOW_MS });
  const subscription = sampleSubscription();
  const before = sampleDelivery(notification, subscription);
  return { before, version: 2, notification, subscription, isSuperseded: false, person: NOBODY_KNOWN, ...overrides };
}

/** An attempt whose push ends so, and under this hold on pruning, if under any. */
function attemptWith(send: () => Promise<PushResult>, holdId: string | null | Promise<never> = null) {
  const noted: boolean[] = [];
  const told: BellhopEvent[] = [];
  const attempt = createAttempt({
    transport: { send },
    policy: POLICY,
    pruneGuard: { note: (_, isGone) => noted.push(isGone), holdFor: async () => holdId },
    events: { publish: (event) => told.push(event) },
    clock: { now: () => LATER_MS },
    random: () => 0.5,
    giveUp: new AbortController().signal,
  });
  return {
    noted,
    told,
    attempt: (given = claimed(), gate = GO) =>
      attempt(given, { gate, payload: () => '{}', isProbe: false, onPosted: () => {} }),
  };
}

describe('an attempt', () => {
  it.each<[status: number, holdId: string | null, state: DeliveryState]>([
    [201, null, 'delivered'],
    [400, null, 'failed'],
    [403, null, 'retrying'],
    [410, null, 'pruned'],
    [410, 'hld_1', 'failed'],
    [429, null, 'retrying'],
    [503, null, 'retrying'],
  ])('answered %d, under the hold %s, is judged once and becomes %s', async (status, holdId, state) => {
    let readings = 0;
    const answer: PushResult = {
      kind: 'response',
      status,
      retryAfter: '1',
      // Nothing but a judgement reads the service's words.
      get reason() {
        readings += 1;
        return null;
      },
    };
    const { attempt } = attemptWith(async () => answer, holdId);
    const plan = await attempt();
    expect([plan.settlement.after.state, readings]).toEqual([state, 1]);
  });

  it('whose transport breaks its promise is an unexpected failure, to be tried again', async () => {
    const { attempt, noted } = attemptWith(() => Promise.reject(new Error('broken promise')));
    const { settlement, pause, laneReport } = await attempt();
    expect(settlement.after).toMatchObject({
      state: 'retrying',
      retryCount: 1,
      attempts: [{ outcome: 'retryable', httpStatus: null, error: 'the attempt failed in an unexpected way' }],
    });
    expect([pause, laneReport, noted]).toEqual([null, 'trouble', []]);
  });

  it.each([
    ['rejects', (thrown: unknown) => Promise.reject(thrown)],
    ['says so', async (thrown: unknown): Promise<PushResult> => ({ kind: 'failure', failure: 'unknown', thrown })],
  ])(
    'whose transport met what it does not know announces it with all that must be hidden, where it %s',
    async (_, end) => {
      const thrown = new TypeError('nobody foresaw this');
      const { attempt, told } = attemptWith(() => end(thrown));
      const given = claimed();
      await attempt(given);
      const { endpoint = '', keys } = given.subscription ?? {};
      expect(told).toEqual([{ type: 'part.failed', part: 'push', error: thrown, hidden: expect.anything() }]);
      const [event] = told;
      const hidden = event?.type === 'part.failed' ? event.hidden : undefined;
      expect(hidden?.secrets).toEqual(expect.arrayContaining([endpoint, keys?.auth, keys?.p256dh]));
      expect(hidden?.traces).toContain(new URL(endpoint).pathname);
    },
  );

  it('whose transport met what it knows announces nothing', async () => {
    const { attempt, told } = attemptWith(async () => ({ kind: 'failure', failure: 'reset' }));
    await attempt();
    expect(told).toEqual([]);
  });

  it('tells the guard of each answer, and suspects under its hold what it would have retired', async () => {
    const { attempt, noted } = attemptWith(
      async () => ({ kind: 'response', status: 410, retryAfter: null, reason: null }),
      'hld_1',
    );
    const { settlement } = await attempt();
    expect(settlement).toMatchObject({
      after: { reason: 'pruning_on_hold', attempts: [{ remedy: expect.stringContaining('/v1/prune-holds') }] },
      change: { kind: 'suspect', holdId: 'hld_1' },
    });
    expect(noted).toEqual([true]);
  });

  it('that finds a fresh subscription gone tells the guard nothing, and has the next attempt count', async () => {
    const { attempt, noted } = attemptWith(
      async () => ({ kind: 'response', status: 410, retryAfter: null, reason: null }),
      'hld_1',
    );
    const given = claimed({ subscription: sampleSubscription({ createdAtMs: LATER_MS - 30_000 }) });
    const { settlement, events } = await attempt(given);
    expect(settlement).toMatchObject({ after: { state: 'retrying', dueAtMs: LATER_MS + 30_000 }, change: null });
    expect([events.map(({ type }) => type), noted]).toEqual([['delivery.settled'], []]);
    // A page load has registered it again meanwhile.
    const subscription = sampleSubscription({ createdAtMs: LATER_MS - 1000 });
    expect((await attempt({ ...given, before: settlement.after, subscription })).settlement.after).toMatchObject({
      reason: 'pruning_on_hold',
      attempts: [{ outcome: 'gone' }, { outcome: 'gone' }],
    });
    expect(noted).toEqual([true]);
  });

  it('that meets a fault of Bellhop’s own rejects with it, so that it is announced', async () => {
    const fault = new Error('no such watch');
    const { attempt } = attemptWith(
      async () => ({ kind: 'response', status: 410, retryAfter: null, reason: null }),
      Promise.reject(fault),
    );
    await expect(attempt()).rejects.toBe(fault);
  });

  it('that ends unsent says nothing of its lane, and is no attempt', async () => {
    const { attempt } = attemptWith(() => Promise.reject(new Error('must not be sent')));
    for (const [given, reason] of [
      [claimed({ subscription: null }), 'subscription_deleted'],
      [claimed({ isSuperseded: true }), 'superseded'],
    ] as const) {
      const { settlement, pause, laneReport } = await attempt(given);
      expect(settlement.after).toMatchObject({ state: 'cancelled', reason, attemptCount: 0, attempts: [] });
      expect([pause, laneReport]).toEqual([null, 'nothing']);
    }
  });

  it('that a gate drops is cancelled for the gate’s reason, unsent', async () => {
    const { attempt } = attemptWith(() => Promise.reject(new Error('must not be sent')));
    const { settlement, events } = await attempt(claimed(), { kind: 'drop', reason: 'misconfigured' });
    expect(settlement.after).toMatchObject({
      state: 'cancelled',
      reason: 'misconfigured',
      attempts: [],
      dueAtMs: null,
    });
    expect(events).toMatchObject([{ type: 'delivery.settled', attempt: null }]);
  });

  it('that a gate has wait is put back as it was, due when the gate says, and nothing is announced', async () => {
    const { attempt } = attemptWith(() => Promise.reject(new Error('must not be sent')));
    const given = claimed();
    const { settlement, events } = await attempt(given, { kind: 'wait', untilMs: NOW_MS + 1000 });
    expect(settlement).toEqual({
      version: 2,
      from: 'sending',
      after: { ...given.before, dueAtMs: NOW_MS + 1000 },
      change: null,
      attempt: null,
    });
    expect(events).toEqual([]);
  });
});
