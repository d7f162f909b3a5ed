/** `isAtLeast`: there are more, which were not counted. */
export type SomeCounted<Counts> = { readonly counts: Counts; readonly isAtLeast: boolean };
