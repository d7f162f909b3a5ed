import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import { pruneHoldId, type Random } from '../domain/ids.ts';
import { createGoneWindow, type GoneWindow } from '../domain/pruning/gone-window.ts';
import {
  CONFIRMATION_HOLDS_MS,
  type PruneGuardPolicy,
  type PruneHold,
  type PruneHoldScope,
} from '../domain/pruning/prune-hold.ts';
import { pushTargetOf } from '../domain/push-service/push-target.ts';
import type { Subscription } from '../domain/subscription/subscription.ts';
import type { PruneHoldStore } from '../store/prune-hold-store.ts';
import { createLoop, type Loop } from '../upkeep/loop.ts';

export type PruneGuardOptions = {
  readonly store: PruneHoldStore;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: PruneGuardPolicy;
  readonly intervalMs?: number;
};

type Answered = Pick<Subscription, 'id' | 'userId' | 'endpoint' | 'vapidPublicKey'>;

/**
 * Watches of how many users a subscription is called gone, for each origin and each VAPID key. Where there are unusually
 * many, the guard opens a hold: a push service that is wrong for a day must not cost a site its subscribers. A user counts
 * once, so that nobody opens a hold for everybody. Each tick reads which holds other processes have opened, and which ones
 * people have decided.
 */
export type PruneGuard = Loop & {
  /** Counts an answer for its user, and opens a hold where it is one `isGone` too many. */
  note(subscription: Answered, isGone: boolean): void;
  /** The hold that keeps this subscription from being retired, or null. Does not reject. */
  holdFor(subscription: Answered): Promise<string | null>;
  tick(): Promise<void>;
};

const DEFAULT_INTERVAL_MS = 2000;
const MOST_WATCHES = 1000;

type Watch = {
  readonly scope: PruneHoldScope;
  readonly subject: string;
  readonly window: GoneWindow;
  hold: PruneHold | null;
  /** Resolves once the store was asked to keep the hold; null before there was a hold. */
  opening: Promise<void> | null;
  /** False while the store does not have the hold yet. */
  isKept: boolean;
  /** Until then no hold is opened: a person has confirmed one of the same subject. */
  exemptUntilMs: number;
};

export function createPruneGuard(options: PruneGuardOptions): PruneGuard {
  const { store, events, clock, policy, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const watches = new Map<string, Watch>();

  const watchOf = (scope: PruneHoldScope, subject: string): Watch => {
    const key = `${scope} ${subject}`;
    const known = watches.get(key);
    if (known !== undefined) {
      watches.delete(key);
      watches.set(key, known);
      return known;
    }
    if (watches.size >= MOST_WATCHES) forgetFirstUneventful(watches, clock.now());
    const window = createGoneWindow(policy);
    const watch: Watch = { scope, subject, window, hold: null, opening: null, isKept: true, exemptUntilMs: 0 };
    watches.set(key, watch);
    return watch;
  };

  const watchesOf = ({ endpoint, vapidPublicKey }: Answered): readonly Watch[] => [
    watchOf('origin', pushTargetOf(endpoint).origin),
    watchOf('vapid_key', vapidPublicKey),
  ];

  const tick = async (): Promise<void> => {
    const nowMs = clock.now();
    const current = await store.current(nowMs - CONFIRMATION_HOLDS_MS);
    for (const hold of current) takeUp(watchOf(hold.scope, hold.subject), hold);
    const open = new Set(current.filter(({ state }) => state === 'open').map(({ id }) => id));
    for (const watch of watches.values()) {
      if (watch.hold === null) continue;
      if (!watch.isKept) await keep(options, watch);
      else if (!open.has(watch.hold.id)) release(watch);
    }
  };

  return {
    ...createLoop({ name: 'prune_guard', intervalMs, clock, events, tick }),
    tick,
    note(subscription, isGone) {
      const nowMs = clock.now();
      for (const watch of watchesOf(subscription)) {
        watch.window.note({ userId: subscription.userId, subscriptionId: subscription.id, isGone }, nowMs);
        if (isGone && mayTrip(watch, nowMs)) {
          watch.hold = holdOf(watch, subscription.id, options);
          watch.opening = keep(options, watch);
        }
        // The origin comes first. Its hold explains what its keys meet: a person has one hold to decide, not two.
        if (watch.hold !== null || nowMs < watch.exemptUntilMs) return;
      }
    },
    async holdFor(subscription) {
      for (const watch of watchesOf(subscription)) {
        await watch.opening;
        if (watch.hold !== null) return watch.hold.id;
      }
      return null;
    },
  };
}

/** The hosts of a push service are without number. The one that answered longest ago is forgotten, and begins anew. */
function forgetFirstUneventful(watches: Map<string, Watch>, nowMs: number): void {
  for (const [key, { hold, exemptUntilMs }] of watches) {
    if (hold !== null || nowMs < exemptUntilMs) continue;
    watches.delete(key);
    return;
  }
}

function mayTrip({ hold, window, exemptUntilMs }: Watch, nowMs: number): boolean {
  return hold === null && nowMs >= exemptUntilMs && window.hasTripped(nowMs);
}

function holdOf({ scope, subject, window }: Watch, trippedBy: string, { clock, random }: PruneGuardOptions): PruneHold {
  const nowMs = clock.now();
  return {
    id: pruneHoldId(nowMs, random),
    scope,
    subject,
    state: 'open',
    ...window.counts(nowMs),
    retiredIds: window.goneIds(nowMs).filter((id) => id !== trippedBy),
    openedAtMs: nowMs,
    decidedAtMs: null,
  };
}

/** Saves the hold, and announces it unless another process was first. The next tick asks a store again that was away. */
async function keep({ store, events }: PruneGuardOptions, watch: Watch): Promise<void> {
  const { hold } = watch;
  if (hold === null) return;
  watch.isKept = false;
  try {
    const kept = await store.open(hold);
    watch.hold = kept;
    watch.isKept = true;
    if (kept.id !== hold.id) return;
    const { id: holdId, scope, subject, goneCount, answerCount } = kept;
    events.publish({ type: 'prune_hold.opened', holdId, scope, subject, goneCount, answerCount });
  } catch (error) {
    events.publish({ type: 'part.failed', part: 'prune_guard', error });
  }
}

function takeUp(watch: Watch, hold: PruneHold): void {
  if (hold.state === 'open') watch.hold ??= hold;
  if (hold.state !== 'confirmed' || hold.decidedAtMs === null) return;
  watch.exemptUntilMs = Math.max(watch.exemptUntilMs, hold.decidedAtMs + CONFIRMATION_HOLDS_MS);
}

/** A person has decided about the hold: the answers that led to it count no more. */
function release(watch: Watch): void {
  watch.hold = null;
  watch.window.clear();
}
