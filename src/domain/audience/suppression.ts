import { SUPPRESSION_REASONS, type SuppressionDetail, type SuppressionReason } from './release.ts';

/** Why one user of a notification’s audience got nothing of it. */
export type Suppression = {
  readonly notificationId: string;
  readonly userId: string;
  readonly reason: SuppressionReason;
  readonly detail: SuppressionDetail;
  readonly atMs: number;
};

/** How many users of a notification got nothing, by reason. */
export type SuppressionCounts = Readonly<Record<SuppressionReason, number>>;

/** Zero for every reason that was not found. */
export function suppressionCountsOf(found: Iterable<readonly [SuppressionReason, number]>): SuppressionCounts {
  const none = SUPPRESSION_REASONS.map((reason) => [reason, 0] as const);
  return Object.fromEntries([...none, ...found]) as Record<SuppressionReason, number>;
}
