import { createActor, fromPromise, waitFor } from 'xstate';
import type { Clock } from '../clock.ts';
import { payloadFor } from '../domain/content/payload.ts';
import {
  type DeliverySnapshot,
  deliveryMachine,
  restoreDelivery,
  type SendInput,
} from '../domain/delivery/delivery-machine.ts';
import { planSettlement, type SettlementPlan } from '../domain/delivery/settlement.ts';
import { type SendReport, type VerdictFacts, wouldRetire } from '../domain/delivery/verdict.ts';
import type { Random } from '../domain/ids.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { type LaneReport, laneReportOf } from '../domain/push-service/lane.ts';
import { type OriginPause, pauseAskedBy } from '../domain/push-service/origin-pause.ts';
import { type DraftMessage, topicHeader } from '../domain/push-service/push-message.ts';
import { outcomeOf, type PushResult } from '../domain/push-service/push-outcome.ts';
import { pushTargetOf } from '../domain/push-service/push-target.ts';
import type { PushTransport } from '../push/push-transport.ts';
import type { Claimed } from '../store/delivery-store.ts';
import type { PruneGuard } from './prune-guard.ts';

export type AttemptOptions = {
  readonly transport: PushTransport;
  readonly policy: VerdictFacts['policy'];
  readonly pruneGuard: Pick<PruneGuard, 'note' | 'holdFor'>;
  readonly clock: Clock;
  readonly random: Random;
  /** The origin that paths in a notification belong to; null where it is not known. */
  readonly siteUrl: string | null;
  /** Aborted when the process must let go of what is in flight. */
  readonly giveUp: AbortSignal;
};

/** What to write and announce, the pause that the push service asked for, and what the push says about it. */
export type AttemptPlan = SettlementPlan & { readonly pause: OriginPause | null; readonly report: LaneReport };

/** What an attempt under way is about, and what it has met so far. */
type UnderWay = {
  readonly claimed: Claimed;
  readonly facts: VerdictFacts;
  readonly onPosted: () => void;
  result: PushResult | null;
};

/** `onPosted` is called once all that is left is to wait for the push service's answer. */
export type Attempter = (claimed: Claimed, onPosted: () => void) => Promise<AttemptPlan>;

type BoundMachine = ReturnType<typeof bindMachine>['machine'];

/**
 * Makes one attempt at a claimed delivery and tells what to settle. Does not touch the delivery in the store.
 * The machine decides, the transport sends; a transport that breaks its promise and rejects is an `unknown` failure.
 */
export function createAttempt(options: AttemptOptions): Attempter {
  const { policy, clock } = options;
  const { machine, underWay } = bindMachine(options);
  const payloadOf = createPayloads(options.siteUrl);

  return async (claimed, onPosted) => {
    const startedAtMs = clock.now();
    const current: UnderWay = { claimed, facts: factsOf(claimed, policy), onPosted, result: null };
    const message = messageFor(claimed, payloadOf);
    if (message !== null) underWay.set(message, current);
    const snapshot = await runMachine(machine, current, message, startedAtMs);
    const { result, facts } = current;
    const endedAtMs = clock.now();
    const number = claimed.before.attemptCount + 1;
    const plan = planSettlement(claimed.before, claimed.version, snapshot, { number, startedAtMs, endedAtMs, result });
    const pause = claimed.subscription === null ? null : pauseAskedBy(result, claimed.subscription.endpoint, endedAtMs);
    return { ...plan, pause, report: reportOf(result, facts) };
  };
}

/** Bound once for all attempts: xstate reads a machine's whole definition anew for each `provide`, a sixth of a delivery. */
function bindMachine(options: AttemptOptions) {
  const { transport, clock, random, giveUp } = options;
  const underWay = new WeakMap<DraftMessage, UnderWay>();
  const send = fromPromise<SendReport, SendInput>(async ({ input: { message, ttlSeconds } }) => {
    const current = underWay.get(message);
    if (current === undefined) throw new Error('a message that belongs to no attempt');
    const result = await transport.send({ ...message, ttlSeconds }, giveUp, current.onPosted);
    current.result = result;
    const answer = { result, endedAtMs: clock.now() };
    const pruneHoldId = await holdOn(options, current.claimed, current.facts, answer);
    return { ...answer, jitter: random(), pruneHoldId };
  });
  return { machine: deliveryMachine.provide({ actors: { send } }), underWay };
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
    service: subscription === null ? 'other' : pushTargetOf(subscription.endpoint).service,
    quarantinedSinceMs: subscription?.quarantine?.sinceMs ?? null,
    isSuspected: subscription !== null && subscription.suspectedByHoldId !== null,
  };
}

/** Restores the machine from the document as it was before the claim, and lets it live for this attempt. */
async function runMachine(
  machine: BoundMachine,
  { claimed: { before, subscription, isSuperseded }, facts }: UnderWay,
  message: DraftMessage | null,
  nowMs: number,
): Promise<DeliverySnapshot> {
  const snapshot = restoreDelivery(before.state, {
    ...facts,
    subscription: subscription === null ? 'missing' : subscription.retired === null ? 'active' : 'retired',
    isSuperseded,
    message,
  });
  const actor = createActor(machine, { snapshot, input: snapshot.context });
  actor.start();
  actor.send({ type: 'ATTEMPT', nowMs });
  const settled = await waitFor(actor, (current) => current.value !== 'sending');
  actor.stop();
  return settled;
}

function messageFor(
  { notification, subscription }: Claimed,
  payloadOf: (notification: Notification) => string,
): DraftMessage | null {
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
function createPayloads(siteUrl: string | null): (notification: Notification) => string {
  const payloads = new WeakMap<Notification, string>();
  return (notification) => {
    const known = payloads.get(notification);
    if (known !== undefined) return known;
    const payload = payloadFor(notification, siteUrl);
    payloads.set(notification, payload);
    return payload;
  };
}
