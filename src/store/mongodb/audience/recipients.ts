import { Buffer } from 'node:buffer';
import type { Recipient } from '../../../domain/audience/audience.ts';
import { type Lookup, lookupAt, pageOf } from '../../audience-cursor.ts';
import type { AudienceStore } from '../../audience-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { ACTIVE_OF_AUDIENCE } from '../collections/subscription-queries.ts';
import type { Operations } from '../server/operations.ts';

export function mongoAudiences(collections: Collections, operations: Operations): AudienceStore {
  return {
    recipients: (audience, cursor, limit) =>
      operations.run(async () => {
        const lookup = lookupAt(audience, cursor, limit);
        return pageOf(audience, lookup, await activeOf(collections, lookup));
      }),
  };
}

async function activeOf({ subscriptions }: Collections, lookup: Lookup): Promise<readonly Recipient[]> {
  const { userIds, after, limit } = lookup;
  const from = after === null ? null : { ...after, userId: encodeText(after.userId) };
  const wanted = [...new Set(userIds.map(encodeText))].filter(
    (userId) => from === null || !isBefore(userId, from.userId),
  );
  if (wanted.length === 0) return [];
  const filter = ACTIVE_OF_AUDIENCE.filter({ userIds: wanted, after: from });
  const found = await subscriptions.find(filter, { ...optionsOf(ACTIVE_OF_AUDIENCE), limit }).toArray();
  return found.map(({ _id: id, userId, endpoint }) => ({
    id,
    userId: decodeText(userId),
    endpoint: decodeText(endpoint),
  }));
}

/** MongoDB orders texts by their UTF-8 bytes, JavaScript by UTF-16 units. */
function isBefore(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}
