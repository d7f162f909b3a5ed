import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAIN_PAGES } from '../../scripts/bench/console/pages.ts';
import { launchChromium } from '../../scripts/chromium.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { type ConsoleStage, consoleStage, textOf } from './console-stage.ts';
import { tabTo, walkFocus } from './focus-walk.ts';

let browser: Browser;
let stage: ConsoleStage;

/** Two dead letters of ada, and a schedule. */
async function fill({ call, emulator }: ConsoleStage): Promise<void> {
  for (const status of [400, 413]) {
    const { subscription } = emulator.createDevice({ behaviour: [{ status }] });
    await call('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...subscription } });
  }
  await call('POST', '/v1/notifications', { body: { type: 'note', title: 'Hello', user_ids: ['ada'] } });
  const notification = { type: 'note', title: 'Good morning', audience: { tags: 'staff' } };
  const body = { cron: '0 9 * * 1-5', time_zone: 'Europe/Berlin', notification };
  await call('PUT', '/v1/schedules/weekday', { body });
  await until('both are given up', async () => {
    const { items } = (await call('GET', '/v1/dead-letters')).body as { items: readonly unknown[] };
    return items.length === 2;
  });
}

/** What is pressed leads to another page, or to the same one anew. */
const follow = (page: Page, press: () => Promise<unknown>) => Promise.all([page.waitForNavigation(), press()]);
const enter = (page: Page) => follow(page, () => page.keyboard.press('Enter'));

describeWithChromium('the console by hand, in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    stage = await consoleStage(browser);
    await fill(stage);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  describe('by keyboard alone', () => {
    it('comes to everything on each page once, in the order in which it is read, and shows where it is', async () => {
      const page = await stage.signedIn();
      const { id, notification_id: notification, subscription_id: subscription } = await stage.deliveryOf('ada');
      const pages = [`delivery?id=${id}`, `notification?id=${notification}`, `subscription?id=${subscription}`];
      const others = ['bulk-plan?action=replay', 'user?id=ada', 'schedule?key=weekday', 'erase-user?id=ada'];
      for (const at of [...PLAIN_PAGES, ...pages, ...others]) {
        await stage.open(page, at);
        const { stops, walked, moved } = await walkFocus(page);
        // A page may begin at its main field.
        const first = walked[0]?.at ?? 0;
        const inOrder = Array.from({ length: stops }, (_, index) => (first + index) % stops);
        expect([at, walked.map((stop) => stop.at)]).toEqual([at, inOrder]);
        expect([at, walked.filter(({ isVisible }) => !isVisible)]).toEqual([at, []]);
        expect([at, moved]).toEqual([at, []]);
      }
      await page.setViewport({ width: 390, height: 844 });
      expect((await walkFocus(page)).moved).toEqual([]);
    }, 180_000);

    it('signs in by the secret, and by a link', async () => {
      const page = await (await browser.createBrowserContext()).newPage();
      const trouble = troubleOn(page);
      await page.goto(`${stage.service.address}/console/audit`);
      await tabTo(page, 'input[name=secret]');
      await page.keyboard.type(stage.secret);
      await enter(page);
      expect(await textOf(page, 'h1')).toBe('Audit log');
      await tabTo(page, 'form[action=sign-out] button');
      await enter(page);
      await page.goto(await stage.link());
      // The button has the focus from the start, once the page is drawn.
      await page.waitForFunction('document.activeElement?.matches("main button")');
      await enter(page);
      expect(await textOf(page, '.who')).toContain('Ann');
      expect(trouble).toEqual([]);
    }, 60_000);

    it('replays a delivery', async () => {
      const page = await stage.signedIn();
      await stage.open(page, `delivery?id=${(await stage.deliveryOf('ada')).id}`);
      await tabTo(page, 'form[action=replay] button');
      await enter(page);
      expect(await textOf(page, '.done')).toContain('It is sent again.');
    }, 60_000);

    it('plans a bulk replay, begins it, and comes back to the list', async () => {
      const page = await stage.signedIn();
      await stage.open(page, 'dead-letters');
      await tabTo(page, 'a[href^="bulk-plan?action=replay"]');
      await enter(page);
      await tabTo(page, 'form[action=start-bulk] button');
      await enter(page);
      expect(await textOf(page, 'h1')).toMatch(/^Replay: (running|completed)$/);
      await tabTo(page, '.path a');
      await enter(page);
      expect(await textOf(page, 'h1')).toBe('Dead letters');
    }, 60_000);

    it('asks twice before it deletes', async () => {
      const page = await stage.signedIn();
      await stage.open(page, `subscription?id=${(await stage.deliveryOf('ada')).subscription_id}`);
      await tabTo(page, '.sure > summary');
      await page.keyboard.press('Enter');
      await tabTo(page, 'form[action=delete-subscription] button');
      await enter(page);
      expect(await textOf(page, '.done')).toBe('Deleted.');
    }, 60_000);
  });

  describe('without JavaScript', () => {
    it('plans a bulk discard, begins it, and looks how far it got', async () => {
      const page = await stage.signedIn({ scripts: false });
      await stage.open(page, 'dead-letters');
      await follow(page, () => page.click('a[href^="bulk-plan?action=discard"]'));
      expect(await textOf(page, 'main .lead')).toContain('meant.');
      await follow(page, () => page.click('form[action=start-bulk] button'));
      expect(await textOf(page, '.done')).toContain('It is being done.');
      const at = page.url();
      await until('it is done', async () => {
        await page.goto(at);
        return (await textOf(page, 'h1')) === 'Discard: completed';
      });
      expect(await textOf(page, '[data-says]')).toMatch(/^(\d+) of \1$/);
    }, 60_000);

    it('says what holds for a user', async () => {
      const page = await stage.signedIn({ scripts: false });
      await stage.open(page, 'user?id=ada');
      await page.click('details:has(form[action=patch-user]) summary');
      await page.type('input[name=time_zone]', 'Europe/Berlin');
      await page.type('textarea[name=wishes]', 'digest.* no');
      await follow(page, () => page.click('form[action=patch-user] button'));
      expect(await textOf(page, '.done')).toBe('Saved.');
      expect(await textOf(page, 'main')).toContain('does not want digest.*');
      expect(await textOf(page, '.facts')).toContain('Europe/Berlin');
    }, 60_000);

    it('pauses a schedule, and goes on with it', async () => {
      const page = await stage.signedIn({ scripts: false });
      await stage.open(page, 'schedule?key=weekday');
      await follow(page, () => page.click('form[action=pause-schedule] button'));
      expect(await textOf(page, 'main .state')).toBe('paused');
      await follow(page, () => page.click('form[action=go-on-with-schedule] button'));
      expect(await page.$('form[action=pause-schedule]')).not.toBeNull();
    }, 60_000);
  });
});
