import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { DELIVERY_STATES, type DeliveryState, isFinal } from '../../../src/domain/delivery/delivery.ts';
import {
  type DeliveryEvent,
  type DeliveryInput,
  type DeliverySnapshot,
  deliveryMachine,
  type PushOrder,
  restoreDelivery,
  sendInputOf,
  stateAfter,
  UNTROUBLED,
} from '../../../src/domain/delivery/delivery-machine.ts';
import { type GateAnswer, GO } from '../../../src/domain/delivery/gate.ts';
import { reportOn } from '../../../src/domain/delivery/life.ts';
import {
  judge,
  MAX_INTERRUPTIONS,
  type SendReport,
  underHold,
  type VerdictFacts,
} from '../../../src/domain/delivery/verdict.ts';
import { PUSH_FAILURES, type PushResult } from '../../../src/domain/push-service/push-outcome.ts';
import { sampleSubscription } from '../../support/samples.ts';

const NOW_MS = 1_000_000;
const DEADLINE_MS = NOW_MS + 60_000;

const POLICY = {
  maxRetries: 3,
  baseMs: 1000,
  maxMs: 10_000,
  quarantine: { retryMs: 10_000, retireAfterMs: 50_000 },
  goneGraceMs: 60_000,
};

const order: PushOrder = {
  message: {
    endpoint: 'https://fcm.googleapis.com/fcm/send/x',
    keys: { p256dh: 'p', auth: 'a' },
    vapidPublicKey: 'v',
    payload: '{}',
    urgency: 'normal',
    topic: null,
  },
  subscription: sampleSubscription(),
  onPosted: () => {},
};

function input(overrides: Partial<DeliveryInput> = {}): DeliveryInput {
  return {
    policy: POLICY,
    retryCount: 0,
    interruptionCount: 0,
    attemptCount: 0,
    deadlineAtMs: DEADLINE_MS,
    ...UNTROUBLED,
    order,
    ...overrides,
  };
}

const answer = (status: number, retryAfter: string | null = null): PushResult => ({
  kind: 'response',
  status,
  retryAfter,
  reason: null,
});
/** What `send` would report of this result, to a machine that knows this. */
const report = (result: PushResult, known: VerdictFacts, endedAtMs = NOW_MS): SendReport =>
  reportOn(known, { result, endedAtMs, jitter: 0.5 });

const WAIT: GateAnswer = { kind: 'wait', untilMs: DEADLINE_MS + 1 };
const HOLD: GateAnswer = { kind: 'hold', untilMs: DEADLINE_MS - 1 };
const attempt =
  (gate: GateAnswer, nowMs = NOW_MS) =>
  () => ({ type: 'ATTEMPT', nowMs, gate });
const done = (result: PushResult) => (known: VerdictFacts) => ({
  type: 'ANSWERED',
  report: report(result, known),
});
const interrupted = (nowMs: number) => (known: VerdictFacts) => ({
  type: 'INTERRUPTED',
  report: { ...report({ kind: 'failure', failure: 'crashed' }, known, nowMs), result: null },
});
const onHold = (known: VerdictFacts) => {
  const output = report(answer(410), known);
  return { type: 'ANSWERED', report: { ...output, verdict: underHold(output.verdict, 'hld_1') } };
};

/** One step of the machine, as a table row: the state it was in, what it was told, the state it must reach. */
type Row = [from: DeliveryState, event: string, to: DeliveryState, overrides?: Partial<DeliveryInput>];

const EVENTS: Record<string, (known: VerdictFacts) => object> = {
  ATTEMPT: attempt(GO),
  'ATTEMPT late': attempt(GO, DEADLINE_MS),
  'ATTEMPT to wait': attempt(WAIT),
  'ATTEMPT late, to wait': attempt(WAIT, DEADLINE_MS),
  'ATTEMPT to hold': attempt(HOLD),
  'ATTEMPT late, to hold': attempt(HOLD, DEADLINE_MS),
  'ATTEMPT dropped': attempt({ kind: 'drop', reason: 'rejected' }),
  INTERRUPTED: interrupted(NOW_MS),
  'INTERRUPTED late': interrupted(DEADLINE_MS),
  SUPERSEDE: () => ({ type: 'SUPERSEDE' }),
  REPLAY: () => ({ type: 'REPLAY', nowMs: NOW_MS, deadlineAtMs: DEADLINE_MS }),
  'REPLAY late': () => ({ type: 'REPLAY', nowMs: DEADLINE_MS, deadlineAtMs: DEADLINE_MS }),
  201: done(answer(201)),
  400: done(answer(400)),
  401: done(answer(401)),
  403: done(answer(403)),
  404: done(answer(404)),
  410: done(answer(410)),
  '410, on hold': onHold,
  429: done(answer(429)),
  '429 for an hour': done(answer(429, '3600')),
  503: done(answer(503)),
  aborted: done({ kind: 'failure', failure: 'aborted' }),
  timeout: done({ kind: 'failure', failure: 'timeout' }),
  'an unknown failure': done({ kind: 'failure', failure: 'unknown' }),
};

/** The event of this name, as it would come to a machine that knows `context`. */
const eventFor = (name: string, context: VerdictFacts) => EVENTS[name]?.(context) as DeliveryEvent;

const next = (from: DeliverySnapshot, event: DeliveryEvent): DeliverySnapshot =>
  transition(deliveryMachine, from, event)[0];

const WAITING: Row[] = (['pending', 'held', 'retrying'] as const).flatMap((from): Row[] => [
  [from, 'ATTEMPT', 'sending'],
  [from, 'ATTEMPT late', 'expired'],
  [from, 'ATTEMPT', 'cancelled', { subscription: 'missing' }],
  [from, 'ATTEMPT', 'cancelled', { subscription: 'retired' }],
  [from, 'ATTEMPT', 'cancelled', { isSuperseded: true }],
  [from, 'ATTEMPT to wait', from],
  [from, 'ATTEMPT to hold', 'held'],
  [from, 'ATTEMPT late, to hold', 'expired'],
  [from, 'ATTEMPT to wait', 'cancelled', { subscription: 'missing' }],
  [from, 'ATTEMPT to wait', 'cancelled', { isSuperseded: true }],
  [from, 'ATTEMPT late, to wait', 'expired'],
  [from, 'ATTEMPT dropped', 'cancelled'],
  [from, 'SUPERSEDE', 'cancelled'],
]);

const SENDING: Row[] = [
  ['sending', '201', 'delivered'],
  ['sending', '400', 'failed'],
  ['sending', '401', 'failed'],
  ['sending', '403', 'retrying'],
  ['sending', '403', 'expired', { deadlineAtMs: NOW_MS + 5000 }],
  ['sending', '403', 'pruned', { quarantinedSinceMs: NOW_MS - 50_000 }],
  ['sending', '403', 'failed', { service: 'apple' }],
  ['sending', '410, on hold', 'failed'],
  ['sending', '404', 'pruned'],
  ['sending', '410', 'pruned'],
  ['sending', '429', 'retrying'],
  ['sending', '429', 'failed', { retryCount: 3 }],
  ['sending', '429 for an hour', 'expired'],
  ['sending', '503', 'retrying'],
  ['sending', '503', 'failed', { retryCount: 3 }],
  ['sending', '503', 'failed', { policy: { ...POLICY, maxRetries: 0 } }],
  ['sending', 'timeout', 'retrying'],
  ['sending', 'aborted', 'retrying', { retryCount: 3 }],
  ['sending', 'aborted', 'failed', { interruptionCount: MAX_INTERRUPTIONS }],
  ['sending', 'an unknown failure', 'retrying'],
  ['sending', 'INTERRUPTED', 'retrying', { retryCount: 3 }],
  ['sending', 'INTERRUPTED late', 'expired'],
  ['sending', 'INTERRUPTED', 'failed', { interruptionCount: MAX_INTERRUPTIONS }],
];

const ENDED: Row[] = (['failed', 'expired'] as const).flatMap((from): Row[] => [
  [from, 'REPLAY', 'pending'],
  [from, 'REPLAY late', from],
]);

const TRANSITIONS: Row[] = [...WAITING, ...SENDING, ...ENDED];

describe('delivery machine', () => {
  it.each(TRANSITIONS)('%s, told %s, becomes %s %o', (from, event, to, overrides = {}) => {
    const known = input(overrides);
    expect(next(restoreDelivery(from, known), eventFor(event, known)).value).toBe(to);
  });

  const listened = new Set(TRANSITIONS.map(([from, event]) => `${from} ${event.replace(' late', '')}`));
  const ignored = DELIVERY_STATES.flatMap((from) =>
    ['ATTEMPT', 'INTERRUPTED', 'REPLAY', '201', '503'].map((event) => [from, event] as const),
  ).filter(([from, event]) => !listened.has(`${from} ${event}`));

  it.each(ignored)('%s does not hear %s', (from, event) => {
    const known = input();
    expect(next(restoreDelivery(from, known), eventFor(event, known)).value).toBe(from);
  });

  it('reaches every state from the first by shortest paths, and no other', () => {
    const paths = getShortestPaths(deliveryMachine, {
      input: input(),
      events: ({ context }) => Object.keys(EVENTS).map((name) => eventFor(name, context)),
      serializeState: (state) =>
        `${String(state.value)} ${state.context.retryCount} ${state.context.interruptionCount}`,
      limit: 20_000,
    });
    const reached = new Set(paths.map((path) => path.state.value));
    // `pruned` and the like come by an answer; that a subscription is gone is read with the claim.
    expect([...reached].sort()).toEqual([...DELIVERY_STATES].sort());
    for (const path of paths) {
      const { value, context } = path.state;
      expect(context.retryCount).toBeLessThanOrEqual(context.policy.maxRetries);
      if (isFinal(value) && value !== 'delivered') expect(context.reason).not.toBeNull();
      if (value === 'retrying') expect(context.report?.verdict.retryAtMs).toBeLessThan(context.deadlineAtMs);
      if (value === 'pending' || value === 'delivered') expect(context.reason).toBeNull();
    }
  });

  const results: fc.Arbitrary<PushResult> = fc.oneof(
    fc.integer({ min: 100, max: 599 }).map((status) => answer(status)),
    fc.constantFrom(...PUSH_FAILURES).map((failure) => ({ kind: 'failure', failure }) as const),
  );

  it('leaves `sending` for exactly the state of the verdict, whatever the answer', () => {
    fc.assert(
      fc.property(
        results,
        fc.nat(4),
        fc.nat(12),
        fc.nat(120_000),
        (result, retryCount, interruptionCount, waitedMs) => {
          const known = input({ retryCount, interruptionCount });
          const output = report(result, known, NOW_MS + waitedMs);
          const event = { type: 'ANSWERED', report: output } as const;
          const ended = next(restoreDelivery('sending', known), event);
          const verdict = judge(known, { result, endedAtMs: NOW_MS + waitedMs, jitter: 0.5 });
          expect(ended.value).toBe(verdict.state);
          expect(ended.context.report).toEqual({ result, endedAtMs: NOW_MS + waitedMs, verdict });
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('asks for one send with what is left of the TTL, and rests in the state that the answer gives', () => {
    const begun = next(restoreDelivery('retrying', input({ retryCount: 2 })), {
      type: 'ATTEMPT',
      nowMs: NOW_MS + 15_500,
      gate: GO,
    });
    const asked = sendInputOf(begun, NOW_MS + 15_500);
    expect(asked).toMatchObject({ ttlSeconds: 45, facts: { retryCount: 2 } });
    // Handed on as it is: it holds what the answer needs.
    expect(asked.order).toBe(order);
    expect(next(begun, { type: 'ANSWERED', report: report(answer(201), asked.facts) }).value).toBe('delivered');
  });

  it('without a push order has nothing to ask for', () => {
    const begun = next(restoreDelivery('pending', input({ order: null })), {
      type: 'ATTEMPT',
      nowMs: NOW_MS,
      gate: GO,
    });
    expect(() => sendInputOf(begun, NOW_MS)).toThrow('push order');
  });

  it('steps as xstate’s own transition does, though it makes no actor for it', () => {
    for (const [from, event, , overrides = {}] of TRANSITIONS) {
      const known = input(overrides);
      const [ours, theirs] = [stateAfter, next].map((step) =>
        step(restoreDelivery(from, known), eventFor(event, known)),
      );
      expect([ours?.value, ours?.context, ours?.status]).toEqual([theirs?.value, theirs?.context, theirs?.status]);
    }
  });

  it('a replay starts the budgets again', () => {
    const failed = restoreDelivery('failed', input({ retryCount: 3, interruptionCount: 2 }));
    const reopened = next(failed, { type: 'REPLAY', nowMs: NOW_MS, deadlineAtMs: NOW_MS + 1 });
    expect(reopened.context).toMatchObject({ retryCount: 0, interruptionCount: 0, deadlineAtMs: NOW_MS + 1 });
  });
});
