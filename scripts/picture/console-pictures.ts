import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { parseConfig } from '../../src/config/config.ts';
import { readText } from '../../src/config/environment.ts';
import { loadKeys } from '../../src/config/key-files.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { type Service, startService } from '../../src/service/service.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { makeWorld } from '../console-world.ts';
import { type SignedClient, signedClient } from '../signed-client.ts';

/** What docs/console.md shows: its address below `/console/`, for whose delivery, and where it is written. */
export const CONSOLE_PICTURES = [
  { path: 'docs/console-delivery.webp', page: 'delivery', userId: 'drew', height: 900 },
  { path: 'docs/console-overview.webp', page: 'overview', userId: null, height: 960 },
] as const;

/** In CSS pixels; the pictures have more, for sharp screens. */
const WIDTH = 1200;
const SCALE = 1.25;

/** The pictures of the console, of a service on which each kind of failure has happened. */
export async function drawConsole(browser: Browser): Promise<readonly { path: string; picture: Uint8Array }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-pictures-'));
  const emulator = await startEmulator();
  writeFileSync(join(folder, 'ca.pem'), emulator.caPem ?? '');
  const pushes = { PUSH_ALLOWED_HOSTS: emulator.allowedHost, PUSH_CA_FILE: join(folder, 'ca.pem') };
  const pace = { RETRY_BASE_MS: '200', MAX_RETRIES: '20', GONE_GRACE_SECONDS: '0' };
  const config = parseConfig({ PORT: '0', DATA_DIR: folder, ...pushes, ...pace }, readText);
  const keys = loadKeys(config);
  const log = createLogger({ level: 'silent', pretty: false });
  const service = await startService({ config, keys, log, version: '1' });
  try {
    const call = signedClient(service.address, keys.apiKeys[0]?.secret ?? '');
    await makeWorld({ call, pushService: emulator });
    return await draw(browser, service, call);
  } finally {
    await service.stop();
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function draw(browser: Browser, service: Service, call: SignedClient) {
  const page = await browser.newPage();
  await page.emulateTimezone('UTC');
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  const { token } = await service.operators.mintLink({ name: 'Ann', role: 'operator' });
  await page.goto(`${service.address}/console/sign-in?link=${token}`);
  await Promise.all([page.waitForNavigation(), page.click('button')]);
  const drawn: { path: string; picture: Uint8Array }[] = [];
  for (const { path, page: name, userId, height } of CONSOLE_PICTURES) {
    await page.setViewport({ width: WIDTH, height, deviceScaleFactor: SCALE });
    const query = userId === null ? '' : `?id=${await deliveryTo(call, userId)}`;
    await page.goto(`${service.address}/console/${name}${query}`);
    drawn.push({ path, picture: await shot(page) });
  }
  await page.close();
  return drawn;
}

function shot(page: Page): Promise<Uint8Array> {
  return page.screenshot({ type: 'webp', quality: 50 });
}

async function deliveryTo(call: SignedClient, userId: string): Promise<string> {
  const { items } = (await call('GET', `/v1/deliveries?user_id=${userId}`)).body as { items: { id: string }[] };
  return items[0]?.id ?? '';
}
