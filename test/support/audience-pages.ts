import { type Member, type Recipient, type ResolvedAudience, usersNamed } from '../../src/domain/audience/audience.ts';
import type { AudienceCursor, AudiencePage } from '../../src/store/audience-store.ts';
import type { Store } from '../../src/store/store.ts';
import { LATER_MS } from './samples.ts';

/** Every page of an audience, in order. */
export async function pagesOf(
  store: Pick<Store, 'audiences'>,
  audience: ResolvedAudience,
  limit: number,
  from: AudienceCursor | null = null,
): Promise<(readonly Member[])[]> {
  const pages: (readonly Member[])[] = [];
  let cursor = from;
  do {
    const query = { audience, cursor, limit, nowMs: LATER_MS, serverZone: 'UTC' };
    const page: AudiencePage = await store.audiences.members(query);
    pages.push(page.members);
    cursor = page.next;
  } while (cursor !== null);
  return pages;
}

/** The active devices of these users. */
export async function devicesOfUsers(
  store: Pick<Store, 'audiences'>,
  userIds: readonly string[],
): Promise<readonly Recipient[]> {
  return (await pagesOf(store, usersNamed(userIds), 99)).flat().flatMap(({ devices }) => devices);
}
