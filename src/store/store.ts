import type { AudienceStore } from './audience-store.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { FanOutStore } from './fan-out-store.ts';
import type { NotificationStore } from './notification-store.ts';
import type { PruneHoldStore } from './prune-hold-store.ts';
import type { SubscriptionStore } from './subscription-store.ts';

/**
 * Where everything that was accepted is kept: the truth, of which the queue is only a reminder.
 * A promise that resolves means durable. A store that is out of reach rejects with AppError `store_unavailable`.
 */
export interface Store {
  readonly subscriptions: SubscriptionStore;
  readonly audiences: AudienceStore;
  readonly notifications: NotificationStore;
  readonly fanOuts: FanOutStore;
  readonly deliveries: DeliveryStore;
  readonly pruneHolds: PruneHoldStore;
  /** Marks a request nonce as used, to be swept after `expiresAtMs`. False when it already was. */
  useNonce(nonce: string, expiresAtMs: number): Promise<boolean>;
  /** Keeps a fact about this installation, unless one of this name is kept already. Returns what is kept. */
  keepFact(name: string, value: string): Promise<string>;
  /** Keeps a fact in place of the one of this name. */
  replaceFact(name: string, value: string): Promise<void>;
  /** Deletes idempotency keys and nonces that expired before `nowMs`. Returns how many rows went. */
  sweep(nowMs: number): Promise<number>;
  /**
   * Deletes, for good, completed notifications accepted before `beforeMs` with their deliveries, and subscriptions
   * retired before it. What is not completed stays, however old. Takes at most `limit` notifications, oldest first, and
   * returns how many went.
   */
  forget(beforeMs: number, limit: number): Promise<number>;
  /** Rejects when the store cannot be written to now. */
  ping(): Promise<void>;
  /** Commits what is under way and lets go. Harmless when repeated. */
  close(): Promise<void>;
}
