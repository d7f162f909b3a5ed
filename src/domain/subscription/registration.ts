import { isInAnotherRow, type RetirementReason, type Subscription } from './subscription.ts';
import type { SubscriptionChange } from './subscription-change.ts';

/**
 * `created`: a new row. `updated`: the same user's row, with its old id, active again if it was retired; the endpoint's
 * own, or else the former one that the caller named, which got the endpoint.
 * `moved`: the endpoint was another user's active row; that row is retired as `moved`, and `subscription` names it in
 * `replacesId`: a new row, or this user's own retired one with its old id, active again.
 */
export type Registered = {
  readonly kind: 'created' | 'updated' | 'moved';
  readonly subscription: Subscription;
  /** The former row, where it was retired as `replaced`: the endpoint had a row of this user already. */
  readonly replacedId?: string;
  /** The user's rows that were retired as `crowded_out`; missing where there were none. */
  readonly crowdedOutIds?: readonly string[];
};

/** `taken`: the endpoint is another user's active row and the keys differ; nothing is written. */
export type RegisterResult = Registered | { readonly kind: 'taken' };

/** What a store read for one registration. */
export type RegistrationFacts = {
  /** The row as it shall be, with an id and an age for the case that it is a new one. */
  readonly draft: Subscription;
  /** Every row that has the draft's endpoint, whoever it belongs to, retired or not. */
  readonly ofEndpoint: readonly Subscription[];
  /** The row that the device says it had before, whoever it belongs to; null where it names none that exists. */
  readonly former: Subscription | null;
  /** Whether the caller said which VAPID key the browser subscribed with. If not, a known endpoint keeps its own. */
  readonly isVapidKeyGiven: boolean;
  /** Whether the store writes all of a registration in one commit. If not, a process may have died within a move. */
  readonly isAtomic: boolean;
};

/** A row to be retired, as it was seen: one that has changed since then has a different story. */
export type Retirement = { readonly seen: Subscription; readonly change: SubscriptionChange };

/** What a store writes for one registration, in this order, and what it answers then. */
export type RegistrationPlan = {
  readonly kind: 'planned';
  /** Another user's row: an endpoint has one active row at most, so this comes first. */
  readonly retireBefore: Retirement | null;
  /** The row that `result.subscription` is written over; null: it is a new one. */
  readonly over: Subscription | null;
  readonly result: Registered;
  /** The device's former row: should the process die before, the device has two active rows, and not none. */
  readonly retireAfter: Retirement | null;
};

/**
 * Whose an endpoint is (docs/decisions/0004-moving-an-endpoint.md), and which row a device keeps: one device, one row. A
 * former row of another user is taken for none.
 */
export function decideRegistration(facts: RegistrationFacts): RegistrationPlan | { readonly kind: 'taken' } {
  const { draft, ofEndpoint } = facts;
  const rival = ofEndpoint.find(({ userId, retired }) => userId !== draft.userId && retired === null) ?? null;
  if (rival !== null && !haveSameKeys(rival, draft)) return { kind: 'taken' };
  const own = ofEndpoint.find(({ userId }) => userId === draft.userId) ?? null;
  const former = facts.former?.userId === draft.userId ? facts.former : null;
  const over = own ?? former;
  const movedFrom = rival ?? (facts.isAtomic ? null : halfMoved(ofEndpoint, draft));
  const subscription: Subscription = {
    ...draft,
    id: over?.id ?? draft.id,
    createdAtMs: over?.createdAtMs ?? draft.createdAtMs,
    replacesId: movedFrom?.id ?? over?.replacesId ?? null,
    vapidPublicKey: (facts.isVapidKeyGiven ? null : keyOf(ofEndpoint)) ?? draft.vapidPublicKey,
    retired: null,
  };
  const replaced = former === null || former.id === subscription.id || former.retired !== null ? null : former;
  return {
    kind: 'planned',
    retireBefore: rival === null ? null : retirement(rival, 'moved', draft.updatedAtMs),
    over,
    result: {
      kind: movedFrom !== null ? 'moved' : over === null ? 'created' : 'updated',
      subscription,
      ...(replaced && { replacedId: replaced.id }),
    },
    retireAfter: replaced === null ? null : retirement(replaced, 'replaced', draft.updatedAtMs),
  };
}

/**
 * The VAPID key that an endpoint is known by: a browser's subscription stays bound to the key it was made with. Rows differ
 * where a caller knew better later on, so the active row tells, or else the one last registered.
 */
function keyOf(ofEndpoint: readonly Subscription[]): string | undefined {
  const [latest] = ofEndpoint.toSorted((one, other) => other.updatedAtMs - one.updatedAtMs);
  return (ofEndpoint.find(({ retired }) => retired === null) ?? latest)?.vapidPublicKey;
}

/** Only the same browser knows both. */
function haveSameKeys(one: Subscription, other: Subscription): boolean {
  return one.keys.p256dh === other.keys.p256dh && one.keys.auth === other.keys.auth;
}

/** The row that a move retired whose second half is missing: the last to have been active, and nobody after it. */
function halfMoved(ofEndpoint: readonly Subscription[], draft: Subscription): Subscription | null {
  if (ofEndpoint.some(({ retired }) => retired === null)) return null;
  const latest = ofEndpoint.toSorted((one, other) => (other.retired?.atMs ?? 0) - (one.retired?.atMs ?? 0))[0];
  const isMove = latest?.retired?.reason === 'moved' && latest.userId !== draft.userId;
  return isMove && haveSameKeys(latest, draft) ? latest : null;
}

function retirement(seen: Subscription, reason: RetirementReason, atMs: number): Retirement {
  const { id: subscriptionId, updatedAtMs: notUpdatedSinceMs } = seen;
  return { seen, change: { kind: 'retire', subscriptionId, reason, atMs, deliveryId: null, notUpdatedSinceMs } };
}

/**
 * `restored`: active again, to be written as it is here. `active`: it was already. `taken`: another row of the endpoint is
 * active, or its browser went to another row. Nothing is written unless `restored`.
 */
export type RestoreResult =
  | { readonly kind: 'restored' | 'active'; readonly subscription: Subscription }
  | { readonly kind: 'taken' | 'missing' };

/** Whether a retired row may be active again. `row` null: there is none; `ofEndpoint`: every row that has its endpoint. */
export function decideRestore(
  row: Subscription | null,
  ofEndpoint: readonly Subscription[],
  nowMs: number,
): RestoreResult {
  if (row === null) return { kind: 'missing' };
  if (row.retired === null) return { kind: 'active', subscription: row };
  const isTaken = isInAnotherRow(row.retired) || ofEndpoint.some(({ retired }) => retired === null);
  if (isTaken) return { kind: 'taken' };
  return { kind: 'restored', subscription: { ...row, retired: null, updatedAtMs: nowMs } };
}
