import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type SignedClient, signedClient } from '../../scripts/signed-client.ts';
import type { BellhopStatus } from '../../src/sdk/public.ts';
import { until } from '../support/until.ts';
import { launchFirefox } from './firefox.ts';
import { setNotificationPermission } from './firefox-chrome.ts';
import { type MozillaPushServer, startMozillaPushServer } from './mozilla-push-server.ts';
import { type Site, startSite } from './site.ts';

/** As `GET /v1/subscriptions` has it. */
export type Row = {
  readonly id: string;
  readonly user_id: string;
  readonly active: boolean;
  readonly retired_reason: string | null;
  readonly updated_at: string;
  readonly vapid_public_key: string;
  readonly time_zone: string | null;
};

export type Stage = Awaited<ReturnType<typeof setStage>>;

/**
 * A Firefox, its push service, a web site, and Bellhop as a process: all real, each on a port of its own. Pages of more
 * origins may call.
 */
export async function setStage(moreOrigins: readonly string[] = [], settings: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-browser-'));
  const pushServer = await startMozillaPushServer();
  const site = await startSite();
  writeFileSync(join(folder, 'ca.pem'), pushServer.caPem);
  // Before the service: where there is no Firefox, no process is left behind.
  const browser = await launchFirefox(pushServer);
  const origins = [site.origin, ...moreOrigins];
  let service = await startBellhop(folder, pushServer, origins, site, settings);
  const { address } = service;
  const call: SignedClient = (method, path, options) => signedClient(address, service.secret)(method, path, options);
  const rows = async (userId = 'ada'): Promise<Row[]> => {
    const answer = await call('GET', `/v1/subscriptions?user_id=${userId}&include_inactive=true`);
    return answer.body.items as Row[];
  };
  /** `before` runs before the page’s own scripts. */
  const open = (path = '/', before = '') => openPage(browser, `${site.origin}${path}`, before);
  return {
    folder,
    pushServer,
    site,
    browser,
    call,
    rows,
    open,
    publicKey: () => service.publicKey,
    stopBellhop: async () => void (await service.stop('SIGTERM')),
    /** On the same port, with what is in the data folder by now. */
    async startBellhop(): Promise<void> {
      service = await startBellhop(folder, pushServer, origins, site, { ...settings, PORT: new URL(address).port });
    },
    /** Opens the page, clicks its button, and has the row that came of it. */
    async subscribe(): Promise<{ page: Page; row: Row }> {
      const page = await open();
      const status = await clickSubscribe(page);
      if (status.state !== 'subscribed') throw new Error(`not subscribed: ${JSON.stringify(status)}`);
      const row = (await rows(site.state.userId)).find(({ id }) => id === status.subscriptionId);
      if (row === undefined) throw new Error('the row of the SDK’s subscription id is missing');
      return { page, row };
    },
    async notify(content: Record<string, unknown> = {}): Promise<string> {
      const body = { type: 'order.shipped', title: 'On its way', user_ids: [site.state.userId], ...content };
      const answer = await call('POST', '/v1/notifications', { body });
      if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
      return String(answer.body.id);
    },
    /** Once the only delivery of the notification is over. */
    async deliveryOf(notificationId: string): Promise<Record<string, unknown>> {
      let delivery: Record<string, unknown> | undefined;
      await until(`the delivery of ${notificationId} ends`, async () => {
        const answer = await call('GET', `/v1/notifications/${notificationId}/deliveries`);
        delivery = (answer.body.items as Record<string, unknown>[])[0];
        return !['pending', 'sending', undefined].includes(delivery?.state as string | undefined);
      });
      return delivery ?? {};
    },
    /** As new: nobody is subscribed, no page of the site is open, and nothing is on record. */
    async reset(): Promise<void> {
      Object.assign(site.state, { userId: 'ada', endedTokens: 0, refusals: [] });
      await setNotificationPermission(browser, site.origin, 'allow');
      const page = await open();
      await page.evaluate('bellhop.unsubscribe()');
      for (const each of await browser.pages()) if (each.url().startsWith(site.origin)) await each.close();
      for (const row of [...(await rows('ada')), ...(await rows('grace'))]) {
        await call('DELETE', `/v1/subscriptions/${row.id}`);
      }
      if (pushServer.live().length > 0) throw new Error('the browser did not unsubscribe');
      const { channels, acks, unregistrations, pushes } = pushServer;
      for (const list of [site.requests, site.shown, site.focused, channels, acks, unregistrations, pushes])
        list.length = 0;
    },
    async strike(): Promise<void> {
      await browser.close();
      await service.stop('SIGKILL');
      await Promise.all([site.close(), pushServer.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startBellhop(
  folder: string,
  pushServer: MozillaPushServer,
  origins: readonly string[],
  site: Site,
  settings: Readonly<Record<string, string>>,
) {
  const environment = {
    PORT: '0',
    PUSH_ALLOWED_HOSTS: pushServer.allowedHost,
    PUSH_CA_FILE: join(folder, 'ca.pem'),
    CORS_ALLOWED_ORIGINS: origins.join(','),
    GONE_GRACE_SECONDS: '0',
    ...settings,
  };
  const service: ServiceProcess = await startServiceProcess({ folder, environment });
  Object.assign(site.state, { bellhop: service.address, secret: service.secret });
  return service;
}

/** Resolves once the SDK is there. */
async function openPage(browser: Browser, url: string, before: string): Promise<Page> {
  const page = await browser.newPage();
  if (before !== '') await page.evaluateOnNewDocument(before);
  await page.goto(url);
  await until('the SDK is loaded', async () => (await page.evaluate('window.bellhop !== undefined')) === true);
  return page;
}

/** By a click, as a person does. What `subscribe()` resolved with, or the code that it rejected with. */
export async function clickSubscribe(page: Page): Promise<BellhopStatus & { code?: string }> {
  await page.click('#subscribe');
  return (await page.evaluate('window.subscribed')) as BellhopStatus & { code?: string };
}

export async function statusOn(page: Page): Promise<BellhopStatus> {
  return (await page.evaluate('bellhop.status()')) as BellhopStatus;
}
