import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { clickNotification, closeNotification, endWorker, pressAction } from './firefox-chrome.ts';
import { clickSubscribe, type Stage, setStage } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Counts = { readonly shown: number; readonly clicked: number; readonly closed: number; readonly actions: object };

describeWithFirefox('receipts of a real Firefox', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage([], { TRACKING: 'shown,clicked,closed' });
  });
  afterAll(() => stage?.strike());
  beforeEach(() => stage.reset());

  const countsOf = async (id: string): Promise<Counts> =>
    (await stage.call('GET', `/v1/notifications/${id}`)).body.receipts as Counts;
  const untilTold = (id: string, expected: Partial<Counts>) =>
    until(`it is told: ${JSON.stringify(expected)}`, async () => {
      const counts = await countsOf(id);
      return Object.entries(expected).every(([name, count]) => counts[name as keyof Counts] === count);
    });
  const show = async (content: object): Promise<string> => {
    const before = stage.site.shown.length;
    const id = await stage.notify({ ...content });
    await until('it is shown', () => stage.site.shown.length > before);
    return id;
  };
  const subscribeAt = async (path: string): Promise<Page> => {
    const page = await stage.open(path);
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    return page;
  };

  it('tell which button was pressed, and of a closed one that it was closed', async () => {
    await stage.subscribe();
    const actions = [{ action: 'track', title: 'Track', url: '/track' }];
    const pressed = await show({ title: 'Press', actions });
    await untilTold(pressed, { shown: 1 });
    await pressAction(stage.browser, 'Press', 'track');
    await untilTold(pressed, { clicked: 1 });
    const closed = await show({ title: 'Close' });
    await closeNotification(stage.browser, 'Close');
    await untilTold(closed, { shown: 1, closed: 1 });
    expect(await countsOf(closed)).toEqual({ shown: 1, clicked: 0, closed: 1, actions: {}, is_counting: false });
    // By then it would have been told, had the click been taken for a closing.
    expect(await countsOf(pressed)).toEqual({
      shown: 1,
      clicked: 1,
      closed: 0,
      actions: { track: 1 },
      is_counting: false,
    });
  });

  it('come once from a site that is open in two tabs', async () => {
    const { page } = await stage.subscribe();
    await stage.open('/second');
    await page.bringToFront();
    const id = await show({ title: 'Two tabs', url: '/second' });
    await clickNotification(stage.browser, 'Two tabs');
    await untilTold(id, { shown: 1, clicked: 1 });
    const next = await show({ title: 'Next' });
    await untilTold(next, { shown: 1 });
    expect(await countsOf(id)).toEqual({ shown: 1, clicked: 1, closed: 0, actions: {}, is_counting: false });
  });

  it('outlive the worker that was ended before the service could be told', async () => {
    await stage.subscribe();
    const id = await show({ title: 'Ended', url: '/ended', open_in: 'new_tab' });
    await untilTold(id, { shown: 1 });
    await endWorker(stage.browser, stage.site.origin);
    await stage.stopBellhop();
    await clickNotification(stage.browser, 'Ended');
    const isOpen = async () => (await stage.browser.pages()).some((page) => page.url().endsWith('/ended'));
    await until('the click has led there', isOpen);
    await endWorker(stage.browser, stage.site.origin);
    await stage.startBellhop();
    await stage.open('/visit');
    await untilTold(id, { clicked: 1 });
    expect(await countsOf(id)).toEqual({ shown: 1, clicked: 1, closed: 0, actions: {}, is_counting: false });
  });

  it('do not come from an earlier worker, which shows all the same, until the site has the present one', async () => {
    await subscribeAt('/earlier-worker');
    const untold = await show({ title: 'Earlier' });
    await stage.deliveryOf(untold);
    const page = await subscribeAt('/');
    await until('the present worker is the active one', async () =>
      String(
        await page.evaluate(`navigator.serviceWorker.getRegistration('/').then((each) => each.active?.scriptURL)`),
      ).endsWith('/bellhop-sw.js'),
    );
    const told = await show({ title: 'Present' });
    await untilTold(told, { shown: 1 });
    expect(await countsOf(untold)).toEqual({ shown: 0, clicked: 0, closed: 0, actions: {}, is_counting: false });
  });

  it('wait beside an earlier SDK on the page, which does not say where the service is, for the present one', async () => {
    const earlier = await subscribeAt('/earlier-page');
    const id = await show({ title: 'Earlier page', url: '/earlier-page' });
    await clickNotification(stage.browser, 'Earlier page');
    await stage.deliveryOf(id);
    await earlier.close();
    await subscribeAt('/');
    await untilTold(id, { shown: 1, clicked: 1 });
  });
});
