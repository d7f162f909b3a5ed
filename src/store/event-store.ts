import type { EventBounds } from '../domain/event/event-cursor.ts';
import type { OutboxEvent } from '../domain/event/outbox-event.ts';

/**
 * What was announced, in one order for all readers. Events get here in the commits that make them true; other nouns of the store write
 * them. A reader who goes on from the last number that it has read misses none, however many processes write.
 */
export interface EventStore {
  /** Those after this number, oldest first. */
  after(sequence: number, limit: number): Promise<readonly OutboxEvent[]>;
  bounds(): Promise<EventBounds>;
  /**
   * Gives events that were written with a document their place among all, where a store cannot do both at once. Returns how many; fewer than
   * `limit` where nothing is left. Any process may do it, at any time and again.
   */
  relay(limit: number): Promise<number>;
  /** Deletes events written before the instant, oldest first, but never the last one of all. Returns how many went. */
  forget(beforeMs: number): Promise<number>;
}
