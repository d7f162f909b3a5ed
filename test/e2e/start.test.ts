import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const BOOTSTRAP = fileURLToPath(new URL('../../scripts/bootstrap.cjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What `npm start` says of the demo page, and what is served there. */
async function demoPage(environment: Record<string, string>) {
  const warnings: string[] = [];
  const { PATH = '', HOME = folder } = process.env;
  const env = { PATH, HOME, PORT: '0', DATA_DIR: join(folder, 'data'), ...environment };
  const child = spawn(process.execPath, [BOOTSTRAP, 'start'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { level, msg = '', address = '', demo_page } = JSON.parse(line) as Record<string, string>;
      if (level === 'warn') warnings.push(msg);
      if (msg !== 'Bellhop is ready') continue;
      const local = address.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]');
      return { told: demo_page === `${address}/demo`, status: (await fetch(`${local}/demo`)).status, warnings };
    }
    throw new Error('it ended before it was ready');
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

it('npm start switches the demo page on and says where it is', async () => {
  expect(await demoPage({})).toMatchObject({ told: true, status: 200 });
});

it('npm start opens it on all addresses where somebody says so, with a warning', async () => {
  const { warnings, ...page } = await demoPage({ HOST: '0.0.0.0', DEMO_PAGE: 'true' });
  expect(page).toEqual({ told: true, status: 200 });
  expect(warnings.filter((msg) => msg.includes('whoever can reach http://0.0.0.0:'))).toHaveLength(1);
});

it.each([
  ['the environment says so', { DEMO_PAGE: 'false' }, ''],
  ['.env says so', {}, 'DEMO_PAGE=false\n'],
  ['it is production', { NODE_ENV: 'production' }, ''],
  ['.env says that it is production', {}, 'NODE_ENV="production"\n'],
  ['it listens on all addresses', { HOST: '0.0.0.0' }, ''],
  ['.env has it listen on all addresses', {}, 'HOST=0.0.0.0\n'],
  ['it listens on all addresses of IPv6, too', { HOST: '::' }, ''],
])('npm start leaves it off where %s', async (_, environment, dotEnv) => {
  if (dotEnv !== '') writeFileSync(join(folder, '.env'), dotEnv);
  expect(await demoPage(environment)).toMatchObject({ told: false, status: 404 });
});
