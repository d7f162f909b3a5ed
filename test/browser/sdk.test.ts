import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { answerPrompt, setNotificationPermission } from './firefox-chrome.ts';
import { clickSubscribe, type Stage, setStage, statusOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const subscribing = (options: string): string => `import('/sdk/bellhop.js').then(({ createBellhop }) =>
  createBellhop(${options}).subscribe().catch(({ code, message, status, serviceCode }) => ({ code, message, status, serviceCode })))`;

describeWithFirefox('the SDK in a real Firefox', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage?.strike());

  let page: Page;
  beforeEach(async () => {
    await stage.reset();
    page = await stage.open('/own');
    stage.site.requests.length = 0;
  });

  const asked = (request: string): number => stage.site.requests.filter((each) => each === request).length;

  it('needs no worker of the site where Bellhop is under the same origin', async () => {
    const { site } = stage;
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    const scriptUrl = await page.evaluate('navigator.serviceWorker.ready.then(({ active }) => active.scriptURL)');
    expect(scriptUrl).toBe(`${site.origin}/sdk/bellhop-sw.js`);
    await stage.notify({ title: 'Same origin' });
    await until('the page hears of it', async () => (await page.evaluate('messages.length')) === 1);
    expect(await page.evaluate('messages')).toMatchObject([{ kind: 'shown', notification: { title: 'Same origin' } }]);
  });

  it('does not ask for permission out of the blue', async () => {
    await setNotificationPermission(stage.browser, stage.site.origin, 'prompt');
    expect(await statusOn(page)).toEqual({ state: 'prompt' });
    // A script that a test runs counts as a gesture, so the page calls by itself.
    const eager = await stage.open('/own/eager');
    expect(await eager.evaluate('window.subscribed')).toMatchObject({ code: 'gesture_required' });
    expect(asked('GET /token')).toBe(0);
  });

  it('asks at a click', async () => {
    await setNotificationPermission(stage.browser, stage.site.origin, 'prompt');
    await page.bringToFront();
    await page.click('#subscribe');
    await answerPrompt(stage.browser, 'allow');
    expect(await page.evaluate('window.subscribed')).toMatchObject({ state: 'subscribed' });
    expect(await stage.rows()).toHaveLength(1);
  });

  it('takes a no for a no', async () => {
    await setNotificationPermission(stage.browser, stage.site.origin, 'prompt');
    await page.bringToFront();
    await page.click('#subscribe');
    await answerPrompt(stage.browser, 'block');
    expect(await page.evaluate('window.subscribed')).toMatchObject({ code: 'permission_denied' });
    expect([await statusOn(page), await stage.rows()]).toEqual([{ state: 'denied' }, []]);
  });

  it('gets another token when one has ended, once', async () => {
    stage.site.state.endedTokens = 1;
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    expect(asked('GET /token')).toBe(2);
  });

  it('says so where that has ended as well', async () => {
    stage.site.state.endedTokens = 2;
    await page.click('#subscribe');
    expect(await page.evaluate('window.subscribed')).toMatchObject({ code: 'token_refused', message: /has ended/ });
    expect([asked('GET /token'), await stage.rows()]).toEqual([2, []]);
    expect(await statusOn(page)).toEqual({ state: 'unsubscribed', reason: 'not_registered' });
    const later = await stage.open('/own');
    await until('the next page load makes up for it', async () => (await statusOn(later)).state === 'subscribed');
    expect(await stage.rows()).toHaveLength(1);
  });

  it('does not ask again for a token that is a string', async () => {
    const answer = await page.evaluate(subscribing(`{ token: 'a.b.c' }`));
    expect(answer).toMatchObject({ code: 'token_refused', status: 401, serviceCode: 'invalid_subscriber_token' });
    expect(asked('POST /v1/subscriptions')).toBe(1);
  });

  it.each([
    ['a token callback that fails', `{ token: async () => { throw new Error('no') } }`, 'token_failed'],
    ['a token callback that gives nothing', '{ token: async () => undefined }', 'token_failed'],
    ['a token callback that gives a page', `{ token: async () => (await fetch('/sign-in')).text() }`, 'token_failed'],
    ['a worker that is not there', `{ token: 't', serviceWorkerUrl: '/v1/no-such-worker.js' }`, 'worker_failed'],
    ['a worker that fails', `{ token: 't', serviceWorkerUrl: '/broken-worker' }`, 'worker_failed'],
  ])('names %s', async (_, options, code) => {
    expect(await page.evaluate(subscribing(options))).toMatchObject({ code });
  });

  it.each([['{}'], ['{ token: 5 }'], [`{ token: 't', url: 'http://' }`]])('refuses the options %s', async (options) => {
    const thrown = await page.evaluate(`import('/sdk/bellhop.js').then(({ createBellhop, BellhopError }) => {
      try { createBellhop(${options}) } catch (error) { return [error instanceof BellhopError, error.code] }
    })`);
    expect(thrown).toEqual([true, 'invalid_options']);
  });

  it('is patient with a service that is busy or broken for a moment', async () => {
    stage.site.state.refusals = [{ status: 503 }, { status: 429, headers: { 'Retry-After': '1' } }, { status: 500 }];
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
    expect(asked('GET /v1/push/public-key')).toBe(4);
  });

  it('gives up after four attempts, or at once where it is told to wait for long', async () => {
    stage.site.state.refusals = Array.from({ length: 4 }, () => ({ status: 502 }));
    await page.click('#subscribe');
    expect(await page.evaluate('window.subscribed')).toMatchObject({ code: 'service_unavailable', message: /502/ });
    expect(asked('GET /v1/push/public-key')).toBe(4);
    stage.site.state.refusals = [{ status: 429, headers: { 'Retry-After': '3600' } }];
    await page.click('#subscribe');
    expect(await page.evaluate('window.subscribed')).toMatchObject({ code: 'service_unavailable', message: /429/ });
    expect(asked('GET /v1/push/public-key')).toBe(5);
  });

  it('subscribes a browser whose locale is no language tag', async () => {
    await page.evaluate(`Object.defineProperty(navigator, 'languages', { value: ['C'] });
      Object.defineProperty(navigator, 'language', { value: 'C' });`);
    expect(await clickSubscribe(page)).toMatchObject({ state: 'subscribed' });
  });

  it('says which field the service refuses', async () => {
    await page.evaluate(`PushSubscription.prototype.toJSON = function () {
      return { endpoint: this.endpoint, keys: { auth: '' } };
    }`);
    expect(await clickSubscribe(page)).toMatchObject({
      code: 'service_refused',
      message: expect.stringContaining('keys.p256dh: is required. keys.auth: must have at least 1 character.'),
    });
  });

  it('does not repeat what the service refuses for good', async () => {
    stage.site.state.refusals = [{ status: 404 }];
    const answer = await page.evaluate(subscribing(`{ token: 'a.b.c' }`));
    expect(answer).toMatchObject({ code: 'service_refused', status: 404 });
    expect(asked('GET /v1/push/public-key')).toBe(1);
  });

  it('asks a page without a subscription nothing, and asks for nothing', async () => {
    await stage.open('/own');
    expect(await statusOn(page)).toEqual({ state: 'unsubscribed' });
    expect(stage.site.requests.filter((each) => /\/(token|v1\/)/.test(each))).toEqual([]);
  });
});
