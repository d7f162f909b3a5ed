import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { clickNotification } from './firefox-chrome.ts';
import { type Stage, setStage } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWithFirefox('a click on a notification in a real Firefox', () => {
  let stage: Stage;
  let page: Page;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage?.strike());
  beforeEach(async () => {
    await stage.reset();
    ({ page } = await stage.subscribe());
  });

  const click = async (title: string, content: object): Promise<void> => {
    const before = stage.site.shown.length;
    await stage.notify({ title, ...content });
    await until('it is shown', () => stage.site.shown.length > before);
    await clickNotification(stage.browser, title);
  };
  const urls = async (): Promise<string[]> => {
    const pages = await stage.browser.pages();
    return pages.map((each) => each.url()).filter((url) => url.startsWith(stage.site.origin));
  };
  const untilOpen = (...paths: string[]) =>
    until(`${paths} are open`, async () => {
      const expected = paths.map((path) => stage.site.origin + path);
      return JSON.stringify((await urls()).toSorted()) === JSON.stringify(expected.toSorted());
    });

  it('leads the page there on which the person has just subscribed', async () => {
    await click('Just now', { url: '/orders/1' });
    await untilOpen('/orders/1');
    expect(stage.site.focused).toHaveLength(1);
  });

  it('leads a page there that the worker controls, with the SDK or without', async () => {
    await page.goto(`${stage.site.origin}/plain`);
    expect(await page.evaluate('!!navigator.serviceWorker.controller && !window.bellhop')).toBe(true);
    await click('Controlled', { url: '/orders/2' });
    await untilOpen('/orders/2');
    expect(stage.site.focused).toHaveLength(1);
  });

  it('brings the page to the front that is open in another part', async () => {
    await page.goto(`${stage.site.origin}/orders/3#lines`);
    await click('Another part', { url: '/orders/3' });
    await until('it comes to the front', () => stage.site.focused.length === 1);
    await untilOpen('/orders/3#lines');
  });

  it('opens a new page where neither worker nor SDK can lead the one that is open', async () => {
    await page.evaluate(`navigator.serviceWorker.getRegistration('/').then((each) => each.unregister())`);
    await page.goto(`${stage.site.origin}/plain`);
    const other = (await stage.subscribe()).page;
    await other.close();
    expect(await page.evaluate('!!navigator.serviceWorker.controller')).toBe(false);
    await click('Nobody leads', { url: '/orders/6' });
    await untilOpen('/plain', '/orders/6');
  });

  it.each([
    ['new_tab', '/orders/4'],
    ['page_tab', '/orders/5'],
  ])('leaves the page alone with %s', async (open_in, url) => {
    await click(`In a ${open_in}`, { url, open_in });
    await untilOpen('/', url);
  });
});
