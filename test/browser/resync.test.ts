import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { setNotificationPermission } from './firefox-chrome.ts';
import { clickSubscribe, type Row, type Stage, setStage, statusOn } from './stage.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Behind the SDK's back, as a browser that cleans up. */
const DROP = `navigator.serviceWorker.ready
  .then(({ pushManager }) => pushManager.getSubscription())
  .then((subscription) => subscription.unsubscribe())`;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWithFirefox('a subscription over time, in a real Firefox', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage?.strike());
  beforeEach(() => stage.reset());

  const untilRow = async (what: string, holds: (row: Row | undefined) => boolean, userId = 'ada'): Promise<Row> => {
    let rows: Row[] = [];
    await until(what, async () => {
      rows = await stage.rows(userId);
      return holds(rows[0]);
    });
    expect(rows.length).toBeLessThanOrEqual(1);
    return rows[0] as Row;
  };
  const arrives = async (title: string): Promise<void> => {
    const id = await stage.notify({ title });
    expect(await stage.deliveryOf(id)).toMatchObject({ state: 'delivered' });
    await until(`“${title}” is shown`, () => stage.site.shown.some((each) => each.title === title));
  };
  const settled = async (page: Page): Promise<void> => {
    await until('no tab is at it', async () => {
      const held = await page.evaluate(
        'navigator.locks.query().then(({ held, pending }) => held.length + pending.length)',
      );
      return held === 0;
    });
  };

  it('unsubscribe() ends it at the browser, the push service and Bellhop', async () => {
    const { page } = await stage.subscribe();
    expect(await page.evaluate('bellhop.unsubscribe()')).toEqual({ state: 'unsubscribed' });
    expect(await stage.rows()).toEqual([]);
    expect(stage.pushServer.unregistrations).toMatchObject([{ code: 200 }]);
    expect(await page.evaluate('bellhop.unsubscribe()')).toEqual({ state: 'unsubscribed' });
    const later = await stage.open();
    await settled(later);
    expect([await statusOn(later), await stage.rows()]).toEqual([{ state: 'unsubscribed' }, []]);
    expect(await clickSubscribe(later)).toMatchObject({ state: 'subscribed' });
    await arrives('Back');
  });

  it('a browser that unsubscribed without a word is retired by the 410 of its push service', async () => {
    const { page, row } = await stage.subscribe();
    await page.evaluate(DROP);
    const id = await stage.notify();
    expect(await stage.deliveryOf(id)).toMatchObject({ state: 'pruned' });
    expect(stage.pushServer.pushes).toMatchObject([{ status: 410 }]);
    expect(await stage.rows()).toMatchObject([{ id: row.id, active: false }]);
    await stage.open();
    const back = await untilRow('the next page load brings it back', (each) => each?.active === true);
    expect(back.id).toBe(row.id);
    await arrives('Back');
  });

  it('while Bellhop is away, unsubscribe() says so, ends pushes at once, and the row goes with the next page load', async () => {
    const { page, row } = await stage.subscribe();
    await stage.stopBellhop();
    const error = 'bellhop.unsubscribe().catch(({ code, message }) => ({ code, message }))';
    expect(await page.evaluate(error)).toMatchObject({ code: 'service_unavailable', message: /cannot be reached/ });
    expect(await statusOn(page)).toEqual({ state: 'unsubscribed', reason: 'not_removed' });
    expect(stage.pushServer.live()).toEqual([]);
    await stage.startBellhop();
    expect(await stage.rows()).toMatchObject([{ id: row.id }]);
    const later = await stage.open();
    await untilRow('the row goes', (each) => each === undefined);
    await settled(later);
    expect(await statusOn(later)).toEqual({ state: 'unsubscribed' });
  });

  it('a device that travelled tells its zone with the next page load, and its person lives by it', async () => {
    const { page, row } = await stage.subscribe();
    const zone = await page.evaluate('Intl.DateTimeFormat().resolvedOptions().timeZone');
    expect(row.time_zone).toBe(zone);
    const later = await stage.open(
      '/',
      `{ const real = Intl.DateTimeFormat.prototype.resolvedOptions;
        Intl.DateTimeFormat.prototype.resolvedOptions = function () { return { ...real.call(this), timeZone: 'Asia/Tokyo' }; }; }`,
    );
    await settled(later);
    const told = await untilRow('the zone is told', (each) => each?.time_zone === 'Asia/Tokyo');
    expect(told).toMatchObject({ id: row.id, active: true });
  });

  it('a subscription that was lost is made again, in the same row', async () => {
    const { page, row } = await stage.subscribe();
    await page.evaluate(DROP);
    expect(await statusOn(page)).toEqual({ state: 'unsubscribed', reason: 'not_registered' });
    const later = await stage.open();
    await settled(later);
    expect(await statusOn(later)).toEqual({ state: 'subscribed', subscriptionId: row.id });
    expect(await stage.rows()).toMatchObject([{ id: row.id, active: true }]);
    expect(stage.pushServer.channels).toMatchObject([{ isGone: true }, { isGone: false }]);
    await arrives('Found again');
  });

  it('a new VAPID key is taken over on the next page load, in the same row', async () => {
    const { page, row } = await stage.subscribe();
    await stage.stopBellhop();
    const env = { PATH: process.env.PATH ?? '', DATA_DIR: join(stage.folder, 'data') };
    expect(spawnSync(process.execPath, [BUILT, 'rotate-vapid-key'], { cwd: stage.folder, env }).status).toBe(0);
    await stage.startBellhop();
    expect(stage.publicKey()).not.toBe(row.vapid_public_key);
    await arrives('With the old key');
    await page.reload();
    const moved = await untilRow('the row has the new key', (each) => each?.vapid_public_key === stage.publicKey());
    expect(moved).toMatchObject({ id: row.id, active: true });
    expect(stage.pushServer.live()).toMatchObject([{ key: stage.publicKey() }]);
    await arrives('With the new key');
  });

  it('a subscription that the push service lost is handed over to an open page', async () => {
    const { page, row } = await stage.subscribe();
    stage.pushServer.forgetBrowser();
    const renewed = await untilRow('the page registers the new one', (each) => each?.updated_at !== row.updated_at);
    expect(renewed).toMatchObject({ id: row.id, active: true });
    expect(await statusOn(page)).toEqual({ state: 'subscribed', subscriptionId: row.id });
    expect(stage.pushServer.live()).toHaveLength(1);
    await arrives('Handed over');
  });

  it('and with no page open it waits for the next page load', async () => {
    const { page, row } = await stage.subscribe();
    await stage.browser.newPage();
    await page.close();
    stage.pushServer.forgetBrowser();
    await until('the worker subscribes anew', () => stage.pushServer.live().length === 1);
    expect(await stage.rows()).toMatchObject([{ id: row.id, updated_at: row.updated_at }]);
    await stage.open();
    const renewed = await untilRow('the page registers it', (each) => each?.updated_at !== row.updated_at);
    expect(renewed).toMatchObject({ id: row.id, active: true });
    expect(stage.pushServer.live()).toHaveLength(1);
    await arrives('Registered');
  });

  it('a permission that is withdrawn deletes the row, at once where a page is open', async () => {
    const { page } = await stage.subscribe();
    await setNotificationPermission(stage.browser, stage.site.origin, 'deny');
    await untilRow('the row goes', (each) => each === undefined);
    await until('Firefox gave the subscription up', () => stage.pushServer.unregistrations.length === 1);
    expect(stage.pushServer.unregistrations).toMatchObject([{ code: 202 }]);
    expect(await statusOn(page)).toEqual({ state: 'denied' });
    expect(await clickSubscribe(page)).toMatchObject({ code: 'permission_denied' });
  });

  it('or with the next page load', async () => {
    const { page } = await stage.subscribe();
    await stage.browser.newPage();
    await page.close();
    await setNotificationPermission(stage.browser, stage.site.origin, 'deny');
    expect(await stage.rows()).toHaveLength(1);
    await stage.open();
    await untilRow('the row goes', (each) => each === undefined);
  });

  it('another person who signs in gets the browser', async () => {
    const { page, row } = await stage.subscribe();
    stage.site.state.userId = 'grace';
    await page.reload();
    const moved = await untilRow('the row is hers', (each) => each?.active === true, 'grace');
    expect(moved.id).not.toBe(row.id);
    expect((await stage.rows('ada')).filter(({ active }) => active)).toEqual([]);
    await arrives('For Grace');
  });

  it('a row that was deleted at Bellhop comes anew with the next page load', async () => {
    const { page, row } = await stage.subscribe();
    expect((await stage.call('DELETE', `/v1/subscriptions/${row.id}`)).status).toBe(204);
    await page.reload();
    const renewed = await untilRow('there is a row', (each) => each?.active === true);
    expect(renewed.id).not.toBe(row.id);
    await settled(page);
    expect(await statusOn(page)).toEqual({ state: 'subscribed', subscriptionId: renewed.id });
    await arrives('Back');
  });

  it('two tabs at once make one row, one after the other', async () => {
    const tabs = [await stage.open('/own'), await stage.open('/own')];
    const answers = await Promise.all(tabs.map((tab) => tab.evaluate('bellhop.subscribe()')));
    expect(answers[0]).toMatchObject({ state: 'subscribed' });
    expect(answers[1]).toEqual(answers[0]);
    expect(await stage.rows()).toHaveLength(1);
    const turn = ['GET /v1/push/public-key', 'GET /token', 'POST /v1/subscriptions'];
    expect(stage.site.requests.filter((each) => turn.includes(each))).toEqual([...turn, ...turn]);

    await tabs[0]?.evaluate(DROP);
    await Promise.all(tabs.map((tab) => tab.reload()));
    await untilRow('it is registered again', (each) => each?.active === true);
    for (const tab of tabs) await settled(tab);
    expect(await stage.rows()).toHaveLength(1);
    expect(stage.pushServer.live()).toHaveLength(1);
  });
});
