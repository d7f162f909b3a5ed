import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { BellhopEvent } from '../domain/events.ts';

type Failure = Extract<BellhopEvent, { type: 'part.failed' }>;

/** While a server is away, every job and every call fails alike: one line tells it, and then one at most in this time. */
const QUIET_MS = 10_000;

/** Writes a line for the first of equal failures, and how many more there were with the next line that is due. */
export function createFailureLog(log: Logger, clock: Clock): (failure: Failure) => void {
  const told = new Map<string, { untilMs: number; unsaid: number }>();
  return (failure) => {
    const error = textOf(failure.error);
    const key = `${failure.part} ${error}`;
    const nowMs = clock.now();
    const last = told.get(key);
    if (last !== undefined && nowMs < last.untilMs) {
      last.unsaid += 1;
      return;
    }
    // Texts that vary must not fill the memory.
    if (told.size > 100) told.clear();
    told.set(key, { untilMs: nowMs + QUIET_MS, unsaid: 0 });
    const repeated = last === undefined || last.unsaid === 0 ? {} : { repeated: last.unsaid };
    log.error(
      { event: failure.type, part: failure.part, error, ...repeated },
      `${failure.part} failed; it tries again`,
    );
  };
}

/** A store or network error can carry anything, so only its kind and message are written, not its whole object. */
function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'not an error object';
}
