import type { Subscription } from '../domain/subscription/subscription.ts';
import type { SubscriptionChange } from '../domain/subscription/subscription-change.ts';
import type { Page, PageRequest } from './page.ts';

/**
 * `created`: a new row. `updated`: the same user's row, with its old id, active again if it was retired; the endpoint's
 * own, or else the former one that the caller named, which got the endpoint.
 * `moved`: the endpoint was another user's active row; that row is retired as `moved`, and `subscription` names it in
 * `replacesId`: a new row, or this user's own retired one with its old id, active again.
 * `taken`: the endpoint is another user's active row and the keys differ; nothing was written.
 */
export type RegisterResult =
  | {
      readonly kind: 'created' | 'updated' | 'moved';
      readonly subscription: Subscription;
      /** The former row, where it was retired as `replaced`: the endpoint had a row of this user already. */
      readonly replacedId?: string;
    }
  | { readonly kind: 'taken' };

export type RegisterOptions = {
  /** Whether the caller said which VAPID key the browser subscribed with. If not, a known endpoint keeps its own. */
  readonly isVapidKeyGiven: boolean;
  /**
   * The row that the same device had before, under another endpoint: one device, one row. Ignored where it is not the
   * user's. Deliveries waiting for that row go to the new endpoint.
   */
  readonly formerId?: string | null;
};

/**
 * `restored`: active again. `active`: it was already. `taken`: another row of the endpoint is active, or its browser
 * went to another user; nothing was written.
 */
export type RestoreResult =
  | { readonly kind: 'restored' | 'active'; readonly subscription: Subscription }
  | { readonly kind: 'taken' | 'missing' };

export interface SubscriptionStore {
  /**
   * Registers a browser's subscription in one step. Identity is `endpointHash`: at most one active row has it, and
   * at most one row per user. `draft.id` and `draft.createdAtMs` are used only where a row is made.
   * Another user's active row moves only when both keys are equal, which only the same browser can know.
   */
  register(draft: Subscription, options?: RegisterOptions): Promise<RegisterResult>;
  get(id: string): Promise<Subscription | null>;
  /** Newest first. `userId` null lists everyone's. Retired ones are listed only when asked for. */
  list(query: PageRequest & { userId: string | null; includeRetired: boolean }): Promise<Page<Subscription>>;
  /** Removes the row, endpoint and keys with it. False when there was none. */
  delete(id: string): Promise<boolean>;
  /** Makes a retired one active again, as it was. */
  restore(id: string, atMs: number): Promise<RestoreResult>;
  /** Up to `limit` active subscriptions suspected under this hold, in order of id. */
  suspectedBy(holdId: string, limit: number): Promise<readonly Subscription[]>;
  /** Applies changes outside of a delivery, each on its own. */
  change(changes: readonly SubscriptionChange[]): Promise<void>;
  /** How many active subscriptions are bound to each VAPID public key. */
  countByVapidKey(): Promise<ReadonlyMap<string, number>>;
  /** The active subscriptions of these users, in order of (userId, id), after the given place. For fan-out. */
  activeOf(query: {
    userIds: readonly string[];
    after: { readonly userId: string; readonly subscriptionId: string } | null;
    limit: number;
  }): Promise<readonly ActiveSubscription[]>;
}

export type ActiveSubscription = Pick<Subscription, 'id' | 'userId' | 'endpoint'>;
