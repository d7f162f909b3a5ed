import type { SuppressionReason } from '../../../domain/audience/release.ts';
import { type SuppressionCounts, suppressionCountsOf } from '../../../domain/audience/suppression.ts';
import type { SomeCounted } from '../../some-counted.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import { SUPPRESSIONS_OF_NOTIFICATION } from '../collections/suppression-queries.ts';

/** Documents, each of a page of the fan-out, that are counted where not all are. */
const PAGES_AT_ONCE = 20;

/** See `SuppressionStore.countByReason`. */
export async function countByReason(collections: Collections, notificationId: string): Promise<SuppressionCounts> {
  return suppressionCountsOf((await countPages(collections, notificationId, null)).flat());
}

/** See `SuppressionStore.countSome`. A document is counted whole: it has as many users as were decided at once. */
export async function countSome(
  collections: Collections,
  notificationId: string,
): Promise<SomeCounted<SuppressionCounts>> {
  const pages = await countPages(collections, notificationId, PAGES_AT_ONCE + 1);
  const counts = suppressionCountsOf(pages.slice(0, PAGES_AT_ONCE).flat());
  return { counts, isAtLeast: pages.length > PAGES_AT_ONCE };
}

type Counted = readonly (readonly [SuppressionReason, number])[];

async function countPages(
  { suppressions }: Collections,
  notificationId: string,
  most: number | null,
): Promise<readonly Counted[]> {
  const pipeline = [
    { $match: SUPPRESSIONS_OF_NOTIFICATION.filter({ notificationId, fromId: '' }) },
    ...(most === null ? [] : [{ $limit: most }]),
    {
      $project: {
        reasons: '$entries.reason',
        unreached: sizeOf('$unreached'),
        missed: sizeOf('$missed'),
        cancelled: sizeOf('$cancelled'),
      },
    },
  ];
  const { hint } = optionsOf(SUPPRESSIONS_OF_NOTIFICATION);
  const pages: Counted[] = [];
  for await (const page of suppressions.aggregate<PageSizes>(pipeline, { hint })) {
    const { reasons, unreached, missed, cancelled } = page;
    pages.push([
      ['no_subscription', unreached],
      ['missed', missed],
      ['cancelled', cancelled],
      ...reasons.map((reason) => [reason, 1] as const),
    ]);
  }
  return pages;
}

type PageSizes = Readonly<Record<'unreached' | 'missed' | 'cancelled', number>> & {
  readonly reasons: readonly SuppressionReason[];
};

function sizeOf(list: string) {
  return { $size: { $ifNull: [list, []] } };
}
