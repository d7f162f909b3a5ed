import type { Document } from 'mongodb';
import type { SuppressionReason } from '../../../domain/audience/release.ts';
import { type SuppressionCounts, suppressionCountsOf } from '../../../domain/audience/suppression.ts';
import type { SomeCounted } from '../../some-counted.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { SUPPRESSIONS_OF_NOTIFICATION } from '../collections/suppression-queries.ts';

/** Documents, each of a page of the fan-out, that are counted where not all are. */
const PAGES_AT_ONCE = 20;

/** See `SuppressionStore.countByReason`. The server counts: what it would send of a large one takes long to read. */
export async function countByReason(collections: Collections, notificationId: string): Promise<SuppressionCounts> {
  const { filter } = asked(notificationId);
  return countIn(collections, [{ $match: filter }]);
}

/** See `SuppressionStore.countSome`. A document is counted whole: it has as many users as were decided at once. */
export async function countSome(
  collections: Collections,
  notificationId: string,
): Promise<SomeCounted<SuppressionCounts>> {
  const { filter, hint } = asked(notificationId);
  const [counts, pages] = await Promise.all([
    countIn(collections, [{ $match: filter }, { $limit: PAGES_AT_ONCE }]),
    collections.suppressions.countDocuments(filter, { hint, limit: PAGES_AT_ONCE + 1 }),
  ]);
  return { counts, isAtLeast: pages > PAGES_AT_ONCE };
}

function asked(notificationId: string) {
  const { hint } = optionsOf(SUPPRESSIONS_OF_NOTIFICATION);
  return { filter: SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId: '' }), hint };
}

type Sizes = Readonly<Record<'unreached' | 'missed' | 'cancelled', number>>;
type OfReason = { readonly _id: SuppressionReason; readonly count: number };

/** In the documents that these stages give: those in lists, and those with a reason each. */
async function countIn({ suppressions }: Collections, stages: Document[]): Promise<SuppressionCounts> {
  const { hint } = optionsOf(SUPPRESSIONS_OF_NOTIFICATION);
  const sizes = {
    _id: null,
    unreached: sizeOf('$unreached'),
    missed: sizeOf('$missed'),
    cancelled: sizeOf('$cancelled'),
  };
  const [lists, ofReasons] = await Promise.all([
    suppressions.aggregate<Sizes>([...stages, { $group: sizes }], { hint }).toArray(),
    suppressions
      .aggregate<OfReason>(
        [
          ...stages,
          { $project: { _id: 0, reason: '$entries.reason' } },
          { $unwind: '$reason' },
          { $group: { _id: '$reason', count: { $sum: 1 } } },
        ],
        { hint },
      )
      .toArray(),
  ]);
  const { unreached, missed, cancelled } = lists[0] ?? { unreached: 0, missed: 0, cancelled: 0 };
  return suppressionCountsOf([
    ['no_subscription', unreached],
    ['missed', missed],
    ['cancelled', cancelled],
    ...ofReasons.map(({ _id: reason, count }) => [reason, count] as const),
  ]);
}

function sizeOf(list: string) {
  return { $sum: { $size: { $ifNull: [list, []] } } };
}
