/** `isAtLeast`: there are more, which were not counted. */
export type SomeCounted<Counts> = { readonly counts: Counts; readonly isAtLeast: boolean };

/** Deliveries counted in each state, where not all are. */
export const MOST_IN_STATE = 10_000;
