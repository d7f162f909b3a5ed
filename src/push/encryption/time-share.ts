/** What was longer ago than this counts for little. */
const WINDOW_MS = 200;
/** A measurement this much above the usual one was somebody else's turn on the processor. */
const OUTLIER = 4;

/**
 * The part of a thread's time that one kind of work takes, lately, or would take were it all done there: 0.3 is 30 %.
 * Instants in milliseconds need only go forward.
 */
export class TimeShare {
  private usualMs: number | null = null;
  private takenMs = 0;
  private atMs = Number.NEGATIVE_INFINITY;

  /** The share with `count` more. */
  with(count: number, nowMs: number): number {
    this.takenMs *= Math.exp((this.atMs - nowMs) / WINDOW_MS);
    this.takenMs += count * (this.usualMs ?? 0);
    this.atMs = nowMs;
    return this.takenMs / WINDOW_MS;
  }

  /** So many took so long. */
  measured(count: number, tookMs: number): void {
    const eachMs = tookMs / count;
    this.usualMs ??= eachMs;
    this.usualMs += 0.1 * (Math.min(eachMs, OUTLIER * this.usualMs) - this.usualMs);
  }
}
