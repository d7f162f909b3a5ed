import { SUPPRESSION_REASONS, type SuppressionDetail, type SuppressionReason } from './release.ts';

/** Why one user of a notification’s audience got nothing of it. */
export type Suppression = {
  readonly notificationId: string;
  readonly userId: string;
  readonly reason: SuppressionReason;
  readonly detail: SuppressionDetail;
  readonly atMs: number;
};

/** Reasons for which a page may suppress all of its users: they are kept as lists, and not listed by user. */
const LISTED_REASONS = ['no_subscription', 'missed', 'cancelled'] as const satisfies readonly SuppressionReason[];
export type ListedReason = (typeof LISTED_REASONS)[number];

/** Whether suppressions for this reason can be kept as a list. */
export function isListed(reason: SuppressionReason): reason is ListedReason {
  return (LISTED_REASONS as readonly SuppressionReason[]).includes(reason);
}

/** How many users of a notification got nothing, by reason. */
export type SuppressionCounts = Readonly<Record<SuppressionReason, number>>;

/** Zero for every reason that was not found. */
export function suppressionCountsOf(found: Iterable<readonly [SuppressionReason, number]>): SuppressionCounts {
  const none = SUPPRESSION_REASONS.map((reason) => [reason, 0] as const);
  const counts = Object.fromEntries(none) as Record<SuppressionReason, number>;
  for (const [reason, count] of found) counts[reason] += count;
  return counts;
}
