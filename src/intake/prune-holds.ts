import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Events } from '../domain/events.ts';
import type { PruneHold, PruneHoldState } from '../domain/pruning/prune-hold.ts';
import type { Subscription } from '../domain/subscription/subscription.ts';
import type { SubscriptionChange } from '../domain/subscription/subscription-change.ts';
import type { Store } from '../store/store.ts';

/** A hold as it is now, and how many subscriptions the call retired or restored. */
export type Decided = { readonly hold: PruneHold; readonly subscriptions: number };

export type PruneHolds = {
  /** The latest 100, newest first. */
  list(state: PruneHoldState | null): Promise<readonly PruneHold[]>;
  get(id: string): Promise<PruneHold>;
  /** They really are gone: retires what was kept under the hold. Repeated, it finishes what was left. */
  confirm(id: string): Promise<Decided>;
  /** The push service was wrong: clears the suspicion, and restores what was retired before the hold began. */
  dismiss(id: string): Promise<Decided>;
};

export type PruneHoldsOptions = {
  readonly store: Pick<Store, 'pruneHolds' | 'subscriptions'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
};

/** Subscriptions changed in one write. */
const CHANGED_AT_ONCE = 100;

/** What people decide about holds on pruning. */
export function createPruneHolds(options: PruneHoldsOptions): PruneHolds {
  const { pruneHolds } = options.store;
  return {
    list: (state) => pruneHolds.list(state),
    get: async (id) => (await pruneHolds.get(id)) ?? notFound(),
    async confirm(id) {
      const hold = await decide(options, id, 'confirmed');
      const retired = await retireSuspected(options, hold);
      return announce(options, hold, 'confirmed', retired);
    },
    async dismiss(id) {
      const hold = await decide(options, id, 'dismissed');
      await changeSuspected(options, hold, ({ id: subscriptionId }, nowMs) => ({
        kind: 'clear',
        subscriptionId,
        notUpdatedSinceMs: nowMs,
      }));
      return announce(options, hold, 'dismissed', await restoreRetired(options, hold));
    },
  };
}

async function decide(
  { store, clock }: PruneHoldsOptions,
  id: string,
  state: 'confirmed' | 'dismissed',
): Promise<PruneHold> {
  const hold = (await store.pruneHolds.decide(id, state, clock.now())) ?? notFound();
  if (hold.state === state) return hold;
  throw new AppError('prune_hold_decided', `This hold was ${hold.state} before, and a decision stands.`, {
    state: hold.state,
  });
}

async function retireSuspected(options: PruneHoldsOptions, hold: PruneHold): Promise<number> {
  const retired = await changeSuspected(options, hold, ({ id: subscriptionId }, nowMs) => ({
    kind: 'retire',
    reason: 'gone',
    atMs: nowMs,
    deliveryId: null,
    subscriptionId,
    notUpdatedSinceMs: nowMs,
  }));
  for (const { id: subscriptionId, userId } of retired) {
    options.events.publish({ type: 'subscription.retired', subscriptionId, userId, reason: 'gone' });
  }
  return retired.length;
}

/** Page by page: what is changed is suspected no more, so the next page is the first again. */
async function changeSuspected(
  { store, clock }: PruneHoldsOptions,
  hold: PruneHold,
  changeFor: (subscription: Subscription, nowMs: number) => SubscriptionChange,
): Promise<readonly Subscription[]> {
  const changed = new Map<string, Subscription>();
  for (;;) {
    const page = await store.subscriptions.suspectedBy(hold.id, CHANGED_AT_ONCE);
    const nowMs = clock.now();
    const fresh = page.filter(({ id }) => !changed.has(id));
    await store.subscriptions.change(fresh.map((one) => changeFor(one, Math.max(nowMs, one.updatedAtMs))));
    for (const one of fresh) changed.set(one.id, one);
    if (fresh.length < CHANGED_AT_ONCE) return [...changed.values()];
  }
}

async function restoreRetired({ store, events, clock }: PruneHoldsOptions, hold: PruneHold): Promise<number> {
  let restored = 0;
  for (const id of new Set(hold.retiredIds)) {
    const result = await store.subscriptions.restore(id, clock.now());
    if (result.kind !== 'restored') continue;
    restored += 1;
    events.publish({ type: 'subscription.restored', subscriptionId: id, userId: result.subscription.userId });
  }
  return restored;
}

function announce(
  { events }: PruneHoldsOptions,
  hold: PruneHold,
  state: 'confirmed' | 'dismissed',
  subscriptions: number,
): Decided {
  const { id: holdId, scope, subject } = hold;
  events.publish({ type: 'prune_hold.decided', holdId, scope, subject, state, subscriptions });
  return { hold, subscriptions };
}

function notFound(): never {
  throw new AppError('prune_hold_not_found', 'There is no hold on pruning with this id.');
}
