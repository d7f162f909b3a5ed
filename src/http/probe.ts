import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';

/** Gives null while a part can be used, else a sentence that says what is wrong and what to do. Does not reject. */
export type Probe = () => Promise<string | null>;

export type ProbeOptions = {
  /** A write that is carried out. Rejects, or never answers, where the part cannot be used now. */
  readonly check: () => Promise<void>;
  /** How the part is called in a sentence. */
  readonly part: string;
  readonly clock: Clock;
  /** Told of an error that has no words for a person. */
  readonly onDefect: (error: unknown) => void;
};

/** Shorter than the usual timeout of whoever asks, who learns nothing otherwise. */
export const READINESS_LIMIT_MS = 2000;

/** An answer holds for so long, however many ask. */
export const ANSWER_KEPT_MS = 1000;

/** A part that worked before is taken to work for so long while a check is under way: a slow moment is no failure. */
export const SLOW_LIMIT_MS = 5000;

/*
 * What is answered:
 *
 *   a check ended less than ANSWER_KEPT_MS ago    what it came to
 *   else                                          what the check under way comes to; one is begun where none is
 *   it takes longer than READINESS_LIMIT_MS       what the check before it came to, until it has taken SLOW_LIMIT_MS; then, and
 *                                                 where there was none before it, that nothing is answered
 *
 * One check at most is under way, whatever hangs, and nobody waits longer than READINESS_LIMIT_MS.
 */
export function createProbe(options: ProbeOptions): Probe {
  const { clock, part } = options;
  let last: { readonly words: string | null; readonly atMs: number } | null = null;
  let underWay: { readonly sinceMs: number; readonly ended: Promise<void> } | null = null;

  const begin = () => {
    const ended = wordsOf(options).then((words) => {
      last = { words, atMs: clock.now() };
      underWay = null;
    });
    return { sinceMs: clock.now(), ended };
  };

  return async () => {
    if (underWay === null && last !== null && isWithin(clock.now() - last.atMs, ANSWER_KEPT_MS)) return last.words;
    underWay ??= begin();
    const { sinceMs, ended } = underWay;
    if (await endsBy(ended, sinceMs + READINESS_LIMIT_MS, clock)) return last?.words ?? null;
    if (last !== null && (last.words !== null || isWithin(clock.now() - sinceMs, SLOW_LIMIT_MS))) return last.words;
    return `${part} has not answered a write in time: check its server, its disk and how busy this machine is.`;
  };
}

/** Not where a clock that was set back makes it negative either. */
function isWithin(ageMs: number, limitMs: number): boolean {
  return ageMs >= 0 && ageMs < limitMs;
}

async function wordsOf({ check, part, onDefect }: ProbeOptions): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    onDefect(error);
    return `${part} fails in a way that is not known: the log has more.`;
  }
}

/** False at that instant; at once where it has passed. */
function endsBy(ended: Promise<void>, atMs: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.wakeAt(atMs, () => resolve(false));
    void ended.then(() => {
      cancel();
      resolve(true);
    });
  });
}
