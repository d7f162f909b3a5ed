import { assign, fromPromise, type SnapshotFrom, setup } from 'xstate';
import type { DeliveryState, EndReason } from './delivery.ts';
import { type PushMessage, remainingTtlSeconds } from './push-message.ts';
import { judge, type SendReport, type Verdict, type VerdictFacts } from './verdict.ts';

/** `missing`: its row was deleted. `retired`: it is kept, but no longer receives. */
export type SubscriptionStanding = 'active' | 'retired' | 'missing';

export type DeliveryContext = VerdictFacts & {
  readonly subscription: SubscriptionStanding;
  /** Everything of the message but its TTL, which depends on when it is sent. Null where nothing will be sent. */
  readonly message: Omit<PushMessage, 'ttlSeconds'> | null;
  readonly attemptAtMs: number;
  readonly verdict: Verdict | null;
  readonly reason: EndReason | null;
};

export type DeliveryEvent =
  /** A worker holds the lease: send now, unless there is a reason not to. */
  | { readonly type: 'ATTEMPT'; readonly nowMs: number }
  /** The process that held the lease is gone. */
  | { readonly type: 'INTERRUPTED'; readonly nowMs: number }
  /** A person sends an ended delivery again; `deadlineAtMs` is the old deadline or a new one. */
  | { readonly type: 'REPLAY'; readonly nowMs: number; readonly deadlineAtMs: number };

const cutShort = (nowMs: number): SendReport => ({
  result: { kind: 'failure', failure: 'crashed' },
  endedAtMs: nowMs,
  jitter: 0,
});

const unexpected = (nowMs: number): SendReport => ({
  result: { kind: 'failure', failure: 'unknown' },
  endedAtMs: nowMs,
  jitter: 0.5,
});

const machineSetup = setup({
  types: {
    context: {} as DeliveryContext,
    events: {} as DeliveryEvent,
    input: {} as Pick<DeliveryContext, keyof VerdictFacts | 'subscription' | 'message'>,
  },
  actors: {
    send: fromPromise<SendReport, PushMessage>(() => Promise.reject(new Error('bind `send` with provide()'))),
  },
  guards: {
    isPastDeadline: ({ context, event }) => 'nowMs' in event && event.nowMs >= context.deadlineAtMs,
    isMissing: ({ context }) => context.subscription === 'missing',
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
      return { verdict, reason: verdict.reason };
    }),
    reopen: assign(({ event }) =>
      event.type === 'REPLAY'
        ? { deadlineAtMs: event.deadlineAtMs, retryCount: 0, interruptionCount: 0, verdict: null, reason: null }
        : {},
    ),
  },
});

/** The transition to each state a report can lead to. Together they are total, so the last needs no guard. */
function byVerdict<Report extends (args: never) => SendReport>(reportOf: Report) {
  const to = <State extends Verdict['state']>(state: State) => ({
    target: state,
    guard: {
      type: 'verdictIs' as const,
      params: (args: Parameters<Report>[0]) => ({ report: reportOf(args as never), state }),
    },
    actions: {
      type: 'record' as const,
      params: (args: Parameters<Report>[0]) => ({ report: reportOf(args as never) }),
    },
  });
  return [to('delivered'), to('pruned'), to('retrying'), to('expired'), to('failed')] as const;
}

const attemptTransitions = [
  { guard: 'isMissing', target: 'cancelled', actions: { type: 'end', params: { reason: 'subscription_deleted' } } },
  { guard: 'isRetired', target: 'cancelled', actions: { type: 'end', params: { reason: 'subscription_inactive' } } },
  { guard: 'isPastDeadline', target: 'expired', actions: { type: 'end', params: { reason: 'deadline_passed' } } },
  { target: 'sending', actions: 'begin' },
] as const;

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
    pending: { on: { ATTEMPT: attemptTransitions } },
    retrying: { on: { ATTEMPT: attemptTransitions } },
    sending: {
      invoke: {
        src: 'send',
        input: ({ context }) => messageOf(context),
        onDone: byVerdict(({ event }: { event: { output: SendReport } }) => event.output),
        onError: byVerdict(({ context }: { context: DeliveryContext }) => unexpected(context.attemptAtMs)),
      },
      on: {
        INTERRUPTED: byVerdict(({ event }: { event: { nowMs: number } }) => cutShort(event.nowMs)),
      },
    },
    delivered: { type: 'final' },
    pruned: { type: 'final' },
    cancelled: { type: 'final' },
    failed: { on: { REPLAY: replayTransition } },
    expired: { on: { REPLAY: replayTransition } },
  },
});

function messageOf(context: DeliveryContext): PushMessage {
  if (context.message === null) throw new Error('an active subscription always has a message');
  return { ...context.message, ttlSeconds: remainingTtlSeconds(context.deadlineAtMs, context.attemptAtMs) };
}

export type DeliverySnapshot = SnapshotFrom<typeof deliveryMachine>;

/** The machine as our document left it. Never from xstate's own JSON: the document is the only truth. */
export function restoreDelivery(
  state: DeliveryState,
  input: Pick<DeliveryContext, keyof VerdictFacts | 'subscription' | 'message'>,
): DeliverySnapshot {
  return deliveryMachine.resolveState({
    value: state,
    context: { ...input, attemptAtMs: 0, verdict: null, reason: null },
  });
}
