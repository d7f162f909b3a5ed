import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { lookAt } from './console-looks.ts';
import { type ConsoleStage, consoleStage, textOf } from './console-stage.ts';

const SEVERAL = 'order-42';

let browser: Browser;
let stage: ConsoleStage;
let receiver: Server;
let endpointId: string;

/** Of what a page has folded away. */
const unfold = (page: Page) =>
  page.$$eval('details', (all) => {
    for (const each of all) each.setAttribute('open', '');
  });

/** One event is received, and then one is refused. */
async function fill(): Promise<void> {
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/hooks/of-the-team-that-looks-after-orders?key=0123456789abcdef0123456789abcdef`;
  const description = 'The order team’s own monitor';
  endpointId = (await stage.call('POST', '/v1/webhook-endpoints', { body: { url, description } })).body.id as string;
  const deliveries = `/v1/webhook-endpoints/${endpointId}/deliveries`;
  const came = async (state: string, attempts: number) => {
    const { items } = (await stage.call('GET', deliveries)).body as { items: { state: string; attempts: unknown[] }[] };
    return items.some((one) => one.state === state && one.attempts.length >= attempts);
  };
  const register = async (userId: string) => {
    const { subscription } = stage.emulator.createDevice({});
    await stage.call('POST', '/v1/subscriptions', { body: { user_id: userId, ...subscription } });
  };
  await register('ada');
  await until('one is received', () => came('delivered', 1), 20_000);
  await register(SEVERAL);
  await until('one is refused', () => came('waiting', 1), 20_000);
  const body = { type: 'note', title: 'x', user_ids: ['ada'] };
  const headers = { 'Idempotency-Key': SEVERAL, 'X-Request-Id': SEVERAL };
  await stage.call('POST', '/v1/notifications', { body, headers });
  await stage.call('POST', '/v1/push/vapid-keys/rotate');
}

describeWithChromium('what an operator does at the console, in Chromium', () => {
  beforeAll(async () => {
    let answered = 0;
    receiver = createServer((request, response) => {
      request.resume();
      answered += 1;
      response.writeHead(answered === 1 ? 204 : 500).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
    const { port } = receiver.address() as AddressInfo;
    stage = await consoleStage(browser, { WEBHOOK_ALLOWED_HOSTS: `127.0.0.1:${port}` });
    await fill();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
    receiver?.close();
  });

  it('has pages that axe finds nothing on, folded and unfolded, and that keep to their policy', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    for (const [name, at] of [
      ['webhooks', 'webhooks'],
      ['webhook', `webhook?id=${endpointId}`],
      ['services', 'services'],
      ['user', 'user?id=ada'],
      ['erase', 'erase-user?id=ada'],
      ['search', `search?q=${SEVERAL}`],
      ['system', 'system'],
    ] as const) {
      expect([at, await stage.open(page, at)]).toEqual([at, 200]);
      await lookAt(page, `operator ${name}`);
      if (at !== `webhook?id=${endpointId}` && name !== 'user') continue;
      await unfold(page);
      await lookAt(page, `operator ${name} open`);
    }
    expect(trouble).toEqual([]);
  }, 120_000);

  it('shows a notification in several languages as devices would', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    const said = { type: 'order.shipped', user_ids: 'ada', title: 'Your order is on its way', body: 'On Thursday.' };
    const german = {
      locale: 'en',
      locale1: 'de',
      title1: 'Ihre Bestellung ist unterwegs',
      body1: 'Sie kommt am Donnerstag.',
    };
    const french = { locale2: 'fr', title2: 'Votre commande est en route', body2: 'Elle arrive jeudi.' };
    await stage.open(page, `compose?${new URLSearchParams({ ...said, ...german, ...french })}`);
    await Promise.all([page.waitForNavigation(), page.click('button[value=preview]')]);
    expect(await page.$$eval('.compose-answer h3', (all) => all.map(({ textContent }) => textContent))).toEqual(
      expect.arrayContaining(['en', 'de', 'fr']),
    );
    await lookAt(page, 'operator compose');
    expect(trouble).toEqual([]);
  }, 30_000);

  it('rotates a webhook’s secret and shows it on that page alone', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    await stage.open(page, `webhook?id=${endpointId}`);
    await page.click('details:has(form[action=rotate-webhook]) summary');
    await Promise.all([page.waitForNavigation(), page.click('form[action=rotate-webhook] button')]);
    expect(await textOf(page, '.secret')).toMatch(/^whsec_/);
    await lookAt(page, 'operator secret');
    await Promise.all([page.waitForNavigation(), page.click('main a.primary')]);
    expect(await page.content()).not.toContain('whsec_');
    expect(trouble).toEqual([]);
  }, 30_000);

  it('erases a person whose id is typed, without JavaScript, and shows the receipt', async () => {
    const page = await stage.signedIn({ scripts: false });
    await stage.open(page, 'user?id=ada');
    await Promise.all([page.waitForNavigation(), page.click('a[href^="erase-user"]')]);
    await page.type('input[name=typed]', 'ad');
    await Promise.all([page.waitForNavigation(), page.click('form[action=erase-user] button')]);
    expect(await textOf(page, '.error')).toContain('nothing was erased');
    await page.type('input[name=typed]', 'ada');
    await Promise.all([page.waitForNavigation(), page.click('form[action=erase-user] button')]);
    expect(await textOf(page, 'h1')).toBe('A person was erased');
    const receipt = await stage.signedIn();
    await stage.open(receipt, page.url().split('/').at(-1) ?? '');
    await lookAt(receipt, 'operator receipt');
    await stage.open(page, 'user?id=ada');
    expect(await textOf(page, '.lead')).toBe('No active device: nothing can be sent.');
  }, 30_000);
});
