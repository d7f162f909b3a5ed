import type { OriginPause } from '../domain/push-service/origin-pause.ts';
import type { RateLimit } from '../domain/rate-limit.ts';

/** What processes that share documents and jobs agree on besides. */
export interface Coordination {
  /**
   * True while this process is the one to run the loop of this name. Where nobody can be asked it is true as well: the
   * loops are harmless in parallel, standing still is not. Answers within about a second.
   */
  lead(loop: string): Promise<boolean>;
  /** Tells every process that a push service asked to wait. Never shortens a pause. Does not reject. */
  pauseOrigin(pause: OriginPause): Promise<void>;
  /** Until when nothing goes to this origin, as far as this process knows; null where nothing keeps it. */
  pausedUntilMs(origin: string, nowMs: number): number | null;
  /**
   * Takes one of what a limit allows to this spender, all processes together: 0, or how many milliseconds until there is one
   * again. Where nobody can be asked, each process allows as much. Does not reject. Answers within about a second.
   */
  spend(spender: string, limit: RateLimit, nowMs: number): Promise<number>;
  /** Keeps what this process says of itself for the others, in place of what it said before, for so long. Does not reject. */
  announce(words: string, forMs: number): Promise<void>;
  /**
   * What the processes that are there say of themselves, this one's first. Where nobody can be asked, this one's alone. Does not
   * reject. Answers within about a second.
   */
  announcements(): Promise<readonly string[]>;
  /** Hands every loop over at once, and takes back what was announced. Harmless when repeated. */
  close(): Promise<void>;
}
