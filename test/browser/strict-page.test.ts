import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { describeWithFirefox } from './firefox.ts';
import { startSite } from './site.ts';
import { clickSubscribe, type Stage, setStage } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWithFirefox('a page with the strictest policy, in a real Firefox', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage?.strike());

  it('subscribes, and is told of a push', async () => {
    const page = await stage.open('/strict/');
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    await stage.notify({ title: 'Strictly' });
    await until('the page hears of it', async () => (await page.evaluate('messages.length')) === 1);
    expect(await page.evaluate('messages')).toMatchObject([{ kind: 'shown', notification: { title: 'Strictly' } }]);
  });

  it('subscribes where monitoring adds headers to every call', async () => {
    const page = await stage.open('/elsewhere');
    await page.evaluate(`{
      const { fetch } = window;
      window.fetch = (url, init = {}) => {
        const headers = new Headers(init.headers);
        headers.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
        headers.set('x-monitoring', '1');
        return fetch(url, { ...init, headers });
      };
    }`);
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
  });
});

describeWithChromium('a page with the strictest policy, in a real Chromium', () => {
  it('installs its worker', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-strict-'));
    const site = await startSite();
    const browser = await launchChromium();
    const service = await startServiceProcess({ folder, environment: { CORS_ALLOWED_ORIGINS: site.origin } });
    try {
      Object.assign(site.state, { bellhop: service.address, secret: service.secret });
      const granted = { permission: { name: 'notifications' }, state: 'granted' } as const;
      await browser.defaultBrowserContext().setPermission(site.origin, granted);
      const page = await browser.newPage();
      const trouble = troubleOn(page);
      await page.goto(`${site.origin}/strict/`);
      await until('the SDK is loaded', async () => (await page.evaluate('window.bellhop !== undefined')) === true);
      // Its push service is on the internet.
      await page.evaluate(`PushManager.prototype.subscribe = () => Promise.reject(new Error('offline'))`);
      expect(await clickSubscribe(page)).toMatchObject({ code: 'subscribe_failed' });
      const active = `navigator.serviceWorker.getRegistration('/strict/').then(({ active }) => active.state)`;
      expect(await page.evaluate(active)).toBe('activated');
      // The site has no favicon.
      expect(trouble.filter((each) => !each.includes('404'))).toEqual([]);
    } finally {
      await browser.close();
      await service.stop('SIGKILL');
      await site.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
