import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAIN_PAGES } from '../../scripts/bench/console/pages.ts';
import { launchChromium } from '../../scripts/chromium.ts';
import { CASES, HOSTILE, makeWorld } from '../../scripts/console-world.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { FOUR_LOOKS, lookAt, nameOf, TWO_LOOKS } from './console-looks.ts';
import { type ConsoleStage, consoleStage, searchToVerdict, textOf } from './console-stage.ts';

const EMPTY_PAGES = [...PLAIN_PAGES, 'bulk-plan?action=discard', 'user?id=nobody'];

let browser: Browser;
let stage: ConsoleStage;

async function fullPages(): Promise<readonly string[]> {
  const { id, notification_id: notification, subscription_id: subscription } = await stage.deliveryOf('drew');
  const experiment = await experimented();
  const pages = [`delivery?id=${id}`, `notification?id=${notification}`, `subscription?id=${subscription}`];
  return [
    ...EMPTY_PAGES,
    'bulk-plan?action=replay',
    'user?id=ada',
    'user?id=mary&type=digest.daily',
    'audiences?tags=beta',
    ...pages,
    'experiment?key=greeting',
    `notification?id=${experiment}`,
  ];
}

/** A notification that says hello in two ways, each of them delivered to somebody. */
async function experimented(): Promise<string> {
  const [user_ids, type] = [Array.from({ length: 12 }, (_, index) => `reader-${index}`), 'news'];
  for (const user_id of user_ids) {
    const { subscription } = stage.emulator.createDevice();
    await stage.call('POST', '/v1/subscriptions', { body: { user_id, ...subscription } });
  }
  const variants = [
    { key: 'short', weight: 1, title: 'Hello' },
    { key: 'long', weight: 1, title: 'A very good morning to you', body: HOSTILE },
  ];
  const body = { type, user_ids, variants, experiment: { key: 'greeting' } };
  const sent = await stage.call('POST', '/v1/notifications', { body });
  const id = sent.body.id as string;
  await until('it is fanned out', async () => {
    const found = (await stage.call('GET', `/v1/notifications/${id}`)).body as { status: string };
    return found.status !== 'accepted';
  });
  return id;
}

async function lookAtAll(page: Page, pages: readonly string[], what: string, looks = FOUR_LOOKS): Promise<void> {
  for (const at of pages) {
    expect([at, await stage.open(page, at)]).toEqual([at, 200]);
    await lookAt(page, `${what} ${nameOf(at)}`, looks);
  }
}

describeWithChromium('the console in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    stage = await consoleStage(browser);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  describe('with an empty store', () => {
    it('has pages that axe finds nothing on, light and dark, on a phone and on a desk', async () => {
      const page = await stage.signedIn();
      const trouble = troubleOn(page);
      await lookAtAll(page, EMPTY_PAGES, 'empty', TWO_LOOKS);
      expect(trouble).toEqual([]);
    }, 180_000);
  });

  describe('with what the emulator can make', () => {
    beforeAll(() => makeWorld({ call: stage.call, pushService: stage.emulator }), 60_000);

    it.each(CASES)(
      'tells in three clicks why $userId’s is $state',
      async ({ userId, state, says, remedy }) => {
        const page = await stage.signedIn();
        const trouble = troubleOn(page);
        const verdict = await searchToVerdict(page, { userId, state });
        expect(verdict.says).toContain(says);
        if (remedy !== null) expect(verdict.all).toContain(remedy);
        if (state === 'failed' || state === 'expired')
          expect(await textOf(page, 'form[action=replay] button')).toBe('Replay');
        expect(trouble).toEqual([]);
        await page.browserContext().close();
      },
      30_000,
    );

    it('tells of who has no device on the first page', async () => {
      const page = await stage.signedIn();
      await stage.open(page, 'user?id=nobody-here');
      expect(await textOf(page, '.lead')).toBe('No active device: nothing can be sent.');
    });

    it('has pages that axe finds nothing on, and that keep to their policy', async () => {
      const page = await stage.signedIn();
      const trouble = troubleOn(page);
      await lookAtAll(page, await fullPages(), 'full');
      expect(trouble).toEqual([]);
    }, 240_000);

    it('does all of it without JavaScript', async () => {
      const page = await stage.signedIn({ scripts: false });
      await page.type('input[name=q]', 'drew');
      await Promise.all([page.waitForNavigation(), page.click('.find button')]);
      await Promise.all([page.waitForNavigation(), page.click('tbody a:has(.state.failed)')]);
      await Promise.all([page.waitForNavigation(), page.click('form[action=replay] button')]);
      expect(await textOf(page, '.done')).toContain('It is sent again.');
      for (const at of await fullPages()) expect([at, await stage.open(page, at)]).toEqual([at, 200]);
      await Promise.all([page.waitForNavigation(), page.click('form[action=sign-out] button')]);
      expect(page.url()).toBe(`${stage.service.address}/console/sign-in`);
    }, 60_000);

    it('goes by the keyboard alone, and begins with the way past the menu', async () => {
      const page = await stage.signedIn();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('content');
      await page.focus('input[name=q]');
      await page.keyboard.type('mila');
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      for (let tabs = 0; tabs < 40; tabs += 1) {
        await page.keyboard.press('Tab');
        if (await page.evaluate('document.activeElement.matches("a:has(.state.failed)")')) break;
      }
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      expect(await textOf(page, '#verdict')).toContain('Refused because of our key');
    }, 30_000);

    it('shows what callers wrote as text', async () => {
      const page = await stage.signedIn();
      const trouble = troubleOn(page);
      const userId = HOSTILE.slice(0, 128);
      await stage.open(page, `user?id=${encodeURIComponent(userId)}`);
      expect(await textOf(page, 'h1')).toBe(userId);
      const { id, notification_id: notification } = await stage.deliveryOf(userId);
      for (const at of [`notification?id=${notification}`, `delivery?id=${id}`, 'notifications']) {
        await stage.open(page, at);
        expect(await page.$('main img, main script'), at).toBeNull();
        expect(await page.title(), at).not.toBe('harmed');
      }
      expect(trouble).toEqual([]);
    }, 30_000);

    it('signs in by a link, and leaves its token neither on the page nor in the history', async () => {
      const page = await (await browser.createBrowserContext()).newPage();
      await page.goto(await stage.link());
      expect(page.url()).toBe(`${stage.service.address}/console/link`);
      await Promise.all([page.waitForNavigation(), page.click('button')]);
      expect(page.url()).toBe(`${stage.service.address}/console/overview`);
      const { entries } = await (await page.createCDPSession()).send('Page.getNavigationHistory');
      expect(entries.map(({ url }) => url).filter((url) => url.includes('link='))).toEqual([]);
      expect(await page.evaluate('document.cookie')).toBe('');
    });

    it('shows what changes by itself, but not while one reads', async () => {
      const page = await stage.signedIn();
      await page.waitForFunction('document.querySelector("[data-stream-state]").textContent === "Live."');
      const before = Number(await textOf(page, '[data-live="ended delivered"]'));
      await page.focus('.tabs a');
      const { subscription } = stage.emulator.createDevice({
        applicationServerKey: String((await stage.call('GET', '/v1/push/public-key')).body.public_key),
      });
      await stage.call('POST', '/v1/subscriptions', { body: { user_id: 'lena', ...subscription } });
      await page.waitForFunction(
        'document.querySelector("[data-stream-state]").textContent.includes("waits while you read")',
      );
      expect(Number(await textOf(page, '[data-live="ended delivered"]'))).toBe(before);
      await page.evaluate('document.activeElement.blur()');
      await page.waitForFunction('document.querySelector("[data-stream-state]").textContent === "Live."');
    }, 30_000);

    it('is framed by no page, of the same machine either', async () => {
      const page = await stage.signedIn();
      const refused: string[] = [];
      page.on('console', (message) => void refused.push(message.text()));
      // A page of another port is the same site: it gets the session, but not the page.
      const framing = createServer((_, answer) => {
        answer.setHeader('Content-Type', 'text/html');
        answer.end(`<title>Win</title><iframe src="${stage.service.address}/console/overview"></iframe>`);
      });
      await new Promise<void>((resolve) => framing.listen(0, '127.0.0.1', resolve));
      try {
        await page.goto(`http://127.0.0.1:${(framing.address() as AddressInfo).port}/`);
        const [frame] = page.mainFrame().childFrames();
        expect(await frame?.$('main')).toBeNull();
        expect(refused.join()).toMatch(/frame-ancestors 'none'/);
      } finally {
        framing.close();
      }
    });
  });
});
