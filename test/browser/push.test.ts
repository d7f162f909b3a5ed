import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import webPush from 'web-push';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { clickNotification } from './firefox-chrome.ts';
import type { Shown } from './site.ts';
import { type Row, type Stage, setStage } from './stage.ts';

describeWithFirefox('a push in a real Firefox', () => {
  let stage: Stage;
  let page: Page;
  let row: Row;
  beforeAll(async () => {
    stage = await setStage([], { TRACKING: 'shown,clicked,closed' });
    ({ page, row } = await stage.subscribe());
  }, 60_000);
  afterAll(() => stage?.strike(), 30_000);
  beforeEach(() => stage.site.shown.splice(0));

  const nextShown = async (): Promise<Shown> => {
    const { shown } = stage.site;
    await until('the worker shows a notification', () => shown.length > 0);
    return shown.shift()!;
  };
  const opened = (url: string) =>
    until(`${url} is opened`, async () => (await stage.browser.pages()).some((each) => each.url() === url));
  const close = async (url: string) => {
    for (const each of await stage.browser.pages()) if (each.url() === url) await each.close();
  };

  it('goes from the API through the queue, encrypted, to the worker, which shows it; a click opens its url', async () => {
    const { site, pushServer, browser } = stage;
    expect(row).toMatchObject({ user_id: 'ada', active: true, vapid_public_key: stage.publicKey() });
    const id = await stage.notify({
      body: 'It left today.',
      url: '/orders/1',
      open_in: 'new_tab',
      icon: '/box.png',
      badge: '/b.png',
    });
    expect(await nextShown()).toMatchObject({
      title: 'On its way',
      options: { body: 'It left today.', icon: '/box.png', badge: '/b.png', dir: 'auto', tag: id, renotify: true },
    });
    expect(await stage.deliveryOf(id)).toMatchObject({ state: 'delivered', subscription_id: row.id });
    expect(pushServer.pushes).toEqual([{ status: 201, octets: expect.any(Number) }]);
    await until('Firefox says that it decrypted it', () => pushServer.acks.length === 1);
    expect(pushServer.acks[0]).toMatchObject({ code: 100, channelId: pushServer.channels[0]?.channelId });

    await clickNotification(browser, 'On its way');
    await opened(`${site.origin}/orders/1`);
    await until('the page is told both', async () => (await page.evaluate('messages.length')) === 2);
    expect(await page.evaluate('messages')).toMatchObject([
      { kind: 'shown', notification: { notification_id: id, url: '/orders/1' } },
      { kind: 'clicked', action: '', notification: { notification_id: id } },
    ]);
  }, 30_000);

  it('tells the service what was shown and clicked, later where it was away', async () => {
    const receiptsOf = async (id: string) =>
      (await stage.call('GET', `/v1/notifications/${id}`)).body.receipts as Record<string, unknown>;
    const id = await stage.notify({ title: 'Told', url: '/told', open_in: 'new_tab' });
    await nextShown();
    await until('it is told that it was shown', async () => (await receiptsOf(id)).shown === 1);
    await stage.stopBellhop();
    await clickNotification(stage.browser, 'Told');
    await opened(`${stage.site.origin}/told`);
    await close(`${stage.site.origin}/told`);
    await stage.startBellhop();
    const later = await stage.notify({ title: 'Later' });
    await nextShown();
    await until('the click is told with the next push', async () => (await receiptsOf(id)).clicked === 1);
    expect(await receiptsOf(id)).toEqual({ shown: 1, clicked: 1, closed: 0, actions: {}, is_counting: false });
    const delivery = await stage.deliveryOf(later);
    await until('the next one, too', async () => (await receiptsOf(later)).shown === 1);
    const { body } = await stage.call('GET', `/v1/deliveries/${delivery.id}`);
    expect(body.receipts).toMatchObject([{ event: 'shown', action: null }]);
  }, 60_000);

  it('brings the page to the front that shows the url already, instead of a second one', async () => {
    const { site, browser } = stage;
    const there = await stage.open('/orders/2');
    const other = await stage.open('/elsewhere');
    const pages = (await browser.pages()).length;
    await stage.notify({ title: 'Second', url: '/orders/2' });
    await nextShown();
    await clickNotification(browser, 'Second');
    // That the tab comes to the front cannot be seen: without a screen, Firefox does not change tabs by itself.
    await until('it is brought to the front', () => site.focused.length > 0);
    expect(site.focused).toEqual([`${site.origin}/orders/2`]);
    expect(await browser.pages()).toHaveLength(pages);
    await Promise.all([there.close(), other.close()]);
  }, 30_000);

  it('opens a url of another site', async () => {
    const url = `${stage.site.state.bellhop}/healthz`;
    await stage.notify({ title: 'Elsewhere', url });
    await nextShown();
    await clickNotification(stage.browser, 'Elsewhere');
    await opened(url);
    await close(url);
  }, 30_000);

  it('leaves the listeners of the worker alone that imports it', async () => {
    const { requests } = stage.site;
    const before = requests.filter((each) => each === 'POST /own-push').length;
    await stage.notify();
    await nextShown();
    await until(
      'its own listener heard of the push',
      () => requests.filter((each) => each === 'POST /own-push').length > before,
    );
  });

  it('shows every script, a long text, and buttons', async () => {
    const title = 'Grüße 🚚 من القاهرة 日本語 👩‍👩‍👧';
    const content = {
      title,
      body: '“Ж” 𝒳 — '.repeat(80),
      locale: 'ar-EG',
      topic: 'order-1',
      actions: [{ action: 'track', title: 'Track', url: '/track' }],
    };
    await stage.notify(content);
    expect(await nextShown()).toMatchObject({
      title,
      options: {
        body: content.body,
        lang: 'ar-EG',
        tag: 'order-1',
        actions: [{ action: 'track', title: 'Track' }],
      },
    });
  });

  it('has all that says how it is to be shown', async () => {
    await stage.notify({
      image: '/p.png',
      dir: 'rtl',
      require_interaction: true,
      silent: false,
      vibrate: [200, 100],
      renotify: false,
      timestamp: '2026-01-31T12:00:00Z',
      app_badge: 3,
    });
    expect((await nextShown()).options).toMatchObject({
      image: '/p.png',
      dir: 'rtl',
      requireInteraction: true,
      silent: false,
      vibrate: [200, 100],
      renotify: false,
      timestamp: Date.parse('2026-01-31T12:00:00Z'),
    });
  });

  it('holds 3993 octets, the most there is', async () => {
    const { pushServer } = stage;
    await stage.notify();
    const small = JSON.stringify((await nextShown()).options.data.bellhop);
    const body = 'x'.repeat(3993 - Buffer.byteLength(small) - Buffer.byteLength(',"body":""'));
    await stage.notify({ body });
    expect(await nextShown()).toMatchObject({ options: { body } });
    expect(pushServer.pushes.at(-1)).toEqual({ status: 201, octets: 4096 });
  });

  it('tells the declarative form from the fields for workers, and shows it once', async () => {
    const url = `${stage.site.origin}/orders/3`;
    await stage.notify({ title: 'Third', url });
    const { title, options } = await nextShown();
    expect([title, options.data.bellhop]).toMatchObject(['Third', { web_push: 8030, notification: { navigate: url } }]);
    await stage.notify({ title: 'Fourth' });
    expect(await nextShown()).toMatchObject({ title: 'Fourth' });
  });

  it('leaves to the browser what it shows by itself, and tells open pages all the same', async () => {
    const here = await stage.open('/orders/5');
    await stage.notify({ title: 'Declared', data: { case: 'as-in-safari' } });
    await until('the page is told', async () => (await here.evaluate('messages.length')) === 1);
    expect(await here.evaluate('messages')).toMatchObject([{ kind: 'shown', notification: { title: 'Declared' } }]);
    await here.close();
    await stage.notify({ title: 'Not declared' });
    expect(await nextShown()).toMatchObject({ title: 'Not declared' });
  });

  it('is one notification if it comes twice, and alerts once', async () => {
    const channel = stage.pushServer.live()[0]!;
    const text = JSON.stringify({ notification_id: 'ntf_twice', title: 'Twice' });
    for (const renotify of [true, false]) {
      stage.pushServer.deliver(channel, await encrypted(page, text), 60);
      expect(await nextShown()).toMatchObject({ title: 'Twice', options: { tag: 'ntf_twice', renotify } });
    }
  });

  it.each([
    ['nothing', null],
    ['no JSON', 'hello'],
    ['another kind of JSON', '[1, 2]'],
    ['fields of other types', '{"title": 5, "body": {}, "actions": "x", "icon": [], "tag": false, "data": null}'],
    ['actions that are none', '{"actions": [null, 1, {"action": "a"}, {"title": "b"}]}'],
  ])('shows something for a payload with %s', async (_, text) => {
    const channel = stage.pushServer.live()[0]!;
    stage.pushServer.deliver(channel, text === null ? null : await encrypted(page, text), 60);
    expect(await nextShown()).toMatchObject({
      title: '127.0.0.1',
      options: { body: 'You have a new notification.', actions: [] },
    });
  });

  it('arrives with no page of the site open, and a click opens one', async () => {
    const { browser, site } = stage;
    await browser.newPage();
    for (const each of await browser.pages()) if (each.url().startsWith(site.origin)) await each.close();
    await stage.notify({ title: 'Nobody is here', url: '/orders/4' });
    expect(await nextShown()).toMatchObject({ title: 'Nobody is here' });
    await clickNotification(browser, 'Nobody is here');
    await opened(`${site.origin}/orders/4`);
  }, 30_000);
});

/** For the subscription of the page, as a sender that is not Bellhop may do it. */
async function encrypted(page: Page, text: string): Promise<Buffer> {
  const { keys } = (await page.evaluate(
    `navigator.serviceWorker.ready.then(({ pushManager }) => pushManager.getSubscription()).then((each) => each.toJSON())`,
  )) as { keys: { p256dh: string; auth: string } };
  const details = webPush.encrypt(keys.p256dh, keys.auth, text, 'aes128gcm');
  return details.cipherText;
}
