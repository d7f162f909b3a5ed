import type { Stage } from '../world/stage.ts';
import { checkCaps } from './cap-checks.ts';
import { EventWatch } from './event-checks.ts';
import { checkAccepted, checkNothingLies, nextDueMs, VersionWatch } from './rest-checks.ts';
import { checkRows } from './row-checks.ts';
import { checkTaken, checkWebhooks, nextWebhookDueMs } from './webhook-checks.ts';

/** So long after the last trouble all that is due has been looked at. */
const PATIENCE_MS = 180_000;
/** An erasure, and a fan-out that it meets, take no longer together. */
const ERASED_WITHIN_MS = 120_000;
/** Looked at no more often: a look at all rows takes longer than what happens between two. */
const EVERY_MS = 20_000;

/** Looks at all rows of a world, again and again. */
export class Inspection {
  private readonly stage: Stage;
  private readonly versions = new VersionWatch();
  private readonly events = new EventWatch();
  private lookedAtMs = 0;
  private seen = '';
  private troubledUntilMs = 0;
  private wasWell = true;

  constructor(stage: Stage) {
    this.stage = stage;
    stage.onPowerLoss = () => {
      this.versions.forget();
      this.events.forget();
    };
  }

  look(isForced: boolean): void {
    const { stage, versions, events } = this;
    this.noteTrouble();
    if (!stage.disk.isOpen) return;
    const { time, record, database, plan } = stage;
    if (!isForced && time.nowMs - this.lookedAtMs < EVERY_MS) return;
    const seen = `${isForced} ${record.stirredAtMs}`;
    if (seen === this.seen) return;
    this.lookedAtMs = time.nowMs;
    this.seen = seen;
    record.judge(() => {
      checkRows(database, (id, acceptedAtMs) => this.mayMiscount(id, acceptedAtMs));
      events.look(database);
      if (isForced) {
        versions.look(database);
        checkCaps(database, plan, time.nowMs);
        checkAccepted(database, stage.accepted);
        checkTaken(database, stage.receivers.taken);
      }
      const troubledAtMs = Math.max(this.troubledUntilMs, record.troubledAtMs);
      const isCalm = time.nowMs - troubledAtMs > PATIENCE_MS;
      if (!isCalm) return;
      checkNothingLies(database, time.nowMs + this.leastSkewMs(), PATIENCE_MS);
      checkWebhooks(database, stage.receivers.refusedAtMs, time.nowMs + this.leastSkewMs(), PATIENCE_MS);
    });
  }

  /** When a process has something to look at next, by the world’s time. */
  nextDueMs(): number {
    const { stage } = this;
    if (!stage.disk.isOpen) return Number.POSITIVE_INFINITY;
    const most = Math.max(...stage.hosts.map(({ skewMs }) => skewMs));
    const dueMs = nextDueMs(stage.database, stage.isPaused);
    return Math.min(dueMs, nextWebhookDueMs(stage.database, stage.time.nowMs + most)) - most;
  }

  private mayMiscount(id: string, acceptedAtMs: number): boolean {
    const { ids, atMs } = this.stage.amongErased;
    const skewMs = Math.max(...this.stage.hosts.map(({ skewMs }) => Math.abs(skewMs)));
    return ids.has(id) || atMs.some((at) => Math.abs(at - acceptedAtMs) < ERASED_WITHIN_MS + skewMs);
  }

  private leastSkewMs(): number {
    return Math.min(...this.stage.hosts.map(({ skewMs }) => skewMs));
  }

  private noteTrouble(): void {
    const { stage } = this;
    const areUp = stage.hosts.every(
      ({ running, weather: { isAway, fuse } }) => running !== null && !isAway && fuse === null,
    );
    const isWell = areUp && !stage.services.areTroubled && !stage.isPaused;
    // What was wrong at the last look was so until now, for all that anybody knows.
    if (!isWell || !this.wasWell) this.troubledUntilMs = stage.time.nowMs;
    this.wasWell = isWell;
  }
}
