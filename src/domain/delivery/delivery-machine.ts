import { assign, fromPromise, type SnapshotFrom, setup } from 'xstate';
import { type DraftMessage, remainingTtlSeconds } from '../push-service/push-message.ts';
import type { Delivery, DeliveryState, EndReason } from './delivery.ts';
import { judge, type SendReport, type Verdict, type VerdictFacts } from './verdict.ts';

/** `missing`: its row was deleted. `retired`: it is kept, but no longer receives. */
export type SubscriptionStanding = 'active' | 'retired' | 'missing';

export type DeliveryContext = VerdictFacts & {
  readonly subscription: SubscriptionStanding;
  /** A newer notification with the same topic has reached this subscription, or is on its way. */
  readonly isSuperseded: boolean;
  /** Null where nothing will be sent. */
  readonly message: DraftMessage | null;
  readonly attemptAtMs: number;
  readonly verdict: Verdict | null;
  readonly reason: EndReason | null;
};

/** What the actor `send` is asked for. The draft is handed on as it was given, so that its owner knows it again. */
export type SendInput = { readonly message: DraftMessage; readonly ttlSeconds: number };

/** What a delivery's document tells the machine. */
export type DeliveryInput = Pick<DeliveryContext, keyof VerdictFacts | 'subscription' | 'isSuperseded' | 'message'>;

export type DeliveryEvent =
  /** A worker holds the lease: send now, unless there is a reason not to. */
  | { readonly type: 'ATTEMPT'; readonly nowMs: number }
  /** A newer notification with the same topic was accepted. */
  | { readonly type: 'SUPERSEDE' }
  /** The process that held the lease is gone. */
  | { readonly type: 'INTERRUPTED'; readonly nowMs: number; readonly jitter: number }
  /** A person sends an ended delivery again; `deadlineAtMs` is the old deadline or a new one. */
  | { readonly type: 'REPLAY'; readonly nowMs: number; readonly deadlineAtMs: number };

const cutShort = ({ nowMs, jitter }: { nowMs: number; jitter: number }): SendReport => ({
  result: { kind: 'failure', failure: 'crashed' },
  endedAtMs: nowMs,
  jitter,
  pruneHoldId: null,
});

const unexpected = (nowMs: number): SendReport => ({
  result: { kind: 'failure', failure: 'unknown' },
  endedAtMs: nowMs,
  jitter: 0.5,
  pruneHoldId: null,
});

const machineSetup = setup({
  types: {
    context: {} as DeliveryContext,
    events: {} as DeliveryEvent,
    input: {} as DeliveryInput,
  },
  actors: {
    send: fromPromise<SendReport, SendInput>(() => Promise.reject(new Error('bind `send` with provide()'))),
  },
  guards: {
    isPastDeadline: ({ context, event }) => 'nowMs' in event && event.nowMs >= context.deadlineAtMs,
    isMissing: ({ context }) => context.subscription === 'missing',
    isSuperseded: ({ context }) => context.isSuperseded,
    isRetired: ({ context }) => context.subscription === 'retired',
    isBeforeNewDeadline: ({ event }) => event.type === 'REPLAY' && event.nowMs < event.deadlineAtMs,
    verdictIs: ({ context }, params: { report: SendReport; state: Verdict['state'] }) =>
      judge(context, params.report).state === params.state,
  },
  actions: {
    end: assign((_, params: { reason: EndReason }) => ({ reason: params.reason })),
    begin: assign(({ event }) => ('nowMs' in event ? { attemptAtMs: event.nowMs } : {})),
    record: assign(({ context }, params: { report: SendReport }) => {
      const verdict = judge(context, params.report);
      const { reason, retryCount, interruptionCount } = verdict;
      return { verdict, reason, retryCount, interruptionCount };
    }),
    reopen: assign(({ event }) =>
      event.type === 'REPLAY'
        ? { deadlineAtMs: event.deadlineAtMs, retryCount: 0, interruptionCount: 0, verdict: null, reason: null }
        : {},
    ),
  },
});

/** Where an answer can lead; and where it can when there was none. */
const AFTER_ANSWER = ['delivered', 'pruned', 'retrying', 'expired', 'failed'] as const;
const AFTER_NO_ANSWER = ['retrying', 'expired', 'failed'] as const;

/** One guarded transition to each of `states`, of which the verdict on the report picks exactly one. */
function byVerdict<Args>(states: readonly Verdict['state'][], reportOf: (args: Args) => SendReport) {
  return states.map((state) => ({
    target: state,
    guard: { type: 'verdictIs' as const, params: (args: Args) => ({ report: reportOf(args), state }) },
    actions: { type: 'record' as const, params: (args: Args) => ({ report: reportOf(args) }) },
  }));
}

const attemptTransitions = [
  { guard: 'isMissing', target: 'cancelled', actions: { type: 'end', params: { reason: 'subscription_deleted' } } },
  { guard: 'isRetired', target: 'cancelled', actions: { type: 'end', params: { reason: 'subscription_inactive' } } },
  { guard: 'isSuperseded', target: 'cancelled', actions: { type: 'end', params: { reason: 'superseded' } } },
  { guard: 'isPastDeadline', target: 'expired', actions: { type: 'end', params: { reason: 'deadline_passed' } } },
  { target: 'sending', actions: 'begin' },
] as const;

const supersedeTransition = {
  target: 'cancelled',
  actions: { type: 'end', params: { reason: 'superseded' } },
} as const;

const replayTransition = { guard: 'isBeforeNewDeadline', target: 'pending', actions: 'reopen' } as const;

/**
 * The life of one delivery. Pure: no I/O, clock, randomness or timers; times and jitter arrive in events and reports.
 * An actor lives for one attempt: restored from our own document, sent `ATTEMPT`, stopped when it leaves `sending`.
 */
export const deliveryMachine = machineSetup.createMachine({
  id: 'delivery',
  initial: 'pending',
  context: ({ input }) => ({ ...input, attemptAtMs: 0, verdict: null, reason: null }),
  states: {
    pending: { on: { ATTEMPT: attemptTransitions, SUPERSEDE: supersedeTransition } },
    retrying: { on: { ATTEMPT: attemptTransitions, SUPERSEDE: supersedeTransition } },
    sending: {
      invoke: {
        id: 'send',
        src: 'send',
        input: ({ context }) => sendInputOf(context),
        onDone: byVerdict(AFTER_ANSWER, ({ event }: { event: { output: SendReport } }) => event.output),
        onError: byVerdict(AFTER_NO_ANSWER, ({ context }: { context: DeliveryContext }) =>
          unexpected(context.attemptAtMs),
        ),
      },
      on: {
        INTERRUPTED: byVerdict(AFTER_NO_ANSWER, ({ event }: { event: { nowMs: number; jitter: number } }) =>
          cutShort(event),
        ),
      },
    },
    delivered: { type: 'final' },
    pruned: { type: 'final' },
    cancelled: { type: 'final' },
    failed: { on: { REPLAY: replayTransition } },
    expired: { on: { REPLAY: replayTransition } },
  },
});

function sendInputOf({ message, deadlineAtMs, attemptAtMs }: DeliveryContext): SendInput {
  if (message === null) throw new Error('an active subscription always has a message');
  return { message, ttlSeconds: remainingTtlSeconds(deadlineAtMs, attemptAtMs) };
}

export type DeliverySnapshot = SnapshotFrom<typeof deliveryMachine>;

/** A snapshot of each state, to be given a context: xstate walks the whole machine for each that it resolves. */
const resolved = new Map<DeliveryState, DeliverySnapshot>();

/** The machine as our document left it. Never from xstate's own JSON: the document is the only truth. */
export function restoreDelivery(state: DeliveryState, input: DeliveryInput): DeliverySnapshot {
  const context: DeliveryContext = { ...input, attemptAtMs: 0, verdict: null, reason: null };
  let snapshot = resolved.get(state);
  if (snapshot === undefined) {
    snapshot = deliveryMachine.resolveState({ value: state, context });
    resolved.set(state, snapshot);
  }
  return { ...snapshot, context, children: {} };
}

/** SUPERSEDE and REPLAY ask for no policy, but the machine's context has one. */
const NO_POLICY = { maxRetries: 0, baseMs: 0, maxMs: 0, quarantine: { retryMs: 0, retireAfterMs: 0 } };

/** The machine for an event that sends nothing: SUPERSEDE, REPLAY, or INTERRUPTED, which alone needs the policy. */
export function restoreUnsent(delivery: Delivery, policy: DeliveryInput['policy'] = NO_POLICY): DeliverySnapshot {
  const { state, retryCount, interruptionCount, deadlineAtMs } = delivery;
  return restoreDelivery(state, {
    policy,
    retryCount,
    interruptionCount,
    deadlineAtMs,
    service: 'other',
    quarantinedSinceMs: null,
    isSuspected: false,
    subscription: 'active',
    isSuperseded: false,
    message: null,
  });
}
