import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { denoOrReason } from '../support/deno.ts';
import { describeWithMongod } from '../support/mongodb.ts';
import { describeWithRedis } from '../support/redis.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const deno = denoOrReason();

/** The demo, which tells the main job from the first call to the last, with the service on Deno. */
async function tellOnDeno(...args: string[]): Promise<void> {
  // Not waited for with a blocked event loop: it reads what the servers write, who stop when nobody does.
  const run = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'scripts/demo/demo.ts', '--deno', ...args],
    { cwd: ROOT, timeout: 60_000 },
  );
  expect(run.stderr).toBe('');
  expect(run.stdout).toContain('Start the service with Deno');
  expect(run.stdout).toMatch(/All \d+ checks hold/);
  expect(run.stdout).not.toContain('✘');
}

if (typeof deno !== 'string') {
  it.skip(deno.reason);
} else {
  it('the main job on Deno, on the embedded default', () => tellOnDeno(), 60_000);

  describeWithRedis('the main job on Deno', () =>
    describeWithMongod('with servers', () => {
      it('on MongoDB and Redis', async () => {
        const [redis, mongo] = await Promise.all([startRedisServer(), startMongod()]);
        try {
          await tellOnDeno('--redis', redis.url, '--mongodb', mongo.url);
        } finally {
          await Promise.all([redis.stop(), mongo.stop()]);
        }
      }, 90_000);
    }),
  );
}
