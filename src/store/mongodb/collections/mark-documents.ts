/** Something that is counted once, by its id, under a name. */
export type MarkDocument = {
  readonly _id: string;
  readonly name: string;
  /** Absent once it is in the counts. */
  readonly isUncounted?: true;
  /** When it was kept, from which retention counts. */
  readonly retainedFrom: Date;
};

/**
 * What is counted of one thing. `batch`: the marks that the latest change of the counts added, until all of them say that they are
 * counted. So a mark is counted once, whoever dies between the two.
 */
export type MarkCountDocument = {
  readonly _id: string;
  readonly version: number;
  readonly counts: readonly (readonly [name: string, count: number])[];
  readonly batch: readonly string[];
  /** When it was last changed. */
  readonly retainedFrom: Date;
};
