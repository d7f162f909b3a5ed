import type { Member, Recipient, ResolvedAudience } from '../domain/audience/audience.ts';
import { tagsIn, tagsOnTheWay } from '../domain/audience/matching.ts';
import { asksOnlyForTags, belongsTo } from '../domain/audience/user-facts.ts';
import type { User } from '../domain/user/user.ts';
import { afterUser, cursorAfterUser, isStoredBefore, membersOf } from './audience-cursor.ts';
import type { AudiencePage, AudienceQuery } from './audience-store.ts';

/** An audience whose users are found when it is sent. */
export type WalkQuery = AudienceQuery & { readonly audience: Exclude<ResolvedAudience, { kind: 'user_ids' }> };

/** The next users, none left out between two of them. `isLast`: there are no more after them. */
export type Candidates = { readonly ids: readonly string[]; readonly isLast: boolean };

/** What a store reads for a walk through its users, each list in the order in which it keeps ids. */
export type WalkReads = {
  /** All who have a device, or of whom something was said, after this one: at most `limit`. */
  readonly anybody: (after: string, limit: number) => Promise<Candidates>;
  /** All who have one of these tags, after this one: at most `limit`. */
  readonly alongTags: (tags: readonly string[], after: string, limit: number) => Promise<Candidates>;
  /** About how many users have each of these tags. */
  readonly usersOfTags: (tags: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly users: (ids: readonly string[]) => Promise<ReadonlyMap<string, User>>;
  /** All active devices of these users. */
  readonly devices: (userIds: readonly string[]) => Promise<readonly Recipient[]>;
};

/** Users looked at at once. */
const CANDIDATES_AT_ONCE = 500;
/** A page looks at no more users than this, so that others have their turn: 30 ms of one core on SQLite, where it finds nobody. */
const MOST_CANDIDATES = 1500;

/** The users that an audience of everyone, or of an expression, has, in order of id: along tags where there is such a way. */
export async function walk(query: WalkQuery, reads: WalkReads): Promise<AudiencePage> {
  const { audience, cursor, limit } = query;
  const candidatesAfter = await wayThrough(audience, reads);
  const excluded = new Set(audience.excludedIds);
  const atOnce = audience.kind === 'everyone' ? Math.min(limit, CANDIDATES_AT_ONCE) : CANDIDATES_AT_ONCE;
  const members: Member[] = [];
  let [after, looked, deviceCount] = [afterUser(cursor), 0, 0];
  while (looked < MOST_CANDIDATES) {
    const { ids, isLast } = await candidatesAfter(after, atOnce);
    const wanted = ids.filter((userId) => !excluded.has(userId));
    for (const member of await had(query, wanted, reads)) {
      if (query.only?.(member) === false) continue;
      members.push(member);
      deviceCount += member.devices.length;
      // Users are whole, and those without a device take their time, too.
      if (deviceCount >= limit || members.length >= limit) return { members, next: cursorAfterUser(member.userId) };
    }
    if (isLast) return { members, next: null };
    after = ids.at(-1) ?? after;
    looked += atOnce;
  }
  return { members, next: cursorAfterUser(after) };
}

/** Those of the candidates whom the audience has. Where tags say it all, devices are read only of those who are left. */
async function had(
  { audience, nowMs, serverZone }: WalkQuery,
  candidates: readonly string[],
  { users: readUsers, devices }: WalkReads,
): Promise<readonly Member[]> {
  const users = await readUsers(candidates);
  const isHad = (member: Member): boolean => belongsTo(audience, member, { nowMs, serverZone });
  const isSaidByTags = audience.kind === 'tags' && asksOnlyForTags(audience.expression, audience.segments);
  const left = isSaidByTags
    ? membersOf({ userIds: candidates, devices: [] }, users)
        .filter(isHad)
        .map(({ userId }) => userId)
    : candidates;
  if (left.length === 0) return [];
  const members = membersOf({ userIds: left, devices: await devices(left) }, users);
  return isSaidByTags ? members : members.filter(isHad);
}

const NO_ONE: Candidates = { ids: [], isLast: true };

async function wayThrough(audience: WalkQuery['audience'], reads: WalkReads): Promise<WalkReads['anybody']> {
  if (audience.kind === 'everyone') return reads.anybody;
  const { expression, segments } = audience;
  const counts = await reads.usersOfTags([...tagsIn(expression, segments)]);
  const tags = tagsOnTheWay(expression, segments, (tag) => counts.get(tag) ?? 0);
  if (tags === null) return reads.anybody;
  return async (after, limit) => (tags.length === 0 ? NO_ONE : reads.alongTags(tags, after, limit));
}

/**
 * The users of several lists, each in order and once. A list that is as long as asked may go on, so that whoever comes after its end is
 * not certain to be the next.
 */
export function merged(lists: readonly (readonly string[])[], limit: number): Candidates {
  const open = lists.filter((list) => list.length >= limit).flatMap((list) => list.at(-1) ?? []);
  const end = open.reduce<string | null>(
    (least, id) => (least === null || isStoredBefore(id, least) ? id : least),
    null,
  );
  const ids = [...new Set(lists.flat())]
    .filter((id) => end === null || !isStoredBefore(end, id))
    .sort((one, other) => (isStoredBefore(one, other) ? -1 : 1));
  return { ids, isLast: end === null };
}
