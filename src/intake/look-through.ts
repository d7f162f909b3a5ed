import type { Member } from '../domain/audience/audience.ts';
import type { AudienceCursor, AudienceQuery, AudienceStore } from '../store/audience-store.ts';

/** A caller waits no longer than this, but for the page that is being read then. */
const LOOK_MS = 800;

/** About how many subscriptions are read at once. */
export const LOOK_PAGE = 1000;

/**
 * Shows the users of an audience page by page, until all were seen or the time is up. Resolves with whether there are more than were
 * seen.
 */
export async function lookThrough(
  audiences: AudienceStore,
  query: Omit<AudienceQuery, 'cursor'>,
  clock: { now(): number },
  onPage: (members: readonly Member[]) => void | Promise<void>,
): Promise<boolean> {
  const untilMs = clock.now() + LOOK_MS;
  let cursor: AudienceCursor | null = null;
  do {
    const page = await audiences.members({ ...query, cursor });
    await onPage(page.members);
    cursor = page.next;
    // On the embedded store nothing else would have its turn before the end.
    await new Promise(setImmediate);
  } while (cursor !== null && clock.now() < untilMs);
  return cursor !== null;
}
