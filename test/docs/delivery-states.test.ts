import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, type DeliveryState, END_REASONS, isFinal } from '../../src/domain/delivery/delivery.ts';
import {
  type DeliveryEvent,
  type DeliveryInput,
  deliveryMachine,
  restoreDelivery,
  stateAfter,
} from '../../src/domain/delivery/delivery-machine.ts';
import { GO } from '../../src/domain/delivery/gate.ts';
import { reportOn } from '../../src/domain/delivery/life.ts';
import { underHold } from '../../src/domain/delivery/verdict.ts';
import { PUSH_FAILURES, type PushResult } from '../../src/domain/push-service/push-outcome.ts';
import { PUSH_SERVICES } from '../../src/domain/push-service/push-service.ts';

const PAGE = readFileSync(new URL('../../docs/delivery-states.md', import.meta.url), 'utf8');

/** What the page says, as a reader finds it: arrows of the picture, rows of the states, rows of the reasons. */
function read(page: string) {
  const all = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map((match) => match.slice(1).join(' '));
  return {
    arrows: all(/^ {2}(\w+) --> (\w+): /gm).sort(),
    states: all(/^\| `(\w+)` \| (?:yes)? \|/gm).sort(),
    reasons: all(/^\| `(\w+)` \| `\w+` \|/gm).sort(),
  };
}

/** The arrows that the machine is configured with, whatever leads along them. */
const ARROWS = DELIVERY_STATES.flatMap((from) =>
  [...(deliveryMachine.states[from]?.transitions.values() ?? [])]
    .flat()
    .map(({ target }) => `${from} ${target?.[0]?.key ?? from}`),
);

const EXPECTED = {
  arrows: [...new Set(ARROWS)].sort(),
  states: [...DELIVERY_STATES].sort(),
  reasons: [...END_REASONS].sort(),
};

const NOW_MS = 1_000_000_000;
const POLICY = {
  maxRetries: 2,
  baseMs: 1000,
  maxMs: 10_000,
  quarantine: { retryMs: 10_000, retireAfterMs: 50_000 },
  goneGraceMs: 60_000,
};

const inputs: fc.Arbitrary<DeliveryInput> = fc.record({
  policy: fc.constant(POLICY),
  retryCount: fc.nat(2),
  interruptionCount: fc.nat(12),
  attemptCount: fc.nat(50),
  deadlineAtMs: fc.integer({ min: NOW_MS - 5, max: NOW_MS + 40_000 }),
  service: fc.constantFrom(...PUSH_SERVICES),
  quarantinedSinceMs: fc.option(fc.integer({ min: NOW_MS - 100_000, max: NOW_MS })),
  freshUntilMs: fc.option(fc.integer({ min: NOW_MS - 10, max: NOW_MS + 60_000 })),
  isSuspected: fc.boolean(),
  isProbe: fc.boolean(),
  subscription: fc.constantFrom('active', 'retired', 'missing'),
  isSuperseded: fc.boolean(),
  isCancelled: fc.boolean(),
  order: fc.constant({
    message: {
      endpoint: 'https://push.example.net/x',
      keys: { p256dh: 'p', auth: 'a' },
      vapidPublicKey: 'v',
      payload: '{}',
      urgency: 'normal' as const,
      topic: null,
    },
    subscription: { id: 'sub_x', userId: 'u', endpoint: 'https://push.example.net/x', vapidPublicKey: 'v' },
    onPosted: () => {},
  }),
});

const results: fc.Arbitrary<PushResult> = fc.oneof(
  fc.record({
    kind: fc.constant('response'),
    status: fc.integer({ min: 100, max: 599 }),
    retryAfter: fc.option(fc.nat(60).map(String)),
    reason: fc.constant(null),
  }),
  fc.record({ kind: fc.constant('failure'), failure: fc.constantFrom(...PUSH_FAILURES) }),
);

/** The event of this type, with a report on `result` as it would be made for a machine that knows `input`. */
function eventFor(type: string, input: DeliveryInput, result: PushResult, holdId: string | null): DeliveryEvent {
  const judged = reportOn(input, { result, endedAtMs: NOW_MS, jitter: 0.5 });
  const report = holdId === null ? judged : { ...judged, verdict: underHold(judged.verdict, holdId) };
  const crash = reportOn(input, { result: { kind: 'failure', failure: 'crashed' }, endedAtMs: NOW_MS, jitter: 0.5 });
  const event = { type, nowMs: NOW_MS, gate: GO, report: type === 'INTERRUPTED' ? crash : report };
  return event as object as DeliveryEvent;
}

const types = fc.constantFrom('ATTEMPT', 'SUPERSEDE', 'CANCEL', 'DISCARD', 'INTERRUPTED', 'ANSWERED');

describe('docs/delivery-states.md', () => {
  it('has every state, every arrow of the machine and every reason, and no other', () => {
    expect(read(PAGE)).toEqual(EXPECTED);
  });

  const ROWS = PAGE.split('\n').filter((line) => / --> \w+: |^\| `/.test(line));

  it('is found lacking without any of its rows', () => {
    expect(ROWS.length).toBeGreaterThan(30);
    for (const row of ROWS) expect(read(PAGE.replace(`${row}\n`, '')), row).not.toEqual(EXPECTED);
  });

  it('has whatever ending the machine comes to, with its reason', () => {
    const endings = [...PAGE.matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm)].map(([, reason, state]) => `${state} ${reason}`);
    fc.assert(
      fc.property(
        fc.constantFrom('pending', 'sending', 'retrying'),
        inputs,
        types,
        results,
        fc.option(fc.constant('hld_1')),
        (from: DeliveryState, input, type, result, holdId) => {
          const event = eventFor(type, input, result, holdId);
          const { value, context } = stateAfter(restoreDelivery(from, input), event);
          if (value === from || !isFinal(value) || value === 'delivered') expect(context.reason).toBeNull();
          else expect(endings).toContain(`${value} ${context.reason}`);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
