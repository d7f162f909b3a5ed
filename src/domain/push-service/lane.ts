import { FailingUsers, LATEST_FAILURES } from './failing-users.ts';
import { LaneWidth } from './lane-width.ts';
import { ProbeTurns } from './probe-turns.ts';
import type { Outcome } from './push-outcome.ts';
import { WaitingLine } from './waiting-line.ts';

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

/** Whose push it is, and when. `jitter` is in [0, 1). */
export type Arrival = { readonly userId: string; readonly nowMs: number; readonly jitter: number };

export type Departure = Arrival & {
  readonly report: LaneReport;
  readonly isProbe: boolean;
  readonly latencyMs: number;
};

/** A lane that has just closed for all, until `untilMs`, or opened again. A lane that stays closed says so each minute. */
export type LaneNews =
  | { readonly kind: 'closed'; readonly untilMs: number; readonly failures: number }
  | { readonly kind: 'opened' };

/** `closed`: nothing goes until a probe. `probing`: deliveries are out to learn whether it may open. */
export type LaneState = 'open' | 'closed' | 'probing';

/** After so many failures of several users without a success in between, the service is taken to be down. */
export const CLOSES_AFTER = LATEST_FAILURES;
const FIRST_PROBE_MS = 1000;
/** A probe that hangs is not waited for: another follows after this. */
const PROBE_EVERY_MS = 2500;
const MOST_PROBES = 10;
/** A probe that is refused ends as a dead letter, and a person has to mend the cause: such probes come further and further apart. */
const LONGEST_REFUSED_WAIT_MS = 60_000;
/** While a probe is out, one delivery of each user asks again after this. */
const PROBE_PATIENCE_MS = 1000;
/** The deliveries behind those that may be probes ask so long after the probe: it has an answer by then, as a rule. */
const BEHIND_PROBE_MS = 400;
/** A user who had a turn leaves the next probe to another user, and asks again after this. */
const TURN_PATIENCE_MS = 100;
const SAY_AGAIN_MS = 60_000;
/** Deliveries that wait for a closed lane ask again a thousand a second: few do so at once, and many are no storm. */
const ASK_APART_MS = 1;
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
 * The way to one push service: how many pushes it is given at once, and whether any. It closes by failures of several users
 * alone: one user's trouble stays that user's own. Pure: times and jitter are arguments.
 */
export class Lane {
  readonly policy: LanePolicy;
  inFlight = 0;
  private readonly width: LaneWidth;
  private readonly failing = new FailingUsers();
  private isOpen = true;
  private turns = new ProbeTurns();
  private probes = 0;
  private failuresInRow = 0;
  private openedAtMs = Number.NEGATIVE_INFINITY;
  private nextProbeAtMs = 0;
  private refusedWaitMs = FIRST_PROBE_MS;
  private saidAtMs = 0;
  private line = new WaitingLine();
  private behindProbeMs = 0;
  private rateUsedUntilMs = 0;
  private seenAtMs = Number.NEGATIVE_INFINITY;

  constructor(policy: LanePolicy) {
    this.policy = policy;
    this.width = new LaneWidth(policy.maxInFlight);
  }

  get state(): LaneState {
    if (this.isOpen) return 'open';
    return this.probes > 0 ? 'probing' : 'closed';
  }

  /** Closed: nothing goes before then. */
  get probesAtMs(): number {
    return this.nextProbeAtMs;
  }

  /** Pushes that may be under way at once, now. */
  get limit(): number {
    return this.width.limit;
  }

  /** Open and full: what comes next goes as soon as one ends, so it may as well stay in the queue. */
  isFull(): boolean {
    return this.isOpen && this.inFlight >= this.limit;
  }

  /** Asks for one push. After `go` it is under way, until `leave`. */
  enter(arrival: Arrival): Admission {
    const { userId, nowMs } = arrival;
    this.heedClock(nowMs);
    if (!this.isOpen) return this.enterClosed(arrival);
    if (this.inFlight >= this.limit) return { kind: 'wait', untilMs: this.placeInLine(userId, nowMs) };
    const rateAtMs = this.rateAllowsAtMs(nowMs);
    if (rateAtMs > nowMs) return { kind: 'wait', untilMs: this.placeInRate(userId, nowMs) };
    this.begin(nowMs);
    return { kind: 'go', isProbe: false };
  }

  /** One push has ended. Says so where that closes or opens the lane. */
  leave(departure: Departure): LaneNews | null {
    const { report, isProbe, nowMs } = departure;
    this.heedClock(nowMs);
    this.inFlight -= 1;
    if (isProbe) this.probes -= 1;
    switch (report) {
      case 'nothing':
        // The next push that asks is the probe.
        if (isProbe) this.nextProbeAtMs = Math.min(this.nextProbeAtMs, nowMs);
        return null;
      case 'fine':
        return this.succeeded(departure);
      case 'throttled':
        this.width.throttled(nowMs);
        return isProbe ? this.stayClosed(nowMs) : null;
      default:
        return this.failed(departure);
    }
  }

  /** A clock that is set back takes along all that the lane remembers, or nothing would go before the clock is there again. */
  private heedClock(nowMs: number): void {
    const backMs = this.seenAtMs - nowMs;
    this.seenAtMs = nowMs;
    if (!(backMs > 0)) return;
    this.openedAtMs -= backMs;
    this.nextProbeAtMs -= backMs;
    this.saidAtMs -= backMs;
    this.behindProbeMs -= backMs;
    this.rateUsedUntilMs -= backMs;
    this.turns = new ProbeTurns();
    this.line = new WaitingLine();
  }

  private begin(nowMs: number): void {
    this.inFlight += 1;
    const { ratePerSecond } = this.policy;
    if (ratePerSecond === null) return;
    this.rateUsedUntilMs = Math.max(this.rateUsedUntilMs, nowMs) + 1000 / ratePerSecond;
  }

  private enterClosed({ userId, nowMs, jitter }: Arrival): Admission {
    const isTime = nowMs >= this.nextProbeAtMs && this.probes < MOST_PROBES;
    if (!isTime || !this.turns.isTurnOf(userId, nowMs)) return { kind: 'wait', untilMs: this.nextLook(userId, nowMs) };
    this.turns.took(userId);
    this.probes += 1;
    this.nextProbeAtMs = nowMs + spread(PROBE_EVERY_MS, jitter);
    this.begin(nowMs);
    return { kind: 'go', isProbe: true };
  }

  /** One delivery of each user asks in time for the next probe. A user's others, which may be many, stand in line behind. */
  private nextLook(userId: string, nowMs: number): number {
    const patienceMs = this.probes < MOST_PROBES ? TURN_PATIENCE_MS : PROBE_PATIENCE_MS;
    const nextMs = this.nextProbeAtMs > nowMs ? this.nextProbeAtMs : nowMs + patienceMs;
    const soonMs = this.probes === 0 ? nextMs : Math.min(nextMs, nowMs + PROBE_PATIENCE_MS);
    if (this.turns.comesSoon(userId, nowMs, soonMs)) return soonMs;
    this.behindProbeMs = Math.max(this.behindProbeMs, nextMs + BEHIND_PROBE_MS) + ASK_APART_MS;
    return this.behindProbeMs;
  }

  private succeeded({ latencyMs, nowMs }: Departure): LaneNews | null {
    this.failuresInRow = 0;
    if (this.isOpen) {
      this.width.succeeded(latencyMs);
      return null;
    }
    this.isOpen = true;
    this.openedAtMs = nowMs;
    this.width.recover(this.inFlight);
    this.turns = new ProbeTurns();
    this.line = new WaitingLine();
    this.refusedWaitMs = FIRST_PROBE_MS;
    return { kind: 'opened' };
  }

  private failed({ report, isProbe, userId, latencyMs, nowMs, jitter }: Departure): LaneNews | null {
    // A push that hung from before the lane opened says nothing of how the service is now.
    if (nowMs - latencyMs < this.openedAtMs) return null;
    this.failuresInRow += 1;
    this.failing.add(userId);
    if (report === 'trouble') this.width.failed(nowMs, this.failing.areSpread());
    if (this.isOpen) {
      if (this.failuresInRow < CLOSES_AFTER || !this.failing.areSeveral()) return null;
      this.isOpen = false;
      this.behindProbeMs = 0;
      this.saidAtMs = nowMs;
      this.nextProbeAtMs = nowMs + spread(FIRST_PROBE_MS, jitter);
      return this.closedNews();
    }
    // Pushes that were under way when the lane closed end one by one, and say nothing new.
    if (!isProbe) return null;
    if (report === 'refused') this.waitForPerson(nowMs, jitter);
    return this.stayClosed(nowMs);
  }

  private waitForPerson(nowMs: number, jitter: number): void {
    this.refusedWaitMs = Math.min(2 * this.refusedWaitMs, LONGEST_REFUSED_WAIT_MS);
    this.nextProbeAtMs = Math.max(this.nextProbeAtMs, nowMs + spread(this.refusedWaitMs, jitter));
  }

  private stayClosed(nowMs: number): LaneNews | null {
    if (this.isOpen || nowMs - this.saidAtMs < SAY_AGAIN_MS) return null;
    this.saidAtMs = nowMs;
    return this.closedNews();
  }

  private closedNews(): LaneNews {
    return { kind: 'closed', untilMs: this.nextProbeAtMs, failures: this.failuresInRow };
  }

  /** About when this user's delivery will have its turn, if the service goes on as it does. */
  placeInLine(userId: string, nowMs: number): number {
    const stepMs = Math.max(1, this.width.latencyMs) / this.limit;
    return this.line.place({ userId, nowMs, fromMs: nowMs, stepMs });
  }

  /** When the rate lets the next push go; a time that has passed where it does so now. */
  rateAllowsAtMs(nowMs: number): number {
    this.heedClock(nowMs);
    return this.policy.ratePerSecond === null ? nowMs : Math.ceil(this.rateUsedUntilMs - RATE_BURST_MS);
  }

  private placeInRate(userId: string, nowMs: number): number {
    const stepMs = 1000 / (this.policy.ratePerSecond ?? 1000);
    return this.line.place({ userId, nowMs, fromMs: this.rateAllowsAtMs(nowMs), stepMs });
  }
}

/** A quarter more or less, so that processes do not all knock in the same instant. */
function spread(waitMs: number, jitter: number): number {
  return Math.ceil(waitMs * (0.75 + jitter / 2));
}
