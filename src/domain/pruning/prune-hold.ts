/** What a hold covers: one push service's origin, or one VAPID public key. */
export const PRUNE_HOLD_SCOPES = ['origin', 'vapid_key'] as const;
export type PruneHoldScope = (typeof PRUNE_HOLD_SCOPES)[number];

/** `confirmed`: the subscriptions really are gone. `dismissed`: the push service was wrong. */
export const PRUNE_HOLD_STATES = ['open', 'confirmed', 'dismissed'] as const;
export type PruneHoldState = (typeof PRUNE_HOLD_STATES)[number];

/**
 * Pruning for an origin or a key has stopped, because unusually many subscriptions were called gone at once. While it is
 * open their deliveries fail without retiring them, until a person confirms or dismisses it.
 */
export type PruneHold = {
  readonly id: string;
  readonly scope: PruneHoldScope;
  /** The origin, or the VAPID public key. */
  readonly subject: string;
  readonly state: PruneHoldState;
  /** What tripped it: of so many users that were answered for of late, so many have a subscription called gone or refused. */
  readonly goneCount: number;
  readonly answerCount: number;
  /** Retired among those answers, before it tripped: a dismissal restores them. */
  readonly retiredIds: readonly string[];
  readonly openedAtMs: number;
  readonly decidedAtMs: number | null;
};

export type PruneGuardPolicy = {
  /** The users last answered for that are looked at. */
  readonly windowSize: number;
  /** It trips where more than this share of them, from 0 to 1, has a subscription that is called gone … */
  readonly maxShare: number;
  /** … and more than this many, and more than one. */
  readonly maxCount: number;
};

/** After a confirmation the rest of a stale list may go, too: for so long the same subject trips nothing. */
export const CONFIRMATION_HOLDS_MS = 24 * 60 * 60 * 1000;
