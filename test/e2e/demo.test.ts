import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';

describe('npm run demo', () => {
  it('goes on with --console, with a link that signs in, until it is told to stop', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const run = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo/demo.ts', '--console'], { cwd: root });
    const exited = once(run, 'exit');
    let told = '';
    run.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    const link = () => /http:\/\/\S+\/console\/sign-in\?link=[\w-]{43}/.exec(told)?.[0];
    await until('a link to the console', () => link() !== undefined, 60_000);
    const opened = await fetch(link() ?? '', { redirect: 'manual' });
    expect([opened.status, opened.headers.get('location')]).toEqual([303, 'link']);
    run.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(told).toMatch(/All \d+ checks hold/);
  }, 90_000);

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
    expect(run.stdout).toContain('who waited got “The sale of the year”');
    expect(run.status).toBe(0);
  }, 60_000);
});
