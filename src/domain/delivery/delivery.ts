import type { Values } from '../content/wording.ts';
import type { DeliveryVariant } from '../experiment/experiment.ts';
import type { Priority } from '../notification/priority.ts';
import type { OutcomeKind } from '../push-service/push-outcome.ts';

/** `docs/delivery-states.md` shows the transitions. `delivered` means accepted by the push service, not displayed. */
export const DELIVERY_STATES = [
  'pending',
  'held',
  'sending',
  'retrying',
  'delivered',
  'pruned',
  'failed',
  'expired',
  'cancelled',
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** `held` waits for a person’s quiet hours or pause to end. */
export const WAITING_STATES = ['pending', 'held', 'retrying'] as const;
export type WaitingState = (typeof WAITING_STATES)[number];

/** A delivery in one of these keeps its notification from being completed. */
export const OPEN_STATES = ['pending', 'held', 'sending', 'retrying'] as const satisfies readonly DeliveryState[];

/** Nothing more happens by itself in these; `failed` and `expired` can be replayed. */
export const FINAL_STATES = ['delivered', 'pruned', 'failed', 'expired', 'cancelled'] as const;
export type FinalState = (typeof FINAL_STATES)[number];

/**
 * Why a delivery ended other than well. `deadline_too_near`: the next try would have come at or after the deadline.
 * `pruning_on_hold`: called gone, while a person has to look first. `superseded`: a newer notification has the same topic.
 * `dropped`: it waited while sending was paused, and a person decided against it. `notification_cancelled`: somebody called the
 * notification off. `user_erased`: its user was erased. `discarded`: it had failed, and a person took it off the dead letters. `render_failed`: the text could not be
 * made. The last four are a person’s wishes, which came between its making and its sending.
 */
export const END_REASONS = [
  'retries_exhausted',
  'rejected',
  'misconfigured',
  'interrupted_too_often',
  'pruning_on_hold',
  'subscription_gone',
  'subscription_refused',
  'subscription_deleted',
  'subscription_inactive',
  'superseded',
  'dropped',
  'notification_cancelled',
  'user_erased',
  'discarded',
  'deadline_passed',
  'deadline_too_near',
  'render_failed',
  'opted_out',
  'paused',
  'quiet_hours',
  'quiet_hours_past_deadline',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/** One request to a push service, or one that was cut short. Times are epoch milliseconds. */
export type Attempt = {
  /** 1 for the first; counts on through replays and interruptions. */
  readonly number: number;
  readonly status: 'delivered' | 'failed';
  readonly outcome: OutcomeKind;
  readonly httpStatus: number | null;
  readonly latencyMs: number | null;
  readonly error: string | null;
  readonly remedy: string | null;
  /** The `TTL` that the push service granted, in seconds, where it said so; absent where it did not. */
  readonly grantedTtlSeconds?: number;
  /** Retries spent before this attempt. */
  readonly retryCount: number;
  readonly retryAtMs: number | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
};

/**
 * A person sent an ended delivery again: what it had ended as, after which attempt, when, and when it was reopened. `byAction`: the
 * bulk action that did it, so that the same one never does it twice; absent where it was asked for alone.
 */
export type Replay = {
  readonly from: 'failed' | 'expired';
  readonly afterAttempt: number;
  readonly endedAtMs: number;
  readonly atMs: number;
  readonly byAction?: string;
};

/** One notification on its way to one subscription. */
export type Delivery = {
  readonly id: string;
  readonly notificationId: string;
  readonly subscriptionId: string;
  readonly userId: string;
  /**
   * Where its push goes, for example `https://fcm.googleapis.com`, as it was when the delivery was made; empty for
   * deliveries older than this field. Where the device has registered another endpoint since, the push goes to that one,
   * and the delivery still waits for the lane of this origin.
   */
  readonly origin: string;
  /** The notification's topic: a newer delivery with it to the same subscription supersedes this one. */
  readonly topic: string | null;
  /**
   * Where it stands among others with its topic, if not by the id of its notification: of a notification that was sent later than it was
   * accepted, the id that it would have had in its wave. What is sent later supersedes, whatever was accepted first.
   */
  readonly sentOrder: string | null;
  readonly priority: Priority;
  readonly state: DeliveryState;
  /** Grows by one with each write; a write that names another version loses. */
  readonly version: number;
  /**
   * When this delivery next needs looking at: the next attempt's time while waiting, the lease's end while sending,
   * null when final. The rescuer reads nothing else.
   */
  readonly dueAtMs: number | null;
  readonly deadlineAtMs: number;
  readonly retryCount: number;
  readonly interruptionCount: number;
  /** Attempts begun so far, kept here or not; the next one is this plus one. */
  readonly attemptCount: number;
  /** When the attempt now under way was claimed; null unless `sending`. */
  readonly claimedAtMs: number | null;
  /** When it was last put on hold for its user’s quiet hours or pause; null where it never was. */
  readonly heldAtMs: number | null;
  /** The pattern of types whose cap it counts under; null where it counts under none. */
  readonly capPattern: string | null;
  /** The recipient’s own values of the notification’s variables; absent where there are none. */
  readonly values?: Values;
  /** Which variant of its notification it is; absent where there is one content for all. */
  readonly variant?: DeliveryVariant;
  readonly reason: EndReason | null;
  /** The newest `MAX_ATTEMPTS_KEPT`, oldest first. */
  readonly attempts: readonly Attempt[];
  readonly replays: readonly Replay[];
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
};

/** Keeps a delivery far below MongoDB's 16 MB, whatever the retry policy and however often a person replays it. */
export const MAX_ATTEMPTS_KEPT = 50;
export const MAX_REPLAYS = 10;

/** By which deliveries with one topic to one subscription are ordered: the greater is the newer. */
export function orderOf({ sentOrder, notificationId }: Pick<Delivery, 'sentOrder' | 'notificationId'>): string {
  return sentOrder ?? notificationId;
}

export function isFinal(state: DeliveryState): state is FinalState {
  return (FINAL_STATES as readonly DeliveryState[]).includes(state);
}

export function isWaiting(state: DeliveryState): state is WaitingState {
  return (WAITING_STATES as readonly DeliveryState[]).includes(state);
}

/** Whether it was tried again because the push service had called a subscription gone that was only just registered. */
export function wasGoneTooSoon({ attempts }: Pick<Delivery, 'attempts'>): boolean {
  return attempts.some(({ outcome, retryAtMs }) => outcome === 'gone' && retryAtMs !== null);
}

/** The log with one attempt more, bounded. */
export function appendAttempt(attempts: readonly Attempt[], attempt: Attempt): readonly Attempt[] {
  return [...attempts, attempt].slice(-MAX_ATTEMPTS_KEPT);
}

/** A delivery as fan-out creates it, nothing tried yet: due at once, or on hold until `heldUntilMs`. */
export function newDelivery(
  from: Pick<
    Delivery,
    | 'id'
    | 'notificationId'
    | 'subscriptionId'
    | 'userId'
    | 'origin'
    | 'topic'
    | 'sentOrder'
    | 'priority'
    | 'deadlineAtMs'
    | 'capPattern'
    | 'values'
    | 'variant'
  >,
  nowMs: number,
  heldUntilMs: number | null,
): Delivery {
  return {
    ...from,
    state: heldUntilMs === null ? 'pending' : 'held',
    version: 1,
    dueAtMs: heldUntilMs ?? nowMs,
    heldAtMs: heldUntilMs === null ? null : nowMs,
    retryCount: 0,
    interruptionCount: 0,
    attemptCount: 0,
    claimedAtMs: null,
    reason: null,
    attempts: [],
    replays: [],
    createdAtMs: nowMs,
    endedAtMs: null,
  };
}

type Step = { readonly state: DeliveryState; readonly atMs: number };

/** The states that a delivery went through, with times, read from its attempts and replays: nothing is stored twice. */
export function timelineOf(delivery: Delivery): readonly Step[] {
  const { attempts, replays, claimedAtMs, endedAtMs, heldAtMs, reason } = delivery;
  const failedAtMs = reason === 'discarded' ? (attempts.at(-1)?.endedAtMs ?? null) : null;
  const firstKept = attempts[0]?.number ?? 1;
  const steps: Step[] = [
    { state: 'pending', atMs: delivery.createdAtMs },
    ...replaySteps(replays.filter(({ afterAttempt }) => afterAttempt < firstKept)),
    ...attempts.flatMap((attempt) => [
      ...attemptSteps(attempt),
      ...replaySteps(replays.filter(({ afterAttempt }) => afterAttempt === attempt.number)),
    ]),
    ...(claimedAtMs === null ? [] : [{ state: 'sending', atMs: claimedAtMs } as const]),
    ...(failedAtMs === null ? [] : [{ state: 'failed', atMs: failedAtMs } as const]),
    ...(endedAtMs === null ? [] : [{ state: delivery.state, atMs: endedAtMs }]),
  ];
  if (heldAtMs === null) return steps;
  const later = steps.findIndex(({ atMs }) => atMs > heldAtMs);
  return steps.toSpliced(later < 0 ? steps.length : later, 0, { state: 'held', atMs: heldAtMs });
}

function attemptSteps({ startedAtMs, endedAtMs, retryAtMs }: Attempt): Step[] {
  const sending: Step = { state: 'sending', atMs: startedAtMs };
  return retryAtMs === null ? [sending] : [sending, { state: 'retrying', atMs: endedAtMs }];
}

function replaySteps(replays: readonly Replay[]): Step[] {
  return replays.flatMap(({ from, endedAtMs, atMs }): Step[] => [
    { state: from, atMs: endedAtMs },
    { state: 'pending', atMs },
  ]);
}
