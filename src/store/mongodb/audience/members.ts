import type { Recipient } from '../../../domain/audience/audience.ts';
import type { User } from '../../../domain/user/user.ts';
import {
  isStoredBefore,
  type Lookup,
  lookupAt,
  membersOf,
  pageUpTo,
  usersFound,
  wantedOf,
} from '../../audience-cursor.ts';
import type { AudiencePage, AudienceQuery, AudienceStore } from '../../audience-store.ts';
import { merged, type WalkReads, walk } from '../../audience-walk.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import { keptCounts } from '../../tag-counts.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import type { SubscriptionDocument } from '../collections/subscription-document.ts';
import { ACTIVE_OF_AUDIENCE, ACTIVE_USERS } from '../collections/subscription-queries.ts';
import { toUser, USERS_LISTED, USERS_OF_TAG } from '../collections/user-queries.ts';
import type { Operations } from '../server/operations.ts';
import { countOf, usersById } from '../user/users.ts';

export function mongoAudiences(collections: Collections, operations: Operations): AudienceStore {
  const reads = readsOf(collections);
  return {
    members: (query) =>
      operations.run(async () => {
        const { audience } = query;
        return audience.kind === 'user_ids'
          ? wantedOf(query, await membersNamed(collections, { ...query, audience }))
          : walk({ ...query, audience }, reads);
      }),
  };
}

type NamedQuery = AudienceQuery & { readonly audience: Extract<AudienceQuery['audience'], { kind: 'user_ids' }> };

async function membersNamed(collections: Collections, { audience, cursor, limit }: NamedQuery): Promise<AudiencePage> {
  const lookup = lookupAt(audience.userIds, cursor, limit);
  // Side by side: mostly the page has all users that were looked up.
  const [active, users] = await Promise.all([
    activeOf(collections, lookup, limit),
    usersById(collections, lookup.userIds),
  ]);
  const found = usersFound(audience.userIds, lookup, active);
  if (!('moreOf' in found)) return { members: membersOf(found, users), next: found.next };
  const { moreOf } = found;
  const page = pageUpTo(lookup, moreOf, await activeOf(collections, { ...lookup, userIds: [moreOf] }, 0));
  return { members: membersOf(page, users), next: page.next };
}

/** `limit` 0 is none. */
async function activeOf(
  { subscriptions }: Collections,
  { userIds, after }: Pick<Lookup, 'userIds' | 'after'>,
  limit: number,
): Promise<readonly Recipient[]> {
  const from = after === null ? null : { ...after, userId: encodeText(after.userId) };
  const wanted = [...new Set(userIds)].filter((userId) => after === null || !isStoredBefore(userId, after.userId));
  if (wanted.length === 0) return [];
  const filter = ACTIVE_OF_AUDIENCE.filter({ userIds: wanted.map(encodeText), after: from });
  const found = await subscriptions.find(filter, { ...optionsOf(ACTIVE_OF_AUDIENCE), limit }).toArray();
  return found.map(toRecipient);
}

function toRecipient({
  _id: id,
  userId,
  endpoint,
  locale,
  timeZone = null,
  updatedAtMs,
}: SubscriptionDocument): Recipient {
  return {
    id,
    userId: decodeText(userId),
    endpoint: decodeText(endpoint),
    locale: locale === null ? null : decodeText(locale),
    timeZone,
    updatedAtMs,
  };
}

/** Nobody needs an exact number to see which of two ways is shorter. */
const MOST_COUNTED = 10_000;

function readsOf(collections: Collections): WalkReads {
  const { users, subscriptions } = collections;
  const usersOfTags = keptCounts(
    async (tags) =>
      new Map(
        await Promise.all(tags.map(async (tag) => [tag, await countOf(collections, tag, MOST_COUNTED)] as const)),
      ),
    () => performance.now(),
  );
  const idsOf = (known: readonly User[]) => known.map(({ id }) => id);
  const byId = (known: readonly User[]) => new Map(known.map((user) => [user.id, user]));
  return {
    async anybody(afterId, limit) {
      const after = encodeText(afterId);
      const [withDevice, known] = await Promise.all([
        subscriptions.find(ACTIVE_USERS.filter(after), { ...optionsOf(ACTIVE_USERS), limit }).toArray(),
        users
          .find(USERS_LISTED.filter(after), { ...optionsOf(USERS_LISTED), limit })
          .map(toUser)
          .toArray(),
      ]);
      const ids = withDevice.map(({ userId }) => decodeText(userId));
      return { ...merged([ids, idsOf(known)], limit), users: byId(known) };
    },
    async alongTags(tags, afterId, limit) {
      const after = encodeText(afterId);
      const lists = tags.map(async (tag) => {
        const filter = USERS_OF_TAG.filter({ tag, after });
        return users
          .find(filter, { ...optionsOf(USERS_OF_TAG), limit })
          .map(toUser)
          .toArray();
      });
      const found = await Promise.all(lists);
      return { ...merged(found.map(idsOf), limit), users: byId(found.flat()) };
    },
    usersOfTags: async (tags) => (tags.length < 2 ? new Map() : usersOfTags(tags)),
    users: (ids) => usersById(collections, ids),
    devices: (userIds) => activeOf(collections, { userIds, after: null }, 0),
  };
}
