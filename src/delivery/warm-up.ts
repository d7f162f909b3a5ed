import { type DeliveryInput, restoreDelivery, stateAfter, UNTROUBLED } from '../domain/delivery/delivery-machine.ts';
import { GO } from '../domain/delivery/gate.ts';
import { reportOn } from '../domain/delivery/life.ts';

const NOW_MS = 0;

const INPUT: DeliveryInput = {
  policy: { maxRetries: 0, baseMs: 0, maxMs: 0, quarantine: { retryMs: 0, retireAfterMs: 0 }, goneGraceMs: 0 },
  retryCount: 0,
  interruptionCount: 0,
  attemptCount: 0,
  deadlineAtMs: 1,
  ...UNTROUBLED,
};

const ACCEPTED = { kind: 'response', status: 201, retryAfter: null, reason: null, ttlSeconds: 0 } as const;

/** So often that V8 has compiled it, and so few at a time that no call waits for it. */
const ROUNDS = 300;
const ROUNDS_A_TURN = 10;

/**
 * Takes the machine through an attempt that nobody makes, again and again, while nothing else is to be done: the first pushes after a
 * start would each take several times as long in it.
 */
export function warmUpMachine(left = ROUNDS): void {
  for (let round = 0; round < ROUNDS_A_TURN; round += 1) {
    const begun = stateAfter(restoreDelivery('pending', INPUT), { type: 'ATTEMPT', nowMs: NOW_MS, gate: GO });
    const report = reportOn(begun.context, { result: ACCEPTED, endedAtMs: NOW_MS, jitter: 0 });
    stateAfter(begun, { type: 'ANSWERED', report });
  }
  if (left > ROUNDS_A_TURN) setImmediate(warmUpMachine, left - ROUNDS_A_TURN).unref();
}
