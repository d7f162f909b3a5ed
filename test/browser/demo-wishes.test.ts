import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { trusting } from '../../scripts/demo/main-job.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { CONTRASTS } from './contrasts.ts';

describeWithChromium('wishes on the demo page in a real Chromium', () => {
  let folder: string;
  let emulator: Emulator;
  let service: ServiceProcess;
  let browser: Browser;
  let context: BrowserContext | null = null;
  let trouble: readonly string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-wishes-'));
    emulator = await startEmulator();
    service = await startServiceProcess({
      folder,
      environment: { ...trusting(emulator, folder), DEMO_PAGE: 'true', TIME_ZONE: 'UTC' },
    });
    browser = await launchChromium();
  }, 60_000);
  afterEach(async () => {
    await context?.close();
    context = null;
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    await emulator?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  /** The page of a new visitor, who has a device at the emulator: Chromium itself subscribes nowhere without a network. */
  const open = async (
    colours: 'light' | 'dark' = 'light',
    phone = false,
  ): Promise<{ page: Page; device: ReturnType<Emulator['createDevice']> }> => {
    context = await browser.createBrowserContext();
    const page = await context.newPage();
    trouble = troubleOn(page);
    await page.setViewport(
      phone ? { width: 390, height: 844, isMobile: true, hasTouch: true } : { width: 1280, height: 800 },
    );
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }]);
    await page.goto(`${service.address}/demo`);
    const device = emulator.createDevice({ behaviour: [{}] });
    const status = await page.evaluate(`(async () => {
      const headers = { 'Content-Type': 'application/json' };
      const { token } = await (await fetch('/demo/token', { method: 'POST', headers, body: '{}' })).json();
      const body = ${JSON.stringify(JSON.stringify(device.subscription))};
      const init = { method: 'POST', headers: { ...headers, Authorization: 'Bearer ' + token }, body };
      return (await fetch('/v1/subscriptions', init)).status;
    })()`);
    expect(status).toBe(201);
    return { page, device };
  };
  const textOf = (page: Page, selector: string): Promise<string> =>
    page.$eval(selector, (element) => (element as unknown as { innerText: string }).innerText);
  /** Of the newest notification. */
  const stepsOf = (page: Page): Promise<string[]> =>
    page.$$eval('.notification:first-child .step-name', (names) => names.map((name) => name.textContent ?? ''));
  const openForm = async (page: Page): Promise<void> => {
    await page.click('#wishes-title');
    await page.waitForSelector('#wishes form > fieldset:not([disabled])');
  };
  const save = async (page: Page): Promise<void> => {
    await page.click('#wishes [type=submit]');
    await until('it is saved', async () => (await textOf(page, '#wishes [role=status]')) === 'Saved.');
  };
  const sendUntil = async (page: Page, step: string): Promise<void> => {
    const count = (await page.$$('.notification')).length;
    await page.click('#send-button');
    await until(`it says “${step}”`, async () => {
      return (await page.$$('.notification')).length > count && (await stepsOf(page)).includes(step);
    });
  };
  /** So many minutes from now, as the clock of the user shows it. */
  const clockIn = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
  const beQuiet = async (page: Page, minutes: number): Promise<void> => {
    await page.click('#wishes [name=quiet]');
    for (const [name, value] of Object.entries({ from: clockIn(-60), until: clockIn(minutes) })) {
      await page.evaluate(`(() => {
        const field = document.querySelector('#wishes [name=${name}]');
        field.value = '${value}';
        field.dispatchEvent(new Event('input', { bubbles: true }));
      })()`);
    }
    await save(page);
  };

  it('stop what a visitor switched off, and the page says why, also to those who cannot see it', async () => {
    const { page, device } = await open();
    await openForm(page);
    await page.focus('#wishes [name=type]');
    await page.keyboard.press('Space');
    await save(page);
    await sendUntil(page, 'Stopped');
    expect(await stepsOf(page)).toEqual(['Accepted', 'Stopped']);
    expect(await textOf(page, '.outcome')).toBe('Stopped');
    expect(await textOf(page, '.notification')).toMatch(
      /You switched this off[\s\S]*“No: opted out of `bellhop\.demo` on \d+ [A-Z][a-z]{2} \d{4}\. Without that: now, on 1 device\.”[\s\S]*opted_out/,
    );
    expect(await page.$eval('#announcements', (log) => log.textContent ?? '')).toMatch(/Stopped\. You switched/);
    await page.click('#wishes [name=type]');
    await save(page);
    await sendUntil(page, 'Delivered');
    expect(device.received).toHaveLength(1);
    // Nothing was said of a new visitor: Chromium notes each 404.
    expect(trouble.filter((each) => !each.includes('404'))).toEqual([]);
  });

  it('hold back what comes into quiet hours', async () => {
    const { page, device } = await open();
    await openForm(page);
    await beQuiet(page, 5);
    await sendUntil(page, 'Held');
    expect(await textOf(page, '.notification')).toMatch(
      /until your quiet hours[\s\S]*“Yes: held until .* \(UTC\) \(quiet hours\), then on 1 device\.”/,
    );
    expect(device.received).toHaveLength(0);
  });

  it('stop what cannot wait for the end of quiet hours', async () => {
    const { page, device } = await open();
    await openForm(page);
    await beQuiet(page, 120);
    await sendUntil(page, 'Stopped');
    expect(await textOf(page, '.notification')).toMatch(/quiet_hours_past_deadline/);
    expect(device.received).toHaveLength(0);
  });

  it.each([
    ['a desktop', 'light'],
    ['a desktop', 'dark'],
    ['a phone', 'light'],
    ['a phone', 'dark'],
  ] as const)('fit on %s and have enough contrast, %s', async (device, colours) => {
    const { page } = await open(colours, device === 'a phone');
    await openForm(page);
    await page.click('#wishes [name=type]');
    await save(page);
    await sendUntil(page, 'Stopped');
    const { width, wide } = (await page.evaluate(
      `({ width: innerWidth, wide: document.documentElement.scrollWidth })`,
    )) as { width: number; wide: number };
    expect(wide).toBeLessThanOrEqual(width);
    expect(await page.evaluate(CONTRASTS)).toEqual([]);
    if (process.env.PICTURES) {
      await page.screenshot({ path: `${process.env.PICTURES}/${device}-${colours}.png`, fullPage: true });
    }
  });
});
