/** Users that one closed lane knows. Those beyond come by, too, but later. */
const MOST_USERS = 100;
/** A user whose delivery has not come this long after its time is waited for no longer: it may have ended, or gone elsewhere. */
const GRACE_MS = 1000;

/**
 * Whose delivery tries a closed lane: users take turns, so that one whose pushes fail for a reason of their own does not keep
 * the lane closed for the others. One delivery of each user comes again soon, its others may come as late as they like.
 * Pure: times are arguments.
 */
export class ProbeTurns {
  /** Users who have tried since all of them had a turn. */
  private readonly hadTurn = new Set<string>();
  /** When a user's delivery comes again. */
  private readonly comesAtMs = new Map<string, number>();

  /** Whether a delivery of this user, here now, may try: no other user is expected who had no turn yet. */
  isTurnOf(userId: string, nowMs: number): boolean {
    if (!this.hadTurn.has(userId)) return true;
    for (const [other, atMs] of this.comesAtMs) {
      if (atMs + GRACE_MS < nowMs) this.comesAtMs.delete(other);
      else if (!this.hadTurn.has(other)) return false;
    }
    this.hadTurn.clear();
    return true;
  }

  /** A delivery of this user tries the lane. */
  took(userId: string): void {
    if (this.hadTurn.size >= MOST_USERS) this.hadTurn.clear();
    this.hadTurn.add(userId);
    this.comesAtMs.delete(userId);
  }

  /** Whether a delivery of this user that waits is to come again at `soonMs`: no other of the same user is. */
  comesSoon(userId: string, nowMs: number, soonMs: number): boolean {
    const known = this.comesAtMs.get(userId);
    if (known !== undefined && known > nowMs) return false;
    if (known === undefined && this.comesAtMs.size >= MOST_USERS) return false;
    this.comesAtMs.set(userId, soonMs);
    return true;
  }
}
