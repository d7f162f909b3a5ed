import type { Clock } from '../clock.ts';
import { type PushOrder, type SendInput, sendInputOf, stateAfter } from '../domain/delivery/delivery-machine.ts';
import type { GateAnswer } from '../domain/delivery/gate.ts';
import { type AttemptPlan, attempted, reportOn, restoreForAttempt } from '../domain/delivery/life.ts';
import { type DeliveryPolicy, type SendReport, underHold } from '../domain/delivery/verdict.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import { topicHeader } from '../domain/push-service/push-message.ts';
import type { PushResult } from '../domain/push-service/push-outcome.ts';
import { tailOf } from '../domain/redaction.ts';
import type { PushTransport } from '../push/push-transport.ts';
import type { Claimed } from '../store/delivery-store.ts';
import type { PruneGuard } from './prune-guard.ts';

export type AttemptOptions = {
  readonly transport: Pick<PushTransport, 'send'>;
  readonly policy: DeliveryPolicy;
  readonly pruneGuard: Pick<PruneGuard, 'note' | 'holdFor'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  /** Aborted when the process must let go of what is in flight. */
  readonly giveUp: AbortSignal;
};

/**
 * `gate` is what the gates say of the delivery. `isProbe`: its push tells whether a closed lane may open. `onPosted` is called
 * once only the push service's answer is awaited. `payload` is asked for where nothing stands in the way.
 */
type Sending = {
  readonly gate: GateAnswer;
  readonly payload: () => string;
  readonly isProbe: boolean;
  readonly onPosted: () => void;
};

export type Attempter = (claimed: Claimed, sending: Sending) => Promise<AttemptPlan>;

/**
 * Makes one attempt at a claimed delivery and gives what to settle; the store is not touched. The machine decides and the
 * transport sends. A transport that breaks its promise and rejects has met the failure `unknown`. What is
 * unknown is announced.
 */
export function createAttempt(options: AttemptOptions): Attempter {
  const { policy, clock } = options;

  return async (claimed, { gate, payload, isProbe, onPosted }) => {
    const startedAtMs = clock.now();
    const order = orderFor(claimed, gate.kind === 'go' ? payload() : '', onPosted);
    const event = { type: 'ATTEMPT', nowMs: startedAtMs, gate } as const;
    const begun = stateAfter(restoreForAttempt(claimed, { policy, order, isProbe }), event);
    if (begun.value !== 'sending') return attempted(claimed, begun, startedAtMs);
    const report = await sendAndJudge(options, sendInputOf(begun, startedAtMs));
    return attempted(claimed, stateAfter(begun, { type: 'ANSWERED', report }), startedAtMs);
  };
}

/** Sends, has the answer judged, and has the prune guard see the verdict: a hold keeps the subscription from retirement. */
async function sendAndJudge(options: AttemptOptions, { order, ttlSeconds, facts }: SendInput): Promise<SendReport> {
  const { pruneGuard, clock, random } = options;
  const { subscription } = order;
  const result = await send(options, order, ttlSeconds);
  if (result.kind === 'failure' && result.failure === 'unknown') tellUnforeseen(options.events, order, result.thrown);
  const report = reportOn(facts, { result, endedAtMs: clock.now(), jitter: random() });
  if (result.kind !== 'response') return report;
  const { verdict } = report;
  const { kind } = verdict.outcome;
  // Called gone too early for that to count.
  if (kind === 'gone' && verdict.effect === null) return report;
  pruneGuard.note(subscription, kind === 'gone' || kind === 'quarantined');
  if (verdict.effect?.kind !== 'retire') return report;
  const holdId = await pruneGuard.holdFor(subscription);
  return holdId === null ? report : { ...report, verdict: underHold(verdict, holdId) };
}

async function send(
  { transport, giveUp }: AttemptOptions,
  { message, onPosted }: PushOrder,
  ttlSeconds: number,
): Promise<PushResult> {
  try {
    return await transport.send({ ...message, ttlSeconds }, giveUp, onPosted);
  } catch (error) {
    return { kind: 'failure', failure: 'unknown', thrown: error };
  }
}

/** An error that nobody foresaw is told whole, but for what the message holds that is a secret. */
function tellUnforeseen(events: AttemptOptions['events'], { message }: PushOrder, thrown: unknown): void {
  const { endpoint, keys, payload } = message;
  const hidden = {
    secrets: [endpoint, keys.p256dh, keys.auth, payload],
    traces: [tailOf(endpoint), keys.p256dh, keys.auth, payload],
  };
  events.publish({ type: 'part.failed', part: 'push', error: thrown, hidden });
}

function orderFor({ notification, subscription }: Claimed, payload: string, onPosted: () => void): PushOrder | null {
  if (subscription === null) return null;
  const { endpoint, keys, vapidPublicKey } = subscription;
  const { urgency, topic } = notification;
  const header = topic === null ? null : topicHeader(topic);
  return { message: { endpoint, keys, vapidPublicKey, payload, urgency, topic: header }, subscription, onPosted };
}
