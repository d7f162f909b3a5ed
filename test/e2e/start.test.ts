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
async function demoPage(environment: Record<string, string>): Promise<{ told: unknown; status: number }> {
  const { PATH = '', HOME = folder } = process.env;
  const env = { PATH, HOME, PORT: '0', DATA_DIR: join(folder, 'data'), ...environment };
  const child = spawn(process.execPath, [BOOTSTRAP, 'start'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, address, demo_page } = JSON.parse(line) as Record<string, string>;
      if (msg !== 'Bellhop is ready') continue;
      return { told: demo_page === `${address}/demo`, status: (await fetch(`${address}/demo`)).status };
    }
    throw new Error('it ended before it was ready');
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

it('npm start switches the demo page on and says where it is', async () => {
  expect(await demoPage({})).toEqual({ told: true, status: 200 });
});

it.each([
  ['the environment says so', { DEMO_PAGE: 'false' }, ''],
  ['.env says so', {}, 'DEMO_PAGE=false\n'],
  ['it is production', { NODE_ENV: 'production' }, ''],
  ['.env says that it is production', {}, 'NODE_ENV="production"\n'],
])('npm start leaves it off where %s', async (_, environment, dotEnv) => {
  if (dotEnv !== '') writeFileSync(join(folder, '.env'), dotEnv);
  expect(await demoPage(environment)).toEqual({ told: false, status: 404 });
});
