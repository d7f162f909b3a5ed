import type { Member, ResolvedAudience } from '../domain/audience/audience.ts';

/**
 * A place in an audience. Only the store reads it: what a fan-out keeps between two pages, and gives back. Cursors that an
 * earlier version kept are understood.
 */
export type AudienceCursor = string;

/** A page of an audience. `next` goes back as `cursor` for the page after; null on the last. */
export type AudiencePage = { readonly members: readonly Member[]; readonly next: AudienceCursor | null };

export type AudienceQuery = {
  readonly audience: ResolvedAudience;
  /** Null: from the first. */
  readonly cursor: AudienceCursor | null;
  /** About how many subscriptions a page has: users are whole, so it is more where the last one has more. */
  readonly limit: number;
  /** Expressions ask how long devices have been idle, and in which zone a user lives who has none. */
  readonly nowMs: number;
  readonly serverZone: string;
  /** Who is wanted of them; unless given, all. It is asked of each user that the audience has, up to the end of the page. */
  readonly only?: (member: Member) => boolean;
};

export interface AudienceStore {
  /**
   * The users of an audience with their active subscriptions, from the cursor on. Walked through from the first to the
   * last page, each user that belongs to it all the while comes once, and none comes twice. A page may have none and yet not be the
   * last: looking is bounded, too.
   */
  members(query: AudienceQuery): Promise<AudiencePage>;
}
