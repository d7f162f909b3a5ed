import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { type Site, startSite } from './site.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWithChromium('a settings page with the strictest policy, in a real Chromium', () => {
  let folder: string;
  let site: Site;
  let browser: Browser;
  let service: ServiceProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-preferences-'));
    site = await startSite();
    browser = await launchChromium();
    service = await startServiceProcess({ folder, environment: { CORS_ALLOWED_ORIGINS: site.origin } });
    Object.assign(site.state, { bellhop: service.address, secret: service.secret });
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = (method: string, path: string, body?: unknown) =>
    signedClient(service.address, service.secret)(method, path, body === undefined ? {} : { body });
  const status = (page: Page) => page.evaluate(`document.querySelector('[role=status]').textContent`);
  const says = (page: Page, text: string) =>
    until(`the form says ${text}`, async () => String(await status(page)).startsWith(text));
  const open = async (userId: string): Promise<{ page: Page; trouble: readonly string[] }> => {
    site.state.userId = userId;
    const page = await browser.newPage();
    const trouble = troubleOn(page);
    await page.goto(`${site.origin}/strict/preferences`);
    await page.waitForSelector('form > fieldset:not([disabled])');
    return { page, trouble };
  };

  it('shows what holds, and keeps what a person changes with the keyboard alone', async () => {
    await call('PATCH', '/v1/users/ada', { preferences: { 'digest.*': false }, tags: ['vip'] });
    const { page, trouble } = await open('ada');
    const boxes = `[...document.querySelectorAll('[name=type]')].map(({ value, checked }) => [value, checked])`;
    expect(await page.evaluate(boxes)).toEqual([
      ['digest.*', false],
      ['digest.weekly', false],
      ['orders', true],
      ['offers', false],
    ]);
    await page.focus('[value=orders]');
    await page.keyboard.press('Space');
    await page.focus('[name=quiet]');
    await page.keyboard.press('Space');
    await page.focus('[type=submit]');
    await page.keyboard.press('Enter');
    await says(page, 'Saved.');
    const { body } = await call('GET', '/v1/users/ada');
    expect(body).toMatchObject({
      preferences: { 'digest.*': false, orders: false },
      quiet_hours: { from: '22:00', until: '07:00' },
      paused_until: null,
      tags: ['vip'],
    });
    // The site has no favicon.
    expect(trouble.filter((each) => !each.includes('404'))).toEqual([]);
    await page.close();
  });

  it('pauses, and ends the pause', async () => {
    const { page } = await open('grace');
    await page.select('[name=pause]', '24');
    await page.click('[type=submit]');
    await says(page, 'Saved.');
    const pausedUntil = Date.parse(String((await call('GET', '/v1/users/grace')).body.paused_until));
    expect(Math.abs(pausedUntil - Date.now() - 86_400_000)).toBeLessThan(600_000);
    expect(await page.evaluate(`document.querySelector('[name=pause]').selectedOptions[0].text`)).toMatch(
      /^Paused until /,
    );
    await page.select('[name=pause]', '');
    await page.click('[type=submit]');
    await until('it is over', async () => (await call('GET', '/v1/users/grace')).body.paused_until === null);
    await page.close();
  });

  it('names every field and group, and keeps what was changed where it could not be saved', async () => {
    const { page } = await open('eve');
    const unnamed = `[...document.querySelectorAll('form input, form select')].filter(({ labels }) => !labels[0]?.textContent.trim()).length`;
    expect(await page.evaluate(unnamed)).toBe(0);
    expect(await page.evaluate(`document.querySelectorAll('fieldset fieldset > legend').length`)).toBe(2);
    await page.evaluate(`window.token = 'none'`);
    await page.click('[value=orders]');
    await page.click('[type=submit]');
    await says(page, 'That did not work: token gave no subscriber token');
    expect(await page.evaluate(`document.querySelector('[value=orders]').checked`)).toBe(false);
    await page.close();
  });
});
