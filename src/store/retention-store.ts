/** What deletes, for good, what has had its time. */
export interface RetentionStore {
  /**
   * Deletes idempotency keys, nonces, sign-in links and sessions of operators that expired before `nowMs`, and uses of caps that
   * are too old for any. Returns how many rows went.
   */
  sweep(nowMs: number): Promise<number>;
  /**
   * Deletes completed notifications accepted before `beforeMs`, those that were scheduled if their last wave was before it, and those
   * cancelled before it, with their deliveries and suppressions; and subscriptions retired and bulk actions ended before it.
   * Where that is all there was: texts of templates deleted before it, too, unless a notification names one.
   * What is not completed stays, however old. Takes at most `limit` notifications, oldest first, and returns how many
   * went.
   */
  forget(beforeMs: number, limit: number): Promise<number>;
}
