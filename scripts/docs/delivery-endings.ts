import { DELIVERY_STATES, type EndReason, isFinal } from '../../src/domain/delivery/delivery.ts';
import {
  type DeliveryEvent,
  type DeliveryInput,
  restoreDelivery,
  stateAfter,
  UNTROUBLED,
} from '../../src/domain/delivery/delivery-machine.ts';
import { GO } from '../../src/domain/delivery/gate.ts';
import { reportOn } from '../../src/domain/delivery/life.ts';
import { MAX_INTERRUPTIONS, type SendReport, underHold } from '../../src/domain/delivery/verdict.ts';
import { PUSH_FAILURES, type PushResult } from '../../src/domain/push-service/push-outcome.ts';

/** A final state, and the reason that a delivery in it has. */
type Ending = { readonly state: string; readonly reason: EndReason };

/**
 * Every ending that has a reason, found by asking the machine: each state is told each event, with whatever can make a
 * difference to where the event leads.
 */
export function endingsOfMachine(): Ending[] {
  const found = new Map<string, Ending>();
  for (const from of DELIVERY_STATES) {
    for (const [input, event] of from === 'sending' ? answersWhileSending() : eventsWhileWaiting()) {
      const { value: state, context } = stateAfter(restoreDelivery(from, input), event);
      const { reason } = context;
      if (reason !== null && isFinal(state)) found.set(`${state} ${reason}`, { state, reason });
    }
  }
  return [...found.values()];
}

type Case = readonly [DeliveryInput, DeliveryEvent];

const NOW_MS = 1_000_000;
const MAX_RETRIES = 1;
const QUARANTINE = { retryMs: 1000, retireAfterMs: 5000 };
/** Passed; too near for another try; far enough for any. */
const DEADLINES_MS = [NOW_MS, NOW_MS + 1, NOW_MS + 1_000_000];
/** One of each kind that answers are judged by. */
const STATUSES = [201, 400, 401, 403, 404, 410, 429, 503];

const INPUT: DeliveryInput = {
  policy: { maxRetries: MAX_RETRIES, baseMs: 1000, maxMs: 1000, quarantine: QUARANTINE, goneGraceMs: 1000 },
  retryCount: 0,
  interruptionCount: 0,
  attemptCount: 0,
  deadlineAtMs: NOW_MS + 1_000_000,
  ...UNTROUBLED,
  order: {
    message: {
      endpoint: 'https://push.example.net/',
      keys: { p256dh: '', auth: '' },
      vapidPublicKey: '',
      payload: '',
      urgency: 'normal',
      topic: null,
    },
    subscription: { id: 'sub_', userId: '', endpoint: 'https://push.example.net/', vapidPublicKey: '' },
    onPosted: () => {},
  },
};

/** Why a gate ends a delivery unsent. */
const DROPS = ['render_failed', 'dropped', 'opted_out', 'paused', 'quiet_hours', 'quiet_hours_past_deadline'] as const;

function eventsWhileWaiting(): Case[] {
  const events: DeliveryEvent[] = [
    { type: 'ATTEMPT', nowMs: NOW_MS, gate: GO },
    ...DROPS.map((reason) => ({ type: 'ATTEMPT', nowMs: NOW_MS, gate: { kind: 'drop', reason } }) as const),
    { type: 'SUPERSEDE' },
    { type: 'CANCEL' },
    { type: 'DISCARD' },
    { type: 'ERASE' },
  ];
  return DEADLINES_MS.flatMap((deadlineAtMs) =>
    (['active', 'retired', 'missing'] as const).flatMap((subscription) =>
      [false, true].flatMap((isSuperseded) =>
        [false, true].flatMap((isCancelled) =>
          events.map((event): Case => [{ ...INPUT, deadlineAtMs, subscription, isSuperseded, isCancelled }, event]),
        ),
      ),
    ),
  );
}

function answersWhileSending(): Case[] {
  const inputs = DEADLINES_MS.flatMap((deadlineAtMs) =>
    [0, MAX_RETRIES].flatMap((retryCount) =>
      [0, MAX_INTERRUPTIONS].flatMap((interruptionCount) =>
        [null, NOW_MS - QUARANTINE.retireAfterMs].map((quarantinedSinceMs) => ({
          ...INPUT,
          deadlineAtMs,
          retryCount,
          interruptionCount,
          quarantinedSinceMs,
        })),
      ),
    ),
  );
  const results: PushResult[] = [
    ...STATUSES.map((status) => ({ kind: 'response', status, retryAfter: null, reason: null }) as const),
    ...PUSH_FAILURES.map((failure) => ({ kind: 'failure', failure }) as const),
  ];
  return inputs.flatMap((input) =>
    results
      .map((result) => reportOn(input, { result, endedAtMs: NOW_MS, jitter: 0 }))
      .flatMap((report): DeliveryEvent[] => [
        answered(report),
        answered({ ...report, verdict: underHold(report.verdict, 'hld_1') }),
        ...(isCrash(report) ? [{ type: 'INTERRUPTED', report } as const] : []),
      ])
      .map((event): Case => [input, event]),
  );
}

function isCrash({ result }: SendReport): boolean {
  return result?.kind === 'failure' && result.failure === 'crashed';
}

function answered(report: SendReport): DeliveryEvent {
  return { type: 'ANSWERED', report };
}
