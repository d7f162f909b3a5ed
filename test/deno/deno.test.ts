import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { denoOrReason } from '../support/deno.ts';
import { describeWithMongod } from '../support/mongodb.ts';
import { describeWithRedis } from '../support/redis.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const deno = denoOrReason();

const folder = mkdtempSync(join(tmpdir(), 'bellhop-deno-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
  it.each([[[]], [['--allow-read']], [['--allow-read', '--allow-env', '--allow-sys', '--allow-ffi', '--allow-write']]])(
    'says in two lines what Deno denies with the flags %j, and how to allow it',
    async (flags) => {
      const env = {
        PATH: process.env.PATH ?? '',
        NO_COLOR: '1',
        DENO_NO_UPDATE_CHECK: '1',
        PORT: '0',
        DATA_DIR: folder,
      };
      const given = ['run', '--no-prompt', '--node-modules-dir=manual', ...flags, join(ROOT, 'src/main.ts')];
      const ended = await promisify(execFile)(deno, given, { cwd: folder, env }).catch((error) => error);
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toMatch(/^Deno does not let Bellhop work: .*\n.*--allow-all\.\n$/);
    },
    30_000,
  );

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
