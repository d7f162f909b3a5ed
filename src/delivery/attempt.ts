import { createActor, fromPromise, waitFor } from 'xstate';
import type { Clock } from '../clock.ts';
import { type DeliverySnapshot, deliveryMachine, restoreDelivery } from '../domain/delivery-machine.ts';
import type { Random } from '../domain/ids.ts';
import { type Notification, payloadFor } from '../domain/notification.ts';
import { type OriginPause, pauseAskedBy } from '../domain/origin-pause.ts';
import { type PushMessage, topicHeader } from '../domain/push-message.ts';
import type { PushResult } from '../domain/push-outcome.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { SendReport } from '../domain/verdict.ts';
import type { PushTransport } from '../push/push-transport.ts';
import type { Claimed } from '../store/delivery-store.ts';
import { planSettlement, type SettlementPlan } from './settlement.ts';

export type AttemptOptions = {
  readonly transport: PushTransport;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the process must let go of what is in flight. */
  readonly giveUp: AbortSignal;
};

/** What to write and announce, and the pause that the push service asked for. */
export type AttemptPlan = SettlementPlan & { readonly pause: OriginPause | null };

/**
 * Makes one attempt at a claimed delivery and tells what to settle. Does not touch the store.
 * The machine decides, the transport sends; a transport that breaks its promise and rejects is an `unknown` failure.
 */
export function createAttempt(options: AttemptOptions): (claimed: Claimed) => Promise<AttemptPlan> {
  const { transport, policy, clock, random, giveUp } = options;

  return async (claimed) => {
    const startedAtMs = clock.now();
    let result: PushResult | null = null;
    const send = fromPromise<SendReport, PushMessage>(async ({ input }) => {
      result = await transport.send(input, giveUp);
      return { result, endedAtMs: clock.now(), jitter: random() };
    });
    const snapshot = await runMachine(claimed, policy, startedAtMs, send);
    const endedAtMs = clock.now();
    const facts = { number: claimed.before.attemptCount + 1, startedAtMs, endedAtMs, result };
    const pause = claimed.subscription === null ? null : pauseAskedBy(result, claimed.subscription.endpoint, endedAtMs);
    return { ...planSettlement(claimed.before, claimed.version, snapshot, facts), pause };
  };
}

/** Restores the machine from the document as it was before the claim, and lets it live for this attempt. */
async function runMachine(
  claimed: Claimed,
  policy: RetryPolicy,
  nowMs: number,
  send: ReturnType<typeof fromPromise<SendReport, PushMessage>>,
): Promise<DeliverySnapshot> {
  const { before, subscription } = claimed;
  const snapshot = restoreDelivery(before.state, {
    policy,
    retryCount: before.retryCount,
    interruptionCount: before.interruptionCount,
    deadlineAtMs: before.deadlineAtMs,
    subscription: subscription === null ? 'missing' : subscription.retired === null ? 'active' : 'retired',
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
    payload = payloadFor(notification.id, notification.content);
    payloads.set(notification, payload);
  }
  return payload;
}
