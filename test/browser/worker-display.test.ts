import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, CDPSession, Page, WebWorker } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { payloadOf } from '../../src/domain/content/payload.ts';
import type { NotificationContent } from '../../src/domain/notification/notification.ts';
import { until } from '../support/until.ts';
import { describeWithChromium } from './chromium.ts';

/** As the browser has it. */
type Displayed = {
  readonly title: string;
  readonly body: string;
  readonly icon: string;
  readonly badge: string;
  readonly tag: string;
  readonly lang: string;
  readonly actions: readonly { readonly action: string; readonly title: string }[];
};

describeWithChromium('the worker in a real Chromium', () => {
  let folder: string;
  let service: ServiceProcess;
  let browser: Browser;
  let page: Page;
  let devtools: CDPSession;
  let worker: WebWorker;
  let registrationId: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-chromium-'));
    service = await startServiceProcess({ folder, environment: { DEMO_PAGE: 'true' } });
    browser = await launchChromium();
    await browser
      .defaultBrowserContext()
      .setPermission(service.address, { permission: { name: 'notifications' }, state: 'granted' });
    page = await browser.newPage();
    await page.goto(`${service.address}/demo`);
    devtools = await page.createCDPSession();
    const registered = new Promise<string>((resolve) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        for (const one of registrations) if (!one.isDeleted) resolve(one.registrationId);
      });
    });
    await devtools.send('ServiceWorker.enable');
    await page.evaluate(
      `navigator.serviceWorker.register('/sdk/bellhop-sw.js', { scope: '/' }).then(() => navigator.serviceWorker.ready)`,
    );
    registrationId = await registered;
    const target = await browser.waitForTarget((each) => each.type() === 'service_worker');
    const found = await target.worker();
    if (found === null) throw new Error('the service worker cannot be looked into');
    worker = found;
    await worker.evaluate(`{
      self.displays = 0;
      const show = ServiceWorkerRegistration.prototype.showNotification;
      ServiceWorkerRegistration.prototype.showNotification = async function (...given) {
        await show.apply(this, given);
        self.displays += 1;
      };
    }`);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);
  beforeEach(async () => {
    await worker.evaluate('registration.getNotifications().then((all) => all.forEach((one) => one.close()))');
    // A close that comes late would take the next one with the same tag.
    await until('nothing is shown', async () => (await displayed()).length === 0);
  });

  const displayed = (): Promise<Displayed[]> =>
    page.evaluate(`navigator.serviceWorker.ready
      .then((registration) => registration.getNotifications())
      .then((all) => all.map(({ title, body, icon, badge, tag, lang, actions }) => ({ title, body, icon, badge, tag, lang, actions })))`) as Promise<
      Displayed[]
    >;

  /** Resolves once the browser has shown it. Until then it is not asked what it shows: Chromium forgets some then. */
  const deliver = async (data: string): Promise<void> => {
    const before = await displays();
    await devtools.send('ServiceWorker.deliverPushMessage', { origin: service.address, registrationId, data });
    await until('a notification is shown', async () => (await displays()) > before);
  };

  const displays = () => worker.evaluate('self.displays') as Promise<number>;

  const show = async (data: string): Promise<Displayed> => {
    await deliver(data);
    const all = await displayed();
    expect(all).toHaveLength(1);
    return all[0]!;
  };

  const heard = () => page.evaluate('window.heard') as Promise<string[]>;

  /** What Bellhop sends for a notification with this content. */
  const sent = (content: Partial<NotificationContent>, topic: string | null = null, id = 'ntf_1'): string =>
    payloadOf({ id, topic, content: { type: 'order.shipped', title: 'On its way', ...content } }, service.address).text;

  /** Clicks the one notification that is shown; gives the pages that were opened and those brought to the front. */
  const click = (action: string): Promise<{ opened: string[]; focused: string[] }> =>
    worker.evaluate(`(async () => {
      const [notification] = await registration.getNotifications();
      const opened = [];
      const focused = [];
      const work = [];
      // Both take a real click, which nobody can make in a headless browser.
      clients.openWindow = async (url) => void opened.push(url);
      WindowClient.prototype.focus = async function () { focused.push(this.url); };
      const event = new NotificationEvent('notificationclick', { notification, action: ${JSON.stringify(action)} });
      Object.defineProperty(event, 'waitUntil', { value: (promise) => work.push(promise) });
      dispatchEvent(event);
      await Promise.all(work);
      return { opened, focused };
    })()`) as Promise<{ opened: string[]; focused: string[] }>;

  it('shows everything that a notification can have', async () => {
    const actions = [
      { action: 'track', title: 'Verfolgen' },
      { action: 'later', title: 'Später', url: '/later' },
    ];
    const icon = '/demo/bell.svg';
    const data = sent({
      title: 'Grüße 🛎 مرحبا',
      body: 'Zeile 1\nZeile 2 👩‍👩‍👧',
      icon,
      badge: icon,
      url: '/x',
      actions,
      locale: 'de',
    });
    expect(await show(data)).toMatchObject({
      title: 'Grüße 🛎 مرحبا',
      body: 'Zeile 1\nZeile 2 👩‍👩‍👧',
      icon: service.address + icon,
      badge: service.address + icon,
      tag: 'ntf_1',
      lang: 'de',
      actions: actions.map(({ action, title }) => ({ action, title })),
    });
  });

  it('shows it in the way that it is to be shown', async () => {
    await show(
      sent({
        image: '/demo/bell.svg',
        dir: 'rtl',
        requireInteraction: true,
        vibrate: [200, 100, 200],
        renotify: false,
        timestampMs: 1_769_860_800_000,
      }),
    );
    const names = ['image', 'dir', 'requireInteraction', 'silent', 'vibrate', 'renotify', 'timestamp'];
    const shown = await worker.evaluate(
      `registration.getNotifications().then(([one]) => Object.fromEntries(${JSON.stringify(names)}.map((name) => [name, one[name]])))`,
    );
    expect(shown).toEqual({
      image: `${service.address}/demo/bell.svg`,
      dir: 'rtl',
      requireInteraction: true,
      silent: false,
      vibrate: [200, 100, 200],
      renotify: false,
      timestamp: 1_769_860_800_000,
    });
  });

  it('sets the app’s badge, takes it away, and does without where there is none', async () => {
    await worker.evaluate(`{
      self.badges = [];
      WorkerNavigator.prototype.setAppBadge = async (count) => void badges.push(count);
    }`);
    for (const appBadge of [3, 0]) await show(sent({ appBadge }));
    await show(sent({}));
    expect(await worker.evaluate('badges')).toEqual([3, 0]);
    await worker.evaluate(`WorkerNavigator.prototype.setAppBadge = () => Promise.reject(new Error('not installed'))`);
    await show(sent({ appBadge: 1 }));
    await worker.evaluate('WorkerNavigator.prototype.setAppBadge = undefined');
    await show(sent({ appBadge: 1 }));
  });

  it('shows texts as long as a push can carry', async () => {
    const body = '界'.repeat(1200);
    expect((await show(sent({ body }))).body).toBe(body);
  });

  it('shows a message that comes in both forms once, by the fields meant for workers', async () => {
    const data = sent({ title: 'Once', url: '/x' });
    expect(JSON.parse(data)).toMatchObject({ web_push: 8030, notification: { title: 'Once' } });
    expect(await show(data)).toMatchObject({ title: 'Once', tag: 'ntf_1' });
  });

  it('shows a push that comes twice once, and puts a newer one with the same topic in its place', async () => {
    await show(sent({ title: 'First' }, 'order-42', 'ntf_1'));
    await show(sent({ title: 'First' }, 'order-42', 'ntf_1'));
    expect((await show(sent({ title: 'Second' }, 'order-42', 'ntf_2'))).title).toBe('Second');
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['half of JSON', '{"title":'],
    ['null', 'null'],
    ['a number', '5'],
    ['a list', '[{"title":"x"}]'],
    ['an empty object', '{}'],
    ['a title that is no text', '{"title":5,"body":"b"}'],
    ['a title of blanks', '{"title":"  "}'],
    ['wrong types throughout', '{"title":"t","body":{},"icon":7,"badge":[],"tag":{},"locale":1,"data":"x","url":5}'],
    ['links that lead nowhere', '{"title":"t","icon":"http://","badge":"::","url":"http://["}'],
    ['actions that are none', '{"title":"t","actions":"open"}'],
    ['broken actions', '{"title":"t","actions":[null,5,{"action":"a"},{"title":"b"},{"action":1,"title":2}]}'],
    ['more actions than a browser shows', `{"title":"t","actions":[${Array(9).fill('{"action":"a","title":"A"}')}]}`],
    ['a language that is none', '{"title":"t","locale":"not a language"}'],
    ['what browsers refuse together', '{"title":"t","silent":true,"vibrate":[200]}'],
    [
      'what is no way of showing',
      '{"title":"t","silent":"x","vibrate":{},"timestamp":-1,"dir":5,"image":[],"app_badge":"x"}',
    ],
    ['a broken declarative form', '{"title":"t","web_push":8030,"notification":"x"}'],
  ])('shows something for %s', async (_, data) => {
    const { title, body } = await show(data);
    expect(title.trim()).not.toBe('');
    if (!data.includes('"t"')) expect(body.trim()).not.toBe('');
  });

  it('brings the page to the front that the notification leads to, if it is open', async () => {
    await show(sent({ url: '/demo' }));
    expect(await click('')).toEqual({ opened: [], focused: [`${service.address}/demo`] });
    expect(await displayed()).toEqual([]);
  });

  it.each([
    ['a path', '/orders/42?x=1#y', '', (address: string) => `${address}/orders/42?x=1#y`],
    ['another site', 'https://track.example/42', '', () => 'https://track.example/42'],
    ['a button with a link of its own', '/orders/42', 'track', () => 'https://track.example/'],
    ['a button without one', '/orders/42', 'later', (address: string) => `${address}/orders/42`],
  ])('opens %s', async (_, url, action, expected) => {
    const actions = [
      { action: 'track', title: 'Track', url: 'https://track.example/' },
      { action: 'later', title: 'Later' },
    ];
    await show(sent({ url, openIn: 'new_tab', actions }));
    expect(await click(action)).toEqual({ opened: [expected(service.address)], focused: [] });
  });

  it('never opens what is no page', async () => {
    await show('{"title":"t","url":"javascript:alert(1)"}');
    expect(await click('')).toEqual({ opened: [], focused: [`${service.address}/demo`] });
  });

  it('tells open pages what it showed', async () => {
    await page.evaluate(`void (window.told = new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('message', ({ data }) => resolve(data), { once: true });
    }))`);
    await show(sent({ title: 'Told' }));
    const told = await page.evaluate('window.told');
    expect(told).toMatchObject({
      bellhop: { kind: 'shown', notification: { notification_id: 'ntf_1', title: 'Told' } },
    });
  });

  it('tells the service what a push asks for, once it can be reached, and knows a click from a close', async () => {
    await worker.evaluate(`{
      self.told = [];
      self.status = 503;
      // Chromium is online, and would try at once.
      self.syncs = [];
      SyncManager.prototype.register = async (tag) => void syncs.push(tag);
      self.fetch = async (url, { body }) => {
        told.push({ url, receipts: JSON.parse(body).receipts });
        return { status };
      };
    }`);
    const receipt = { token: 'r1.one', events: ['shown', 'clicked', 'closed'] };
    const actions = [{ action: 'track', title: 'Track' }];
    const pushed = (token: string, events = receipt.events) =>
      JSON.stringify({ title: 'T', actions, receipt: { token, events } });
    const told = () => worker.evaluate('told.splice(0)') as Promise<{ url: string; receipts: object[] }[]>;
    await show(pushed('r1.one'));
    await until('it is to be tried again', async () => (await worker.evaluate('syncs.length')) !== 0);
    expect(await worker.evaluate('syncs')).toEqual(['bellhop-receipts']);
    expect(await told()).toMatchObject([{ receipts: [{ token: 'r1.one', event: 'shown' }] }]);
    await worker.evaluate('status = 200');
    await click('track');
    const [at] = await told();
    expect(at?.url).toBe(`${service.address}/v1/receipts`);
    expect(at?.receipts).toMatchObject([
      { token: 'r1.one', event: 'shown' },
      { token: 'r1.one', event: 'clicked', action: 'track' },
    ]);
    // What some browsers do after a click is no close, and what is not asked for is not told.
    const close = (token: string) =>
      worker.evaluate(`(async () => {
        const data = { bellhop: { receipt: { token: ${JSON.stringify(token)}, events: ['shown', 'closed'] } } };
        await registration.showNotification('Closing', { data, tag: 'closing' });
        const [notification] = await registration.getNotifications({ tag: 'closing' });
        const work = [];
        const event = new NotificationEvent('notificationclose', { notification });
        Object.defineProperty(event, 'waitUntil', { value: (promise) => work.push(promise) });
        dispatchEvent(event);
        await Promise.all(work);
      })()`);
    await close('r1.one');
    expect(await told()).toEqual([]);
    await close('r1.two');
    expect(await told()).toMatchObject([{ receipts: [{ token: 'r1.two', event: 'closed' }] }]);
    await worker.evaluate(`registration.getNotifications().then((all) => all.forEach((one) => one.close()))`);
    await show(pushed('r1.three', ['clicked']));
    expect(await told()).toEqual([]);
  });

  it('tells nothing of what the browser would not show', async () => {
    await page.evaluate(`{
      window.heard = [];
      navigator.serviceWorker.addEventListener('message', ({ data }) => heard.push(data.bellhop.notification.title));
    }`);
    await worker.evaluate(`{
      const show = ServiceWorkerRegistration.prototype.showNotification;
      ServiceWorkerRegistration.prototype.showNotification = function (title, ...rest) {
        return title === 'Refused' ? Promise.reject(new TypeError('no')) : show.call(this, title, ...rest);
      };
    }`);
    await devtools.send('ServiceWorker.deliverPushMessage', {
      origin: service.address,
      registrationId,
      data: sent({ title: 'Refused' }, null, 'ntf_refused'),
    });
    await show(sent({ title: 'Taken' }, null, 'ntf_taken'));
    await until('the page hears of the other one', async () => (await heard()).includes('Taken'));
    expect(await heard()).toEqual(['Taken']);
  });
});
