import type { RetirementReason, Subscription } from '../domain/subscription.ts';
import type { Page, PageRequest } from './page.ts';

/**
 * `created`: a new row. `updated`: the same user's row, with its old id, active again if it was retired.
 * `moved`: the endpoint was another user's active row; that row is retired as `moved`, and `subscription` names it in
 * `replacesId`: a new row, or this user's own retired one with its old id, active again.
 * `taken`: the endpoint is another user's active row and the keys differ; nothing was written.
 */
export type RegisterResult =
  | { readonly kind: 'created' | 'updated' | 'moved'; readonly subscription: Subscription }
  | { readonly kind: 'taken' };

/** `notUpdatedSinceMs`: a subscription registered again after this instant is not retired; it was reborn meanwhile. */
export type Retirement = {
  readonly subscriptionId: string;
  readonly reason: RetirementReason;
  readonly atMs: number;
  readonly notUpdatedSinceMs: number;
};

export interface SubscriptionStore {
  /**
   * Registers a browser's subscription in one step. Identity is `endpointHash`: at most one active row has it, and
   * at most one row per user. `draft.id` and `draft.createdAtMs` are used only where a row is made.
   * Another user's active row moves only when both keys are equal, which only the same browser can know.
   */
  register(draft: Subscription): Promise<RegisterResult>;
  get(id: string): Promise<Subscription | null>;
  /** Newest first. `userId` null lists everyone's. Retired ones are listed only when asked for. */
  list(query: PageRequest & { userId: string | null; includeRetired: boolean }): Promise<Page<Subscription>>;
  /** Removes the row, endpoint and keys with it. False when there was none. */
  delete(id: string): Promise<boolean>;
  /** The active subscriptions of these users, in order of (userId, id), after the given place. For fan-out. */
  activeOf(query: {
    userIds: readonly string[];
    after: { readonly userId: string; readonly subscriptionId: string } | null;
    limit: number;
  }): Promise<readonly { readonly id: string; readonly userId: string }[]>;
}
