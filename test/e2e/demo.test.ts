import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

describe('npm run demo', () => {
  it('tells the main job with every check ticked, within 30 s', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const run = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/demo/demo.ts'], {
      cwd: root,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/All \d+ checks hold/);
    expect(run.stdout).not.toContain('✘');
    expect(run.stdout).toContain('old tablet: pending +0.00s → sending');
    expect(run.status).toBe(0);
  }, 60_000);
});
