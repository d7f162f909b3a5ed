/** When a notification got how far. Null where it did not, or an earlier version of Bellhop did not note it. */
export type Milestones = {
  /** Its first deliveries or suppressions were made. */
  readonly fanOutBeganAtMs: number | null;
  /** There is one or the other for each of its users. */
  readonly fanOutEndedAtMs: number | null;
  /** All of its deliveries had ended; null again where one of them is replayed. */
  readonly completedAtMs: number | null;
};
