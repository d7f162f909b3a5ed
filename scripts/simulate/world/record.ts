import { createHash } from 'node:crypto';
import type { BellhopEvent } from '../../../src/domain/events.ts';
import { Violated, type Violation } from '../checks/violation.ts';
import type { WorldTime } from './world-time.ts';

/** What was told last, for the report. */
const TAIL_LINES = 40;

/** What happened in a world: a digest of all of it, the end of it in words, and what was found. */
export class Record {
  violation: Violation | null = null;
  /** When something last happened that processes may have to follow. */
  stirredAtMs = 0;
  /** When time was last moved on over a rest. */
  wokeAtMs = 0;
  /** When something went wrong last. */
  troubledAtMs = 0;
  pushes = 0;
  crashes = 0;
  private readonly time: WorldTime;
  private readonly hash = createHash('sha256');
  private readonly lines: string[] = [];

  constructor(time: WorldTime) {
    this.time = time;
  }

  get tail(): readonly string[] {
    return this.lines;
  }

  digest(): string {
    return this.hash.copy().digest('hex').slice(0, 16);
  }

  note(what: string, detail: string): void {
    const { nowMs } = this.time;
    this.stirredAtMs = nowMs;
    this.hash.update(`${nowMs} ${what} ${detail}\n`);
    this.lines.push(`${new Date(nowMs).toISOString()} ${what} ${detail}`);
    if (this.lines.length > TAIL_LINES) this.lines.shift();
  }

  event(host: number, event: BellhopEvent): void {
    const { type, ...rest } = event;
    this.note(
      `process ${host}: ${type}`,
      JSON.stringify(rest, (_, value) => (value instanceof Error ? value.message : value)),
    );
  }

  /** The first that is found counts: what follows may come of it. */
  judge(check: () => void): void {
    if (this.violation !== null) return;
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violated)) throw error;
      const { invariant, message } = error;
      this.violation = { invariant, message, atMs: this.time.nowMs };
    }
  }
}
