/** Users whose first delivery in line is known. A user beyond that stands behind. */
const MOST_USERS = 1000;
/** A place in line is given no further ahead than this: the service may be faster by then. */
const LONGEST_MS = 60_000;

/** Whose delivery asks for a place now, and the earliest time and the distance of places. */
export type Queuer = {
  readonly userId: string;
  readonly nowMs: number;
  readonly fromMs: number;
  readonly stepMs: number;
};

/**
 * Times at which deliveries ask a lane again that has no place for them, one after the other. One delivery of each user stands
 * before all others, so that a user with thousands in line does not put the others off. Pure: times are arguments.
 */
export class WaitingLine {
  private readonly comesAtMs = new Map<string, number>();
  private firstsEndAtMs = 0;
  private endsAtMs = 0;

  /** When the delivery that asks now is to ask again. */
  place({ userId, nowMs, fromMs, stepMs }: Queuer): number {
    const latestMs = fromMs + LONGEST_MS;
    if (this.isFirst(userId, nowMs)) {
      this.firstsEndAtMs = Math.min(Math.max(this.firstsEndAtMs, fromMs) + stepMs, latestMs);
      const placeMs = Math.ceil(this.firstsEndAtMs);
      this.comesAtMs.set(userId, placeMs);
      return placeMs;
    }
    this.endsAtMs = Math.min(Math.max(this.endsAtMs, this.firstsEndAtMs, fromMs) + stepMs, latestMs);
    return Math.ceil(this.endsAtMs);
  }

  private isFirst(userId: string, nowMs: number): boolean {
    if (this.comesAtMs.size >= MOST_USERS) this.forgetPast(nowMs);
    const known = this.comesAtMs.get(userId);
    return known === undefined ? this.comesAtMs.size < MOST_USERS : known <= nowMs;
  }

  private forgetPast(nowMs: number): void {
    for (const [userId, atMs] of this.comesAtMs) if (atMs <= nowMs) this.comesAtMs.delete(userId);
  }
}
