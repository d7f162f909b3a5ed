import { spawnSync } from 'node:child_process';
import { it } from 'vitest';

const found = spawnSync('promtool', ['--version']).status === 0;

/** A test that runs promtool. With `CI=true` it fails where there is none. */
export function itWithPromtool(name: string, test: () => void): void {
  if (found || process.env.CI === 'true') it(name, test);
  else it.skip(`${name} (skipped: no promtool here; apt-get install prometheus)`);
}

/** Runs it; gives how it ended, and all that it said. */
export function promtool(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}
