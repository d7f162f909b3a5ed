import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { until } from '../support/until.ts';
import { describeWithFirefox, launchFirefox } from './firefox.ts';
import { type MozillaPushServer, startMozillaPushServer } from './mozilla-push-server.ts';

describeWithFirefox('the demo page in a real Firefox', () => {
  let folder: string;
  let pushServer: MozillaPushServer;
  let service: ServiceProcess;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellhop-demo-firefox-'));
    pushServer = await startMozillaPushServer();
    writeFileSync(join(folder, 'ca.pem'), pushServer.caPem);
    service = await startServiceProcess({
      folder,
      environment: {
        DEMO_PAGE: 'true',
        PUSH_ALLOWED_HOSTS: pushServer.allowedHost,
        PUSH_CA_FILE: join(folder, 'ca.pem'),
      },
    });
    browser = await launchFirefox(pushServer);
    page = await browser.newPage();
    await page.goto(`${service.address}/demo`);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    await pushServer?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  const statusIs = (text: string) =>
    until(`the status is “${text}”`, async () => (await textOf('#status-text')) === text, 20_000);
  const textOf = (selector: string): Promise<string> => page.$eval(selector, (element) => element.textContent ?? '');
  /** Of the newest notification. */
  const stepsOf = (): Promise<string[]> =>
    page.$$eval('.notification:first-child .step-name', (names) => names.map((name) => name.textContent ?? ''));

  it('subscribes, sends, and shows the way up to the screen; and ends all of it again', async () => {
    await statusIs('Not subscribed');
    await page.click('#subscribe');
    await statusIs('Subscribed');
    expect(pushServer.live()).toHaveLength(1);
    expect(await page.evaluate('document.activeElement.id')).toBe('unsubscribe');

    await page.click('#send-button');
    await until('it is shown', async () => (await stepsOf()).includes('Shown'), 20_000);
    expect(await stepsOf()).toEqual(['Accepted', 'Pending', 'Sending', 'Delivered', 'Shown']);
    expect(pushServer.acks.map(({ code }) => code)).toEqual([100]);
    const shown = await page.evaluate(`navigator.serviceWorker.ready
      .then((registration) => registration.getNotifications())
      .then((all) => all.map(({ title, body }) => [title, body]))`);
    expect(shown).toEqual([['Your room is ready', expect.stringContaining('☕️')]]);
    expect(await textOf('#announcements')).toMatch(/Accepted\..*Pending\..*Sending\..*Delivered\..*Shown\./);

    await page.reload();
    await statusIs('Subscribed');

    await page.click('#wishes-title');
    await page.waitForSelector('#wishes form > fieldset:not([disabled])');
    await page.click('#wishes [name=type]');
    await page.click('#wishes [type=submit]');
    await until('it is saved', async () => (await textOf('#wishes [role=status]')) === 'Saved.', 20_000);
    await page.click('#send-button');
    await until('it is stopped', async () => (await stepsOf()).includes('Stopped'), 20_000);
    expect(await textOf('.notification:first-child')).toContain('No: opted out of `bellhop.demo`');
    expect(pushServer.acks).toHaveLength(1);

    await page.click('#unsubscribe');
    await statusIs('Not subscribed');
    expect(pushServer.live()).toEqual([]);
    // A person may send two in a row and then one a second: a quick machine is told to wait.
    const isLimited = async () => (await textOf('#send-error')).includes('Try again');
    const nobodyIsReached = async () => (await stepsOf()).includes('Nobody to send to');
    do {
      await page.click('#send-button');
      await until('nobody is reached', async () => (await nobodyIsReached()) || isLimited(), 20_000);
    } while (!(await nobodyIsReached()));
  }, 90_000);
});
