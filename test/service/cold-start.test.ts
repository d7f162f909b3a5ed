import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';

const LOADED_LATER = ['intl-messageformat', 'icu-messageformat-parser', 'croner', 'mongodb', 'bee-queue', 'ioredis'];

let folder: string;
let service: ServiceProcess | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-cold-'));
  service = null;
});
afterEach(async () => {
  await service?.stop('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

/** A module that has Node write down the address of each module that it loads. */
function writeDown(list: string): string {
  const hooks = `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(list)}, url + '\\n');
  return next(url, context);
}`;
  const preload = join(folder, 'preload.mjs');
  writeFileSync(join(folder, 'hooks.mjs'), hooks);
  writeFileSync(preload, `import { register } from 'node:module';\nregister('./hooks.mjs', import.meta.url);\n`);
  return `--import=${pathToFileURL(preload)}`;
}

it('a start loads none of what few need, and a pattern the library that reads it', async () => {
  const list = join(folder, 'loaded.txt');
  service = await startServiceProcess({
    folder,
    environment: { NODE_OPTIONS: `${writeDown(list)} --disable-warning=DEP0205` },
  });
  const loaded = () => {
    const urls = readFileSync(list, 'utf8');
    return LOADED_LATER.filter((name) => urls.includes(`/${name}/`));
  };
  expect(readFileSync(list, 'utf8')).toContain('/dist/main.js');
  expect(loaded()).toEqual([]);
  const call = signedClient(service.address, service.secret);
  const plain = { type: 'a', title: 'Hi', user_ids: ['ada'] };
  expect((await call('POST', '/v1/notifications', { body: plain })).status).toBe(202);
  expect(loaded()).toEqual([]);
  const body = { template: { default_locale: 'en', variables: {}, locales: { en: { title: 'Hi' } } }, variables: {} };
  expect((await call('POST', '/v1/templates/preview', { body })).status).toBe(200);
  expect(loaded()).toEqual(['intl-messageformat', 'icu-messageformat-parser']);
}, 30_000);
