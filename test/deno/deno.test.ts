import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startMongod } from '../../scripts/servers/mongod.ts';
import { startRedisServer } from '../../scripts/servers/redis-server.ts';
import { startServiceProcess } from '../../scripts/service-process.ts';
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

  it('makes the text of a template on Deno, with plurals and dates', async () => {
    const own = mkdtempSync(join(folder, 'template-'));
    const service = await startServiceProcess({ folder: own, deno });
    try {
      const template = {
        default_locale: 'en',
        variables: { n: 'number', at: 'datetime' },
        locales: {
          en: { title: '{n, plural, one {# parcel} other {# parcels}}', body: '{at, date, full}' },
          pl: { title: '{n, plural, one {# paczka} few {# paczki} many {# paczek} other {# paczki}}' },
          de: { title: '{n, number} Pakete', body: '{at, date, long}, {at, time, short}' },
        },
      };
      const answer = await fetch(`${service.address}/v1/templates/preview`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${service.secret}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          template,
          variables: { n: 1005, at: '2026-03-29T23:30:00Z' },
          time_zone: 'Europe/Berlin',
        }),
      });
      const { items } = (await answer.json()) as { items: { locale: string; title: string; body: string | null }[] };
      expect(items.map(({ locale, title, body }) => [locale, title, body])).toEqual([
        ['de', '1.005 Pakete', '30. März 2026, 01:30'],
        ['en', '1,005 parcels', 'Monday, March 30, 2026'],
        ['pl', '1005 paczek', null],
      ]);
    } finally {
      await service.stop('SIGTERM');
    }
  }, 60_000);

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
