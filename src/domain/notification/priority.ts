/** What goes before what within Bellhop, the most urgent first. A push service is told the `urgency` instead. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** While jobs of all priorities wait, so many of ten that begin are of each. */
export const PRIORITY_WEIGHTS: Readonly<Record<Priority, number>> = { high: 6, normal: 3, low: 1 };
