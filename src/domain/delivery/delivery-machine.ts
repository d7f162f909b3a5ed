import { assign, createActor, type SnapshotFrom, setup } from 'xstate';
import { type DraftMessage, remainingTtlSeconds } from '../push-service/push-message.ts';
import type { Subscription } from '../subscription/subscription.ts';
import type { DeliveryState, EndReason } from './delivery.ts';
import type { GateAnswer } from './gate.ts';
import type { SendReport, Verdict, VerdictFacts } from './verdict.ts';

/** `missing`: its row was deleted. `retired`: it is kept, but no longer receives. */
export type SubscriptionStanding = 'active' | 'retired' | 'missing';

/** A push to make. The machine hands it on to whoever sends, as it is. */
export type PushOrder = {
  readonly message: DraftMessage;
  readonly subscription: Pick<Subscription, 'id' | 'userId' | 'endpoint' | 'vapidPublicKey'>;
  /** To be called once all that is left is to wait for the push service's answer. */
  readonly onPosted: () => void;
};

/** What a delivery's document tells the machine. */
export type DeliveryInput = VerdictFacts & {
  readonly subscription: SubscriptionStanding;
  /** A newer notification with the same topic has reached this subscription, or is on its way. */
  readonly isSuperseded: boolean;
  /** Somebody called its notification off. */
  readonly isCancelled: boolean;
  /** Null where nothing will be sent. */
  readonly order: PushOrder | null;
};

/** What a delivery brings that is not about to be sent, and of whose subscription no trouble is known. */
export const UNTROUBLED = {
  service: 'other',
  quarantinedSinceMs: null,
  freshUntilMs: null,
  isSuspected: false,
  isProbe: false,
  subscription: 'active',
  isSuperseded: false,
  isCancelled: false,
  order: null,
} as const satisfies Partial<DeliveryInput>;

type DeliveryContext = DeliveryInput & {
  /** What came of the send; null where nothing was sent. */
  readonly report: SendReport | null;
  /** When a gate let it be looked at again; null where none had it wait. */
  readonly waitsUntilMs: number | null;
  readonly reason: EndReason | null;
};

/** What is to be sent, and what its answer is to be judged by. */
export type SendInput = {
  readonly order: PushOrder;
  readonly ttlSeconds: number;
  readonly facts: VerdictFacts;
};

export type DeliveryEvent =
  /** A worker has the lease: send now, unless there is a reason not to. `gate` is what the gates say. */
  | { readonly type: 'ATTEMPT'; readonly nowMs: number; readonly gate: GateAnswer }
  /** What came of the send that the machine asked for by becoming `sending`. */
  | { readonly type: 'ANSWERED'; readonly report: SendReport }
  /** A newer notification with the same topic was accepted. */
  | { readonly type: 'SUPERSEDE' }
  /** Somebody called its notification off. */
  | { readonly type: 'CANCEL' }
  /** Its user is erased. */
  | { readonly type: 'ERASE' }
  /** A person takes a dead letter off the list. */
  | { readonly type: 'DISCARD' }
  /** The process that had the lease is gone. */
  | { readonly type: 'INTERRUPTED'; readonly report: SendReport }
  /** A person sends an ended delivery again; `deadlineAtMs` is the old deadline or a new one. */
  | { readonly type: 'REPLAY'; readonly nowMs: number; readonly deadlineAtMs: number };

const machineSetup = setup({
  types: {
    context: {} as DeliveryContext,
    events: {} as DeliveryEvent,
    input: {} as DeliveryInput,
  },
  guards: {
    isPastDeadline: ({ context, event }) => 'nowMs' in event && event.nowMs >= context.deadlineAtMs,
    isCancelled: ({ context }) => context.isCancelled,
    isMissing: ({ context }) => context.subscription === 'missing',
    isSuperseded: ({ context }) => context.isSuperseded,
    isRetired: ({ context }) => context.subscription === 'retired',
    isDropped: ({ event }) => event.type === 'ATTEMPT' && event.gate.kind === 'drop',
    isToWait: ({ event }) => event.type === 'ATTEMPT' && event.gate.kind === 'wait',
    isToHold: ({ event }) => event.type === 'ATTEMPT' && event.gate.kind === 'hold',
    isBeforeNewDeadline: ({ event }) => event.type === 'REPLAY' && event.nowMs < event.deadlineAtMs,
    verdictIs: (_, params: { verdict: Verdict; state: Verdict['state'] }) => params.verdict.state === params.state,
  },
  actions: {
    end: assign((_, params: { reason: EndReason }) => ({ reason: params.reason })),
    drop: assign(({ event }) =>
      event.type === 'ATTEMPT' && event.gate.kind === 'drop' ? { reason: event.gate.reason } : {},
    ),
    wait: assign(({ event }) =>
      event.type === 'ATTEMPT' && 'untilMs' in event.gate ? { waitsUntilMs: event.gate.untilMs } : {},
    ),
    record: assign((_, { report }: { report: SendReport }) => {
      const { reason, retryCount, interruptionCount } = report.verdict;
      return { report, reason, retryCount, interruptionCount };
    }),
    reopen: assign(({ event }) =>
      event.type === 'REPLAY'
        ? { deadlineAtMs: event.deadlineAtMs, retryCount: 0, interruptionCount: 0, report: null, reason: null }
        : {},
    ),
  },
});

/** Where an answer can lead; and where an attempt can whose process died before it heard one. */
const AFTER_ANSWER = ['delivered', 'pruned', 'retrying', 'expired', 'failed'] as const;
const AFTER_NO_ANSWER = ['retrying', 'expired', 'failed'] as const;

type Reported = { readonly event: { readonly report: SendReport } };

/** One guarded transition to each of `states`, of which the report's verdict picks exactly one. */
function byVerdict(states: readonly Verdict['state'][]) {
  return states.map((state) => ({
    target: state,
    guard: { type: 'verdictIs' as const, params: ({ event }: Reported) => ({ verdict: event.report.verdict, state }) },
    actions: { type: 'record' as const, params: ({ event }: Reported) => ({ report: event.report }) },
  }));
}

const attemptTransitions = [
  { guard: 'isCancelled', target: 'cancelled', actions: { type: 'end', params: { reason: 'notification_cancelled' } } },
  { guard: 'isMissing', target: 'cancelled', actions: { type: 'end', params: { reason: 'subscription_deleted' } } },
  { guard: 'isRetired', target: 'cancelled', actions: { type: 'end', params: { reason: 'subscription_inactive' } } },
  { guard: 'isSuperseded', target: 'cancelled', actions: { type: 'end', params: { reason: 'superseded' } } },
  { guard: 'isPastDeadline', target: 'expired', actions: { type: 'end', params: { reason: 'deadline_passed' } } },
  { guard: 'isDropped', target: 'cancelled', actions: 'drop' },
  { guard: 'isToWait', actions: 'wait' },
  { guard: 'isToHold', target: 'held', actions: 'wait' },
  { target: 'sending' },
] as const;

const supersedeTransition = {
  target: 'cancelled',
  actions: { type: 'end', params: { reason: 'superseded' } },
} as const;

const cancelTransition = {
  target: 'cancelled',
  actions: { type: 'end', params: { reason: 'notification_cancelled' } },
} as const;

const eraseTransition = { target: 'cancelled', actions: { type: 'end', params: { reason: 'user_erased' } } } as const;

const waiting = {
  ATTEMPT: attemptTransitions,
  SUPERSEDE: supersedeTransition,
  CANCEL: cancelTransition,
  ERASE: eraseTransition,
} as const;

const discardTransition = {
  target: 'cancelled',
  actions: { type: 'end', params: { reason: 'discarded' } },
} as const;

const replayTransition = { guard: 'isBeforeNewDeadline', target: 'pending', actions: 'reopen' } as const;

/**
 * The states of one delivery, and what leads from one to the next. Pure: no I/O, clock, randomness or timers. It judges
 * nothing either: reports bring their verdict. `life.ts` asks it, and says what is to be written.
 * Restored from our own document, it is told `ATTEMPT`; once it is `sending`, somebody sends, and tells it what came of that.
 */
export const deliveryMachine = machineSetup.createMachine({
  id: 'delivery',
  initial: 'pending',
  context: ({ input }) => ({ ...input, report: null, waitsUntilMs: null, reason: null }),
  states: {
    pending: { on: waiting },
    held: { on: waiting },
    retrying: { on: waiting },
    sending: { on: { ANSWERED: byVerdict(AFTER_ANSWER), INTERRUPTED: byVerdict(AFTER_NO_ANSWER) } },
    delivered: { type: 'final' },
    pruned: { type: 'final' },
    cancelled: { type: 'final' },
    failed: { on: { REPLAY: replayTransition, DISCARD: discardTransition } },
    expired: { on: { REPLAY: replayTransition } },
  },
});

/** What a machine that has just become `sending` wants sent. */
export function sendInputOf({ context }: DeliverySnapshot, nowMs: number): SendInput {
  const { order, deadlineAtMs } = context;
  if (order === null) throw new Error('an attempt that sends brings its push order');
  return { order, ttlSeconds: remainingTtlSeconds(deadlineAtMs, nowMs), facts: context };
}

export type DeliverySnapshot = SnapshotFrom<typeof deliveryMachine>;

/** A snapshot of each state, to be given a context: xstate walks the whole machine for each that it resolves. */
const resolved = new Map<DeliveryState, DeliverySnapshot>();

/** The machine as our document left it. Never from xstate's own JSON: the document is the only truth. */
export function restoreDelivery(state: DeliveryState, input: DeliveryInput): DeliverySnapshot {
  const context: DeliveryContext = { ...input, report: null, waitsUntilMs: null, reason: null };
  let snapshot = resolved.get(state);
  if (snapshot === undefined) {
    snapshot = deliveryMachine.resolveState({ value: state, context });
    resolved.set(state, snapshot);
  }
  return { ...snapshot, context, children: {} };
}

type Scope = Parameters<typeof deliveryMachine.transition>[2];

/**
 * xstate's `transition` makes an actor for each call, which never runs, and takes longer for that than for the transition. Nothing
 * here spawns, defers or emits, so one scope without life does for all.
 */
const self = createActor(deliveryMachine, { input: {} as DeliveryInput });
const nothing = (): void => {};
const scope: Scope = {
  self,
  system: self.system,
  id: '',
  sessionId: '',
  logger: nothing,
  defer: nothing,
  emit: nothing,
  stopChild: nothing,
  actionExecutor: nothing,
};

/** Where an event leads. */
export function stateAfter(snapshot: DeliverySnapshot, event: DeliveryEvent): DeliverySnapshot {
  return deliveryMachine.transition(snapshot, event, scope);
}
