import type { Audience, Recipient } from '../domain/audience/audience.ts';

/**
 * A place in an audience. Only the store reads it: what a fan-out keeps between two pages, and gives back. Cursors that an
 * earlier version kept are understood.
 */
export type AudienceCursor = string;

/** A page of an audience. */
export type RecipientPage = {
  readonly subscriptions: readonly Recipient[];
  /** Goes back as `cursor` for the page after; null on the last. */
  readonly next: AudienceCursor | null;
  /** With this page and all before it. Null where an earlier version began with them: its cursors do not tell. */
  readonly given: Given | null;
};

/** How many subscriptions were given of an audience, and of how many users. */
export type Given = { readonly users: number; readonly subscriptions: number };

export interface AudienceStore {
  /**
   * The active subscriptions of an audience, at most `limit`, from the cursor on; null: from the first. Walked through from
   * the first to the last page, each subscription that is there all the while comes once. A page may have none and yet
   * not be the last.
   */
  recipients(audience: Audience, cursor: AudienceCursor | null, limit: number): Promise<RecipientPage>;
}
