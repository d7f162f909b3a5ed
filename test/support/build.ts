import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds the service once before the tests that run it as a process: they must never test an older build. */
export function setup(): void {
  if (process.env.BUILT_ALREADY === 'true') return;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
}
