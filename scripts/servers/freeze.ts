import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_AGAIN_MS = 5;

/**
 * Stops a process without ending it, until SIGCONT. Resolves once every thread of it stands still, where Linux tells:
 * the signal reaches them one after the other, and one may still answer in between.
 */
export async function freeze(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  const threads = `/proc/${child.pid}/task`;
  while (existsSync(threads) && !readdirSync(threads).every((thread) => isStopped(`${threads}/${thread}/stat`))) {
    await wait(LOOK_AGAIN_MS);
  }
}

function isStopped(path: string): boolean {
  try {
    // The state follows the name, which stands in brackets and may hold anything.
    return readFileSync(path, 'utf8').split(') ').at(-1)?.startsWith('T') === true;
  } catch {
    return true;
  }
}
