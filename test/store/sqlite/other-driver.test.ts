import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { newerNode } from '../../../scripts/newer-node.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

function nodeOrReason(): { path: string } | { reason: string } {
  try {
    return { path: newerNode() };
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return { reason: 'no Node 24 here, and none to be had from the registry' };
  }
}

/** Node 20 has no SQLite of its own, so its turn comes on a newer Node: there both drivers run, and none is skipped. */
describe('the embedded store on Node 24', () => {
  it('passes the same tests on node:sqlite and on libsql', ({ skip }) => {
    const node = nodeOrReason();
    if ('reason' in node) return skip(node.reason);
    const args = [vitest, 'run', '--config', 'test/vitest.config.ts', '--reporter=json', '--no-color'];
    const run = spawnSync(node.path, [...args, 'test/store/sqlite/sqlite-store.test.ts'], {
      cwd: root,
      encoding: 'utf8',
      // Other tests are running the build that this run made.
      env: { ...process.env, NO_COLOR: '1', BUILT_ALREADY: 'true' },
    });
    const report = JSON.parse(run.stdout.slice(run.stdout.indexOf('{"num'))) as Record<string, unknown>;
    expect(report).toMatchObject({ success: true, numFailedTests: 0, numPendingTests: 0 });
    expect(report.numPassedTests).toBeGreaterThan(150);
  }, 400_000);
});
