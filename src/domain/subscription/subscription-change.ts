import type { Quarantine } from './quarantine.ts';
import type { RetirementReason, Subscription } from './subscription.ts';

/**
 * What changes a subscription beside its registration: an answer of the push service, a decision about a hold on pruning, or
 * a registration that took its place. Only active ones change.
 */
export type SubscriptionChange = {
  readonly subscriptionId: string;
  /** One registered again after this instant stays as it is: it was reborn meanwhile. */
  readonly notUpdatedSinceMs: number;
} & (
  | {
      readonly kind: 'retire';
      readonly reason: RetirementReason;
      readonly atMs: number;
      readonly deliveryId: string | null;
    }
  | { readonly kind: 'quarantine'; readonly quarantine: Quarantine }
  /** Called gone while pruning is on hold. */
  | { readonly kind: 'suspect'; readonly holdId: string }
  /** It works: neither quarantine nor suspicion is left. */
  | { readonly kind: 'clear' }
);

/** The part of a subscription that such changes write. */
export type Standing = Pick<Subscription, 'retired' | 'quarantine' | 'suspectedByHoldId'>;

/** The fields that a change writes; the others stay. What is retired is rid of its troubles. */
export function changedFields(change: SubscriptionChange): Partial<Standing> {
  switch (change.kind) {
    case 'retire': {
      const { reason, atMs, deliveryId } = change;
      return { retired: { reason, atMs, deliveryId }, ...UNTROUBLED };
    }
    case 'quarantine':
      return { quarantine: change.quarantine };
    case 'suspect':
      return { suspectedByHoldId: change.holdId };
    case 'clear':
      return UNTROUBLED;
  }
}

const UNTROUBLED = { quarantine: null, suspectedByHoldId: null } as const;
