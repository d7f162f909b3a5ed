import { setTimeout as wait } from 'node:timers/promises';

const LOOK_AGAIN_MS = 10;

/** Resolves once the condition holds; rejects, naming it, where it does not within the limit. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await wait(LOOK_AGAIN_MS);
  }
}
