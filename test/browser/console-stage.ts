import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import { examine as examineInstallation } from '../../src/commands/doctor/doctor.ts';
import { parseConfig } from '../../src/config/config.ts';
import { readText } from '../../src/config/environment.ts';
import { loadKeys } from '../../src/config/key-files.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { type Service, startService } from '../../src/service/service.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

export type ConsoleStage = {
  readonly emulator: Emulator;
  readonly service: Service;
  readonly call: SignedClient;
  /** Of the API key. */
  readonly secret: string;
  /** A page of its own, of somebody who is signed in. */
  signedIn(options?: {
    readonly role?: 'operator' | 'viewer';
    readonly scripts?: boolean;
    /** The stage’s own unless given. */
    readonly browser?: Browser;
  }): Promise<Page>;
  /** An address that signs in one person. */
  link(): Promise<string>;
  open(page: Page, at: string): Promise<number | undefined>;
  /** The newest delivery to this user. */
  deliveryOf(userId: string): Promise<DeliveryIds>;
  close(): Promise<void>;
};

const COOKIE = { name: 'bellhop_console', domain: '127.0.0.1', path: '/', httpOnly: true, sameSite: 'Strict' } as const;

type DeliveryIds = { readonly id: string; readonly notification_id: string; readonly subscription_id: string };

/** A service with an empty store and a push service beside it, and people who look at its console. */
export async function consoleStage(
  browser: Browser,
  more: Readonly<Record<string, string>> = {},
): Promise<ConsoleStage> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-console-'));
  const emulator = await startEmulator();
  writeFileSync(join(folder, 'ca.pem'), emulator.caPem ?? '');
  const pushes = { PUSH_ALLOWED_HOSTS: emulator.allowedHost, PUSH_CA_FILE: join(folder, 'ca.pem') };
  const pace = { RETRY_BASE_MS: '200', MAX_RETRIES: '20', GONE_GRACE_SECONDS: '0', TRACKING: 'shown,clicked' };
  const config = parseConfig({ PORT: '0', DATA_DIR: folder, ...pushes, ...pace, ...more }, readText);
  const keys = loadKeys(config);
  const log = createLogger({ level: 'silent', pretty: false });
  const environment = { DATA_DIR: folder, ...pushes };
  const examine = (look: { readonly isOffline: boolean }) => examineInstallation(() => environment, look);
  const service = await startService({ config, keys, log, version: '1.2.3', examine });
  const secret = keys.apiKeys[0]?.secret ?? '';
  const call = signedClient(service.address, secret);
  const addressOf = (at: string): string => `${service.address}/console/${at}`;
  return {
    emulator,
    service,
    call,
    secret,
    async signedIn({ role = 'operator', scripts = true, browser: another = browser } = {}) {
      const page = await (await another.createBrowserContext()).newPage();
      if (!scripts) await page.setJavaScriptEnabled(false);
      const { token } = await service.operators.mintLink({ name: 'Ann', role });
      const session = (await service.operators.signInByLink(token)).token;
      await page.browserContext().setCookie({ ...COOKIE, value: session, expires: -1 });
      await page.goto(addressOf('overview'));
      return page;
    },
    async link() {
      const { token } = await service.operators.mintLink({ name: 'Ann', role: 'operator' });
      return addressOf(`sign-in?link=${token}`);
    },
    open: async (page, at) => (await page.goto(addressOf(at), { waitUntil: 'load' }))?.status(),
    async deliveryOf(userId) {
      const { items } = (
        await call('GET', `/v1/deliveries?user_id=${encodeURIComponent(userId).replaceAll("'", '%27')}`)
      ).body;
      return (items as DeliveryIds[])[0] as DeliveryIds;
    },
    async close() {
      await service.stop();
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? '');
}

/** From the box at the top to the verdict: two clicks, and a third is left for Replay. */
export async function searchToVerdict(
  page: Page,
  { userId, state }: { readonly userId: string; readonly state: string },
) {
  await page.type('input[name=q]', userId);
  await Promise.all([page.waitForNavigation(), page.click('.find button')]);
  expect(await textOf(page, 'h1')).toBe(userId);
  await Promise.all([page.waitForNavigation(), page.click(`tbody a:has(.state.${state})`)]);
  return { says: await textOf(page, '#verdict'), all: await textOf(page, '.verdict') };
}
