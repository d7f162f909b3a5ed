import type { Outcome } from './push-outcome.ts';

/** How one push service's origin may be used. */
export type LanePolicy = {
  /** The most pushes under way at once. */
  readonly maxInFlight: number;
  /** The most pushes a second, on average, with a second's worth at once; null for no limit. */
  readonly ratePerSecond: number | null;
};

/** `isProbe`: this push tells whether a closed lane may open. `wait`: to be asked again, not before `untilMs`. */
export type Admission =
  | { readonly kind: 'go'; readonly isProbe: boolean }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** What a push that has ended says about its push service. `nothing`: the push tells of its own delivery alone. */
export type LaneReport = 'fine' | 'throttled' | 'trouble' | 'refused' | 'nothing';

export type Departure = {
  readonly report: LaneReport;
  readonly isProbe: boolean;
  readonly latencyMs: number;
  readonly nowMs: number;
  readonly jitter: number;
};

/** A lane that has just closed for all, until `untilMs`, or opened again. */
export type LaneNews =
  | { readonly kind: 'closed'; readonly untilMs: number; readonly failures: number }
  | { readonly kind: 'opened' };

/** `closed`: nothing goes until a probe. `probing`: one delivery is out to learn whether it may open. */
export type LaneState = 'open' | 'closed' | 'probing';

/** After so many failures without a success in between, the service is taken to be down. */
export const CLOSES_AFTER = 10;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** While a probe is out, other deliveries ask again after this. */
const PROBE_PATIENCE_MS = 1000;
/** A place in line is estimated no further ahead than this: the service may be faster by then. */
const LONGEST_LINE_MS = 60_000;
const SHRINK_BY = 0.7;
/** One burst of failures is one sign: it narrows the lane once. */
const SHRINK_AT_MOST_EVERY_MS = 200;
/** Single devices with trouble say nothing about their service. More than this share of all answers does. */
const TROUBLE_SHARE = 0.1;
const RATE_BURST_MS = 1000;

/** What an outcome tells of the push service. A key that it refuses everywhere stops all pushes, as an outage does. */
export function laneReportOf({ kind, fault }: Pick<Outcome, 'kind' | 'fault'>, hasAnswered: boolean): LaneReport {
  switch (kind) {
    case 'throttled':
      return fault === 'service' ? 'throttled' : 'nothing';
    case 'retryable':
      return 'trouble';
    case 'misconfigured':
      return hasAnswered && fault === 'sender' ? 'refused' : 'nothing';
    case 'interrupted':
      return 'nothing';
    default:
      return hasAnswered ? 'fine' : 'nothing';
  }
}

/**
 * The way to one push service: how many pushes it is given at once, and whether any. The width grows while the latency
 * holds and shrinks with throttling, failures and timeouts. Pure: times and jitter, in [0, 1), are arguments.
 */
export class Lane {
  readonly policy: LanePolicy;
  inFlight = 0;
  state: LaneState = 'open';
  private width: number;
  private failuresInRow = 0;
  private troubleShare = 0;
  private latencyMs = 0;
  private usualLatencyMs = 0;
  private shrunkAtMs = Number.NEGATIVE_INFINITY;
  private waitMs = FIRST_WAIT_MS;
  private opensAtMs = 0;
  private lineEndsAtMs = 0;
  private rateUsedUntilMs = 0;

  constructor(policy: LanePolicy) {
    this.policy = policy;
    this.width = policy.maxInFlight;
  }

  /** Pushes that may be under way at once, now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.width));
  }

  /** Open, at its full width and full: what comes next goes as soon as one ends, so it may as well stay in the queue. */
  isBusy(): boolean {
    return this.state === 'open' && this.limit >= this.policy.maxInFlight && this.inFlight >= this.limit;
  }

  /** Asks for one push. After `go` it is under way, until `leave`. */
  enter(nowMs: number, jitter: number): Admission {
    if (this.state !== 'open') return this.enterClosed(nowMs, jitter);
    if (this.inFlight >= this.limit) return { kind: 'wait', untilMs: this.placeInLine(nowMs) };
    const rateAtMs = this.rateAllowsAtMs(nowMs);
    if (rateAtMs > nowMs) return { kind: 'wait', untilMs: this.placeInRate(rateAtMs) };
    this.begin(nowMs);
    return { kind: 'go', isProbe: false };
  }

  /** One push has ended. Says so where that closes or opens the lane. */
  leave({ report, isProbe, latencyMs, nowMs, jitter }: Departure): LaneNews | null {
    this.inFlight -= 1;
    switch (report) {
      case 'nothing':
        // The next push that asks is the probe.
        if (isProbe && this.state === 'probing') this.state = 'closed';
        return null;
      case 'fine':
        return this.succeeded(latencyMs);
      case 'throttled':
        this.shrink(nowMs);
        return isProbe ? this.close(nowMs, jitter) : null;
      default:
        return this.failed(report, isProbe, nowMs, jitter);
    }
  }

  private begin(nowMs: number): void {
    this.inFlight += 1;
    const { ratePerSecond } = this.policy;
    if (ratePerSecond === null) return;
    this.rateUsedUntilMs = Math.max(this.rateUsedUntilMs, nowMs) + 1000 / ratePerSecond;
  }

  private enterClosed(nowMs: number, jitter: number): Admission {
    if (nowMs < this.opensAtMs) {
      // Spread, so that not all deliveries ask again in the same instant.
      return { kind: 'wait', untilMs: this.opensAtMs + Math.ceil(jitter * this.waitMs) };
    }
    if (this.state === 'probing') return { kind: 'wait', untilMs: nowMs + PROBE_PATIENCE_MS };
    this.state = 'probing';
    this.begin(nowMs);
    return { kind: 'go', isProbe: true };
  }

  private succeeded(latencyMs: number): LaneNews | null {
    this.failuresInRow = 0;
    this.troubleShare *= 0.95;
    const isFirst = this.usualLatencyMs === 0;
    this.latencyMs = isFirst ? latencyMs : this.latencyMs + 0.2 * (latencyMs - this.latencyMs);
    this.usualLatencyMs = isFirst ? latencyMs : this.usualLatencyMs + 0.01 * (latencyMs - this.usualLatencyMs);
    if (this.state !== 'open') {
      this.state = 'open';
      this.waitMs = FIRST_WAIT_MS;
      this.width = Math.max(1, this.policy.maxInFlight / 4);
      return { kind: 'opened' };
    }
    this.grow();
    return null;
  }

  private grow(): void {
    if (this.latencyMs > 3 * this.usualLatencyMs + 50) return;
    const { maxInFlight } = this.policy;
    this.width = Math.min(maxInFlight, this.width + (this.width < maxInFlight / 2 ? 0.5 : 1 / this.width));
    // The last half of a push would take long to grow, and would keep the lane narrow until then.
    if (this.width > maxInFlight - 0.5) this.width = maxInFlight;
  }

  private failed(report: 'trouble' | 'refused', isProbe: boolean, nowMs: number, jitter: number): LaneNews | null {
    this.failuresInRow += 1;
    if (report === 'trouble') {
      this.troubleShare = this.troubleShare * 0.95 + 0.05;
      if (this.troubleShare > TROUBLE_SHARE) this.shrink(nowMs);
    }
    // Pushes that were under way when the lane closed end one by one, and say nothing new.
    const isNews = this.state === 'open' ? this.failuresInRow >= CLOSES_AFTER : isProbe;
    return isNews ? this.close(nowMs, jitter) : null;
  }

  private close(nowMs: number, jitter: number): LaneNews {
    if (this.state === 'probing') this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS);
    this.state = 'closed';
    this.opensAtMs = nowMs + Math.ceil(this.waitMs * (0.75 + jitter / 2));
    return { kind: 'closed', untilMs: this.opensAtMs, failures: this.failuresInRow };
  }

  private shrink(nowMs: number): void {
    if (nowMs - this.shrunkAtMs < Math.max(SHRINK_AT_MOST_EVERY_MS, this.latencyMs)) return;
    this.shrunkAtMs = nowMs;
    this.width = Math.max(1, this.width * SHRINK_BY);
  }

  /** About when the delivery that asks now will have its turn, if the service goes on as it does. */
  private placeInLine(nowMs: number): number {
    const stepMs = Math.max(1, this.latencyMs) / this.limit;
    this.lineEndsAtMs = Math.min(Math.max(this.lineEndsAtMs, nowMs) + stepMs, nowMs + LONGEST_LINE_MS);
    return Math.ceil(this.lineEndsAtMs);
  }

  private rateAllowsAtMs(nowMs: number): number {
    return this.policy.ratePerSecond === null ? nowMs : Math.ceil(this.rateUsedUntilMs - RATE_BURST_MS);
  }

  private placeInRate(rateAtMs: number): number {
    const stepMs = 1000 / (this.policy.ratePerSecond ?? 1000);
    this.lineEndsAtMs = Math.min(Math.max(this.lineEndsAtMs, rateAtMs) + stepMs, rateAtMs + LONGEST_LINE_MS);
    return Math.ceil(this.lineEndsAtMs);
  }
}
