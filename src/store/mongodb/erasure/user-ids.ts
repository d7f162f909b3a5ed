import type { UserIdPage } from '../../erasure-store.ts';
import { decodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import {
  CAPS_WALKED,
  SUPPRESSIONS_WALKED,
  USERS_OF_DELIVERIES,
  USERS_OF_SUBSCRIPTIONS,
} from '../collections/erasure-queries.ts';
import { USERS_OF_MARKS } from '../collections/experiment-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { USERS_LISTED } from '../collections/user-queries.ts';
import { waitingDocuments } from './lists.ts';

const IDS_AT_ONCE = 1000;
const DOCUMENTS_AT_ONCE = 200;

type Read = { readonly userIds: readonly string[]; readonly last: string | null };

/** Reads on from a place, as texts are kept. `last` null: that was the end of it. */
type Source = (collections: Collections, after: string) => Promise<Read>;

const SOURCES: readonly Source[] = [
  async ({ users }, after) => {
    const options = { ...optionsOf(USERS_LISTED), limit: IDS_AT_ONCE, projection: { _id: 1 } };
    return namesOf((await users.find(USERS_LISTED.filter(after), options).toArray()).map(({ _id }) => _id));
  },
  async ({ subscriptions }, after) => {
    const options = { ...optionsOf(USERS_OF_SUBSCRIPTIONS), limit: IDS_AT_ONCE };
    const found = await subscriptions.find(USERS_OF_SUBSCRIPTIONS.filter(after), options).toArray();
    return namesOf(found.map(({ userId }) => userId));
  },
  async ({ deliveries }, after) => {
    const options = { ...optionsOf(USERS_OF_DELIVERIES), limit: IDS_AT_ONCE };
    const found = await deliveries.find(USERS_OF_DELIVERIES.filter(after), options).toArray();
    return namesOf(found.map(({ userId }) => userId));
  },
  async ({ cap_uses: caps }, after) => {
    const options = { ...optionsOf(CAPS_WALKED), limit: IDS_AT_ONCE };
    const found = await caps.find(CAPS_WALKED.filter({ userId: after, pattern: '\u{10ffff}' }), options).toArray();
    return namesOf(found.map(({ _id }) => _id.userId));
  },
  async ({ experiment_marks: marks }, after) => {
    const options = { ...optionsOf(USERS_OF_MARKS), limit: IDS_AT_ONCE };
    const found = await marks.find(USERS_OF_MARKS.filter(after), options).toArray();
    return namesOf(found.map(({ userId }) => userId));
  },
  async ({ suppressions }, after) => {
    const options = { ...optionsOf(SUPPRESSIONS_WALKED), limit: DOCUMENTS_AT_ONCE };
    const found = await suppressions.find(SUPPRESSIONS_WALKED.filter(after), options).toArray();
    const userIds = found.flatMap(({ entries, unreached, missed = [], cancelled = [] }) => [
      ...entries.map(({ userId }) => userId),
      ...[unreached, missed, cancelled].flat(),
    ]);
    return { userIds, last: found.length < DOCUMENTS_AT_ONCE ? null : (found.at(-1)?._id ?? null) };
  },
  async (collections) => {
    const names = new Set<string>();
    for await (const { userIds = [], audience = '{}' } of waitingDocuments(collections)) {
      const { excludedIds = [] } = JSON.parse(audience) as { excludedIds?: readonly string[] };
      for (const userId of [...userIds, ...excludedIds]) names.add(userId);
    }
    return { userIds: [...names], last: null };
  },
];

/** See `ErasureStore.userIds`. */
export async function userIdsFrom(collections: Collections, cursor: string | null): Promise<UserIdPage> {
  const [place, after] = cursor === null ? [0, ''] : (JSON.parse(cursor) as [number, string]);
  const source = SOURCES[place];
  if (source === undefined) return { userIds: [], next: null };
  const { userIds, last } = await source(collections, after);
  const next: [number, string] = last === null ? [place + 1, ''] : [place, last];
  return {
    userIds: [...new Set(userIds.map(decodeText))],
    next: next[0] < SOURCES.length ? JSON.stringify(next) : null,
  };
}

/** One user may have more rows than are read at once: the next part begins after the user. */
function namesOf(userIds: readonly string[]): Read {
  return { userIds, last: userIds.length < IDS_AT_ONCE ? null : (userIds.at(-1) ?? null) };
}
