import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PLAIN_PAGES } from '../../scripts/bench/console/pages.ts';
import { CASES, makeWorld } from '../../scripts/console-world.ts';
import { troubleOn } from './chromium.ts';
import { BOTH_DEVICES, type Look, lookAt, nameOf } from './console-looks.ts';
import { type ConsoleStage, consoleStage, searchToVerdict, textOf } from './console-stage.ts';
import { describeWithFirefox, launchFirefox } from './firefox.ts';

let browser: Browser;
let stage: ConsoleStage;

describeWithFirefox('the console in Firefox', () => {
  beforeAll(async () => {
    browser = await launchFirefox(null);
    stage = await consoleStage(browser);
    await makeWorld({ call: stage.call, pushService: stage.emulator });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('tells in three clicks why, for each kind of failure', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    for (const { userId, state, says, remedy } of CASES) {
      const verdict = await searchToVerdict(page, { userId, state });
      expect(verdict.says).toContain(says);
      if (remedy !== null) expect(verdict.all).toContain(remedy);
    }
    expect(trouble).toEqual([]);
  }, 120_000);

  async function lookAtAll(page: Page, scheme: string, looks: readonly Look[]): Promise<void> {
    const trouble = troubleOn(page);
    expect(await page.evaluate(`matchMedia('(prefers-color-scheme: ${scheme})').matches`)).toBe(true);
    const { id, notification_id: notification, subscription_id: subscription } = await stage.deliveryOf('drew');
    const pages = [`delivery?id=${id}`, `notification?id=${notification}`, `subscription?id=${subscription}`];
    for (const at of [...PLAIN_PAGES, 'user?id=mary&type=digest.daily', 'bulk-plan?action=replay', ...pages]) {
      expect([at, await stage.open(page, at)]).toEqual([at, 200]);
      await lookAt(page, `firefox ${scheme} ${nameOf(at)}`, looks);
    }
    expect(trouble).toEqual([]);
  }

  it('has pages that axe finds nothing on, on a desk and on a phone, and that keep to their policy', async () => {
    await lookAtAll(await stage.signedIn(), 'light', BOTH_DEVICES);
  }, 120_000);

  it('has them in the dark, too', async () => {
    const dark = await launchFirefox(null, 'dark');
    try {
      await lookAtAll(await stage.signedIn({ browser: dark }), 'dark', BOTH_DEVICES.slice(-1));
    } finally {
      await dark.close();
    }
  }, 120_000);

  it('replays, and signs out', async () => {
    const page = await stage.signedIn();
    const { id } = await stage.deliveryOf('drew');
    await stage.open(page, `delivery?id=${id}`);
    await Promise.all([page.waitForNavigation(), page.click('form[action=replay] button')]);
    expect(await textOf(page, '.done')).toContain('It is sent again.');
    await Promise.all([page.waitForNavigation(), page.click('form[action=sign-out] button')]);
    expect(page.url()).toBe(`${stage.service.address}/console/sign-in`);
  }, 60_000);
});
