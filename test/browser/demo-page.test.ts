import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, SerializedAXNode } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { CONTRASTS } from './contrasts.ts';

describeWithChromium('the demo page in a real Chromium', () => {
  let folder: string;
  let service: ServiceProcess;
  let browser: Browser;
  let context: BrowserContext | null = null;
  let trouble: readonly string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-page-'));
    service = await startServiceProcess({ folder, environment: { DEMO_PAGE: 'true' } });
    browser = await launchChromium();
  }, 60_000);
  afterEach(async () => {
    await context?.close();
    context = null;
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  type Scene = {
    readonly permission?: 'granted' | 'denied' | 'prompt';
    /** Runs before the page's own scripts. */
    readonly before?: string;
    readonly colours?: 'light' | 'dark';
    readonly phone?: boolean;
  };

  /** The page in a browser that nobody has used yet, once it has looked at that browser. */
  const open = async ({ permission = 'prompt', before = '', colours = 'light', phone = false }: Scene = {}) => {
    context = await browser.createBrowserContext();
    await context.setPermission(service.address, { permission: { name: 'notifications' }, state: permission });
    const page = await context.newPage();
    trouble = troubleOn(page);
    await page.setViewport(
      phone ? { width: 390, height: 844, isMobile: true, hasTouch: true } : { width: 1280, height: 800 },
    );
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }]);
    if (before !== '') await page.evaluateOnNewDocument(before);
    await page.goto(`${service.address}/demo`);
    await until('the page has looked at the browser', async () => !(await textOf(page, '#status-text')).includes('…'));
    return page;
  };

  const textOf = (page: Page, selector: string): Promise<string> =>
    page.$eval(selector, (element) => (element as unknown as { innerText: string }).innerText);
  const isVisible = async (page: Page, selector: string): Promise<boolean> =>
    (await (await page.$(selector))?.isVisible()) ?? false;
  const stepsOf = (page: Page): Promise<string[]> =>
    page.$$eval('.step-name', (names) => names.map((name) => name.textContent ?? ''));

  it('loads nothing of another origin and breaks nothing of its own policy', async () => {
    context = await browser.createBrowserContext();
    const page = await context.newPage();
    const seen = troubleOn(page);
    const urls: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    await page.goto(`${service.address}/demo`, { waitUntil: 'networkidle0' });
    expect(urls.length).toBeGreaterThan(8);
    expect(urls.filter((url) => !url.startsWith(`${service.address}/`))).toEqual([]);
    expect(seen).toEqual([]);
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'window.broken = 1' }))`,
    );
    expect(await page.evaluate('window.broken')).toBeUndefined();
  });

  it('can be used with the keyboard alone, in the order that one reads it', async () => {
    const page = await open();
    const order: string[] = [];
    for (let press = 0; press < 7; press++) {
      await page.keyboard.press('Tab');
      order.push((await page.evaluate(`document.activeElement.id || document.activeElement.localName`)) as string);
      const outline = await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`);
      expect([order.at(-1), outline]).toEqual([order.at(-1), 'solid']);
    }
    expect(order).toEqual(['subscribe', 'title', 'body', 'url', 'send-button', 'wishes-title', 'summary']);
    await page.focus('#title');
    await page.keyboard.press('Enter');
    await until('it is sent', async () => (await stepsOf(page)).includes('Accepted'));
  });

  it('has a name for everything that can be used, and headings for everything else', async () => {
    const page = await open();
    const tree = namesIn(await page.accessibility.snapshot());
    for (const [role, name] of [
      ['heading', 'Ring your own bell'],
      ['heading', 'This browser'],
      ['heading', 'Send yourself a notification'],
      ['heading', 'Watch it arrive'],
      ['button', 'Subscribe'],
      ['textbox', 'Title'],
      ['textbox', 'Text'],
      ['textbox', 'A click opens'],
      ['button', 'Send it'],
    ]) {
      expect(tree).toContain(`${role} ${name}`);
    }
    const unnamed = await page.$$eval('button, input, textarea', (all) =>
      all
        .filter((one) => !one.textContent?.trim() && !one.ownerDocument.querySelector(`label[for="${one.id}"]`))
        .map(({ id }) => id),
    );
    expect(unnamed).toEqual([]);
  });

  it.each([
    ['a desktop', 'light'],
    ['a desktop', 'dark'],
    ['a phone', 'light'],
    ['a phone', 'dark'],
  ] as const)('fits on %s and has enough contrast, %s', async (device, colours) => {
    const page = await open({ colours, phone: device === 'a phone' });
    await page.click('#send-button');
    await until('it is over', async () => (await stepsOf(page)).includes('Nobody to send to'));
    const { width, wide } = (await page.evaluate(
      `({ width: innerWidth, wide: document.documentElement.scrollWidth })`,
    )) as { width: number; wide: number };
    expect(wide).toBeLessThanOrEqual(width);
    expect(await page.evaluate(CONTRASTS)).toEqual([]);
    expect(trouble).toEqual([]);
  });

  it('tells what became of a notification, also to those who cannot see it', async () => {
    const page = await open();
    await page.$eval('#title', (input) => {
      (input as unknown as { value: string }).value = '<b>Grüße</b> 🛎';
    });
    await page.click('#send-button');
    await until('it is over', async () => (await stepsOf(page)).includes('Nobody to send to'));
    expect(await textOf(page, '#sent h3')).toBe('<b>Grüße</b> 🛎');
    expect(await textOf(page, '.outcome')).toBe('Nobody to send to');
    const said = await page.$eval('#announcements', (log) => log.textContent ?? '');
    expect(said).toMatch(/Accepted\. .*Nobody to send to\. .*Subscribe this browser/);
    await page.click('#send-button');
    await until('both are there', async () => (await page.$$('.notification')).length === 2);
    expect(
      await page.$$eval('.notification', (all) => all.map((one) => (one as unknown as { open: boolean }).open)),
    ).toEqual([true, false]);
    expect(trouble).toEqual([]);
  });

  it('says what is wrong with a message, and keeps what was written', async () => {
    const page = await open();
    await page.$eval('#url', (input) => {
      (input as unknown as { value: string }).value = 'javascript:alert(1)';
    });
    await page.click('#send-button');
    await until('it says so', () => isVisible(page, '#send-error'));
    expect(await textOf(page, '#send-error')).toContain('must be an http(s) URL');
    expect(await page.$eval('#url', (input) => (input as unknown as { value: string }).value)).toBe(
      'javascript:alert(1)',
    );
  });

  it('says that the service is gone, and goes on when it is back', async () => {
    const page = await open({
      before: `window.EventSource = class extends EventSource { constructor(url) { super(window.broken ? '/nowhere' : url) } }; window.broken = true`,
    });
    await page.click('#send-button');
    await until('it says so', () => isVisible(page, '#connection'));
    await page.evaluate('window.broken = false');
    await until('it goes on', async () => (await stepsOf(page)).includes('Nobody to send to'));
    expect(await isVisible(page, '#connection')).toBe(false);
  });

  it.each([
    ['no question asked yet', {}, 'Not subscribed', /will ask/, true],
    ['permission granted before', { permission: 'granted' }, 'Not subscribed', /^$/, true],
    ['notifications blocked', { permission: 'denied' }, 'Notifications are blocked', /settings/, false],
    [
      'a browser without push',
      { before: 'delete window.PushManager' },
      'This browser has no push',
      /Private windows/,
      false,
    ],
    [
      'plain http',
      { before: `Object.defineProperty(window, 'isSecureContext', { value: false })` },
      'No push at this address',
      /https/,
      false,
    ],
    [
      'Safari on iOS outside of the Home Screen',
      { before: `delete window.PushManager; navigator.standalone = false` },
      'One step is missing',
      /Home Screen/,
      false,
    ],
  ] as const)('explains %s', async (_, scene, text, help, canSubscribe) => {
    const page = await open(scene);
    expect(await textOf(page, '#status-text')).toBe(text);
    expect(await isVisible(page, '#subscribe')).toBe(canSubscribe);
    expect((await isVisible(page, '#status-help')) ? await textOf(page, '#status-help') : '').toMatch(help);
    expect(trouble).toEqual([]);
  });

  it.each([
    ['a browser without push', { before: 'delete window.PushManager' }, 'unsupported'],
    ['a page that asks out of the blue', { before: NO_GESTURE }, 'gesture_required'],
    ['a question that is closed unanswered', {}, 'permission_dismissed'],
    ['a site that is blocked', { permission: 'denied' }, 'permission_denied'],
  ] as const)('the SDK rejects with its own code: %s', async (_, scene, code) => {
    const page = await open(scene);
    const error = await page.evaluate(`import('/sdk/bellhop.js').then(({ createBellhop, BellhopError }) =>
      createBellhop({ token: 'none' }).subscribe().catch((error) => [error instanceof BellhopError, error.code]))`);
    expect(error).toEqual([true, code]);
  });

  it('says that it waits, and then that it does not work, where the browser cannot reach its push service', async () => {
    // What Chromium does without a network: it neither subscribes nor fails.
    const page = await open({
      permission: 'granted',
      before: 'PushManager.prototype.subscribe = () => new Promise(() => {})',
    });
    await page.click('#subscribe');
    await until('it is busy', async () => (await textOf(page, '#status-text')) === 'Subscribing …');
    await until('it says what it waits for', () => isVisible(page, '#status-help'), 15_000);
    expect(await textOf(page, '#status-help')).toContain('Still waiting');
    await until('it gives up', async () => (await textOf(page, '#status-text')) === 'That did not work', 20_000);
    expect(await textOf(page, '#status-help')).toContain('Is it online');
    expect(await isVisible(page, '#subscribe')).toBe(true);
  }, 45_000);

  it('says why, where the browser refuses to subscribe', async () => {
    const page = await open({
      permission: 'granted',
      before: `PushManager.prototype.subscribe = async () => { throw new DOMException('no', 'AbortError') }`,
    });
    await page.click('#subscribe');
    await until('it says so', async () => (await textOf(page, '#status-text')) === 'That did not work');
    expect(await textOf(page, '#status-help')).toContain('push service');
    expect(await isVisible(page, '#subscribe')).toBe(true);
    expect(await page.evaluate('document.activeElement.id')).toBe('subscribe');
  });
});

/** DevTools lets every script count as a gesture. */
const NO_GESTURE = `Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })`;

/** The accessibility tree, as `role name`. */
function namesIn(node: SerializedAXNode | null): string[] {
  if (node === null) return [];
  return [`${node.role} ${node.name ?? ''}`, ...(node.children ?? []).flatMap(namesIn)];
}
