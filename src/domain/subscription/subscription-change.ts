import type { Quarantine } from './quarantine.ts';
import type { RetirementReason } from './subscription.ts';

/** What an answer of the push service changes in the subscription, beside its delivery. */
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
