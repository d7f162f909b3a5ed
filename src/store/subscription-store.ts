import type { ImportedSubscription, ImportResult } from '../domain/subscription/import.ts';
import type { RegisterResult, RestoreResult } from '../domain/subscription/registration.ts';
import type { Subscription } from '../domain/subscription/subscription.ts';
import type { SubscriptionChange } from '../domain/subscription/subscription-change.ts';
import type { Page, PageRequest } from './page.ts';

export type RegisterOptions = {
  /** Whether the caller said which VAPID key the browser subscribed with. If not, a known endpoint keeps its own. */
  readonly isVapidKeyGiven: boolean;
  /**
   * The row that the same device had before, under another endpoint: one device, one row. Ignored where it is not the
   * user's. Deliveries waiting for that row go to the new endpoint.
   */
  readonly formerId?: string | null;
  /**
   * The most active rows that the user may have afterwards: the longest idle are retired as `crowded_out`, and only so many
   * retired ones as `retiredKept` says are kept. Null: as many as there are.
   */
  readonly maxActive?: number | null;
};

export interface SubscriptionStore {
  /**
   * Registers a browser's subscription in one step. Identity is `endpointHash`: at most one active row has it, and
   * at most one row per user. `draft.id` and `draft.createdAtMs` are used only where a row is made.
   * Another user's active row moves only when both keys are equal, which only the same browser can know.
   */
  register(draft: Subscription, options?: RegisterOptions): Promise<RegisterResult>;
  /**
   * Registers what another push system kept, by the rule of `decideImport`, in the order given, and answers in that order.
   * With `isDryRun` nothing is written, and each is answered as if it were the only one.
   */
  importMany(
    imported: readonly ImportedSubscription[],
    options: { readonly isDryRun: boolean },
  ): Promise<readonly ImportResult[]>;
  get(id: string): Promise<Subscription | null>;
  /** Newest first. `userId` null lists everyone's. Retired ones are listed only when asked for. */
  list(query: PageRequest & { userId: string | null; includeRetired: boolean }): Promise<Page<Subscription>>;
  /** Removes the row, endpoint and keys with it. False when there was none. */
  delete(id: string): Promise<boolean>;
  /** Removes every row that has this endpoint, retired or not; with `userId`, that user's alone. How many there were. */
  deleteOfEndpoint(endpointHash: string, userId: string | null): Promise<number>;
  /** Removes up to `limit` rows of a user, retired or not. How many there were: fewer than `limit` where none is left. */
  deleteOfUser(userId: string, limit: number): Promise<number>;
  /** Makes a retired one active again, as it was. */
  restore(id: string, atMs: number): Promise<RestoreResult>;
  /** Up to `limit` active subscriptions suspected under this hold, in order of id. */
  suspectedBy(holdId: string, limit: number): Promise<readonly Subscription[]>;
  /** Applies changes outside of a delivery, each on its own. */
  change(changes: readonly SubscriptionChange[]): Promise<void>;
  /** How many active subscriptions are bound to each VAPID public key, counted up to `most` of each. */
  countByVapidKey(most: number): Promise<ReadonlyMap<string, number>>;
}
