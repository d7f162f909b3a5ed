const SHRINK_BY = 0.7;
/** One burst of failures is one sign: it narrows the lane once. */
const SHRINK_AT_MOST_EVERY_MS = 200;
/** Single devices with trouble say nothing about their service. More than this share of all answers does. */
const TROUBLE_SHARE = 0.1;

/**
 * How many pushes a lane takes at once. The width grows while the latency holds and shrinks with throttling, failures and
 * timeouts. Pure: times are arguments.
 */
export class LaneWidth {
  private readonly most: number;
  private width: number;
  private isRecovering = false;
  private troubleShare = 0;
  private usualLatencyMs = 0;
  private shrunkAtMs = Number.NEGATIVE_INFINITY;
  /** Of late, in milliseconds; 0 until anything was answered. */
  latencyMs = 0;

  constructor(most: number) {
    this.most = most;
    this.width = most;
  }

  /** Pushes that may be under way at once, now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.width));
  }

  /** The push service took a push, or found something wrong with it alone. */
  succeeded(latencyMs: number): void {
    this.troubleShare *= 0.95;
    const isFirst = this.usualLatencyMs === 0;
    this.latencyMs = isFirst ? latencyMs : this.latencyMs + 0.2 * (latencyMs - this.latencyMs);
    this.usualLatencyMs = isFirst ? latencyMs : this.usualLatencyMs + 0.01 * (latencyMs - this.usualLatencyMs);
    this.grow();
  }

  /** A push failed. `isSpread`: and so did those of other users, so that it may be the service. */
  failed(nowMs: number, isSpread: boolean): void {
    this.troubleShare = this.troubleShare * 0.95 + 0.05;
    if (this.troubleShare > TROUBLE_SHARE && isSpread) this.shrink(nowMs);
  }

  /** The push service wants fewer at once. */
  throttled(nowMs: number): void {
    this.shrink(nowMs);
  }

  /**
   * The push service is back: a quarter at first beside the `hanging` pushes from before, and one more with each push that
   * it takes, until it falters.
   */
  recover(hanging: number): void {
    this.width = Math.min(this.most, Math.max(1, this.most / 4) + hanging);
    this.troubleShare = 0;
    this.isRecovering = true;
  }

  private grow(): void {
    if (this.isRecovering) this.width += 1;
    else if (this.latencyMs <= 3 * this.usualLatencyMs + 50) {
      this.width += this.width < this.most / 2 ? 0.5 : 1 / this.width;
    }
    // The last half of a push would take long to grow, and would keep the lane narrow until then.
    if (this.width <= this.most - 0.5) return;
    this.width = this.most;
    this.isRecovering = false;
  }

  private shrink(nowMs: number): void {
    this.isRecovering = false;
    const agoMs = nowMs - this.shrunkAtMs;
    // Below zero where the clock was set back.
    if (agoMs >= 0 && agoMs < Math.max(SHRINK_AT_MOST_EVERY_MS, this.latencyMs)) return;
    this.shrunkAtMs = nowMs;
    this.width = Math.max(1, this.width * SHRINK_BY);
  }
}
