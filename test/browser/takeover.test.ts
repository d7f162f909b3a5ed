import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { clickSubscribe, type Stage, setStage, statusOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const register = (url: string): string => `navigator.serviceWorker.register('${url}', { scope: '/' })
  .then(() => navigator.serviceWorker.ready)`;
const UNREGISTER = `navigator.serviceWorker.getRegistrations()
  .then((all) => Promise.all(all.map((each) => each.unregister()))).then(() => undefined)`;
const ACTIVE = `navigator.serviceWorker.getRegistration('/').then(({ active }) => new URL(active.scriptURL).pathname)`;

describeWithFirefox('a scope that has a worker already, in a real Firefox', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage?.strike());
  beforeEach(async () => {
    await stage.reset();
    stage.site.state.hasLine = false;
    const page = await stage.open();
    await page.evaluate(UNREGISTER);
    await page.close();
    stage.site.requests.length = 0;
  });

  /** A page under the former worker, which stays open: by themselves browsers keep its worker for as long. */
  const formerPage = async (worker = '/former-sw.js'): Promise<Page> => {
    const page = await stage.open('/own/former');
    await page.evaluate(`${register(worker)}.then(() => undefined)`);
    await until(
      'the worker has the page',
      async () => (await page.evaluate('!!navigator.serviceWorker.controller')) === true,
    );
    return page;
  };
  const subscribeFormerly = (page: Page, key: string): Promise<unknown> =>
    page.evaluate(`navigator.serviceWorker.ready.then(({ pushManager }) =>
      pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '${key}' })).then(() => undefined)`);
  const shows = async (title: string): Promise<void> => {
    await stage.notify({ title });
    await until('the worker shows it', () => stage.site.shown.some((each) => each.title === title));
  };
  it('is taken over, with the subscription that was made with the same key', async () => {
    const former = await formerPage();
    await subscribeFormerly(former, stage.publicKey());
    const page = await stage.open();
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    expect(await page.evaluate(ACTIVE)).toBe('/bellhop-sw.js');
    expect(stage.pushServer.channels).toMatchObject([{ isGone: false }]);
    await shows('Not undefined');
    expect(await statusOn(page)).toMatchObject({ state: 'subscribed' });
  });

  it('is taken over, with a new subscription where the former one has another key', async () => {
    const former = await formerPage();
    await subscribeFormerly(former, generateVapidKeys().publicKey);
    const page = await stage.open();
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    expect(stage.pushServer.channels).toMatchObject([{ isGone: true }, { isGone: false, key: stage.publicKey() }]);
    await shows('With the new key');
  });

  it('is not subscribed in where the worker lacks Bellhop’s line', async () => {
    const page = await stage.open('/late');
    expect(await clickSubscribe(page)).toMatchObject({
      code: 'worker_conflict',
      message: expect.stringContaining('/late-sw.js does not import Bellhop’s worker'),
    });
    expect(await stage.rows()).toEqual([]);
    expect(stage.pushServer.channels).toEqual([]);
  });

  it('is taken over by a version of the same worker that has the line', async () => {
    await formerPage('/late-sw.js');
    stage.site.state.hasLine = true;
    const page = await stage.open('/late');
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    await shows('By the new version');
  });

  it('is told when another script takes it, and taken back with the next page load', async () => {
    const { page } = await stage.subscribe();
    await page.evaluate(`${register('/eager-sw.js')}.then(() => undefined)`);
    await until('the other worker is active', async () => (await page.evaluate(ACTIVE)) === '/eager-sw.js');
    expect(await statusOn(page)).toEqual({ state: 'unsubscribed', reason: 'other_worker' });
    const later = await stage.open();
    await until('it is taken back', async () => (await statusOn(later)).state === 'subscribed');
    expect(await stage.rows()).toHaveLength(1);
    expect(await later.evaluate(ACTIVE)).toBe('/bellhop-sw.js');
    await shows('Back');
  });
});
