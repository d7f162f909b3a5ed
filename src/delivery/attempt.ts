import { createActor, fromPromise, waitFor } from 'xstate';
import type { Clock } from '../clock.ts';
import type { DeliverySnapshot } from '../domain/delivery-machine.ts';
import { deliveryMachine, restoreDelivery } from '../domain/delivery-machine.ts';
import type { Random } from '../domain/ids.ts';
import { type LaneReport, laneReportOf } from '../domain/lane.ts';
import { type Notification, payloadFor } from '../domain/notification.ts';
import { type OriginPause, pauseAskedBy } from '../domain/origin-pause.ts';
import { type PushMessage, topicHeader } from '../domain/push-message.ts';
import { outcomeOf, type PushResult } from '../domain/push-outcome.ts';
import { pushServiceOf } from '../domain/push-service.ts';
import { type SendReport, type VerdictFacts, wouldRetire } from '../domain/verdict.ts';
import type { PushTransport } from '../push/push-transport.ts';
import type { Claimed } from '../store/delivery-store.ts';
import type { PruneGuard } from './prune-guard.ts';
import { planSettlement, type SettlementPlan } from './settlement.ts';

export type AttemptOptions = {
  readonly transport: PushTransport;
  readonly policy: VerdictFacts['policy'];
  readonly pruneGuard: Pick<PruneGuard, 'note' | 'holdFor'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the process must let go of what is in flight. */
  readonly giveUp: AbortSignal;
};

/** What to write and announce, the pause that the push service asked for, and what the push says about it. */
export type AttemptPlan = SettlementPlan & { readonly pause: OriginPause | null; readonly report: LaneReport };

/**
 * Makes one attempt at a claimed delivery and tells what to settle. Does not touch the delivery in the store.
 * The machine decides, the transport sends; a transport that breaks its promise and rejects is an `unknown` failure.
 */
export function createAttempt(options: AttemptOptions): (claimed: Claimed) => Promise<AttemptPlan> {
  const { transport, policy, clock, random, giveUp } = options;

  return async (claimed) => {
    const startedAtMs = clock.now();
    const facts = factsOf(claimed, policy);
    let result: PushResult | null = null;
    const send = fromPromise<SendReport, PushMessage>(async ({ input }) => {
      result = await transport.send(input, giveUp);
      const answer = { result, endedAtMs: clock.now() };
      return { ...answer, jitter: random(), pruneHoldId: await holdOn(options, claimed, facts, answer) };
    });
    const snapshot = await runMachine(claimed, facts, startedAtMs, send);
    const endedAtMs = clock.now();
    const number = claimed.before.attemptCount + 1;
    const plan = planSettlement(claimed.before, claimed.version, snapshot, { number, startedAtMs, endedAtMs, result });
    const pause = claimed.subscription === null ? null : pauseAskedBy(result, claimed.subscription.endpoint, endedAtMs);
    return { ...plan, pause, report: reportOf(result, facts) };
  };
}

function reportOf(result: PushResult | null, { service }: VerdictFacts): LaneReport {
  if (result === null) return 'nothing';
  return laneReportOf(outcomeOf(result, service).kind, result.kind === 'response');
}

/** Has the guard see the answer, and gives the hold that keeps the subscription from being retired. */
async function holdOn(
  { pruneGuard }: AttemptOptions,
  { subscription }: Claimed,
  facts: VerdictFacts,
  answer: Pick<SendReport, 'result' | 'endedAtMs'>,
): Promise<string | null> {
  if (subscription === null || answer.result.kind !== 'response') return null;
  const { kind } = outcomeOf(answer.result, facts.service);
  pruneGuard.note(subscription, kind === 'gone' || kind === 'quarantined');
  return wouldRetire(facts, answer) ? pruneGuard.holdFor(subscription) : null;
}

function factsOf({ before, subscription }: Claimed, policy: VerdictFacts['policy']): VerdictFacts {
  return {
    policy,
    retryCount: before.retryCount,
    interruptionCount: before.interruptionCount,
    deadlineAtMs: before.deadlineAtMs,
    service: subscription === null ? 'other' : pushServiceOf(new URL(subscription.endpoint).hostname),
    quarantinedSinceMs: subscription?.quarantine?.sinceMs ?? null,
    isSuspected: subscription !== null && subscription.suspectedByHoldId !== null,
  };
}

/** Restores the machine from the document as it was before the claim, and lets it live for this attempt. */
async function runMachine(
  claimed: Claimed,
  facts: VerdictFacts,
  nowMs: number,
  send: ReturnType<typeof fromPromise<SendReport, PushMessage>>,
): Promise<DeliverySnapshot> {
  const { before, subscription, isSuperseded } = claimed;
  const snapshot = restoreDelivery(before.state, {
    ...facts,
    subscription: subscription === null ? 'missing' : subscription.retired === null ? 'active' : 'retired',
    isSuperseded,
    message: messageFor(claimed),
  });
  const actor = createActor(deliveryMachine.provide({ actors: { send } }), { snapshot, input: snapshot.context });
  actor.start();
  actor.send({ type: 'ATTEMPT', nowMs });
  const settled = await waitFor(actor, (current) => current.value !== 'sending');
  actor.stop();
  return settled;
}

function messageFor({ notification, subscription }: Claimed): Omit<PushMessage, 'ttlSeconds'> | null {
  if (subscription === null) return null;
  return {
    endpoint: subscription.endpoint,
    keys: subscription.keys,
    vapidPublicKey: subscription.vapidPublicKey,
    payload: payloadOf(notification),
    urgency: notification.urgency,
    topic: notification.topic === null ? null : topicHeader(notification.topic),
  };
}

/** Every device of one notification gets the same text, so it is built once for as long as the notification is held. */
const payloads = new WeakMap<Notification, string>();

function payloadOf(notification: Notification): string {
  let payload = payloads.get(notification);
  if (payload === undefined) {
    payload = payloadFor(notification);
    payloads.set(notification, payload);
  }
  return payload;
}
