import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { HOSTILE } from '../../scripts/console-world.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { lookAt, nameOf } from './console-looks.ts';
import { type ConsoleStage, consoleStage, textOf } from './console-stage.ts';

const PAGES = [
  'schedules?cron=0+9+*+*+1-5&zone=Europe%2FBerlin',
  'schedule?key=weekday',
  'schedule?key=hostile',
  'templates',
  'template?key=parcel',
  'template?key=hostile',
  'audiences?segment=vip&type=digest.*&tags=%23vip',
  `compose?title=${encodeURIComponent(HOSTILE)}&body=${encodeURIComponent(HOSTILE)}`,
  'doctor?offline=yes',
  'system',
  'audit',
];

let browser: Browser;
let stage: ConsoleStage;

async function fill(): Promise<void> {
  const put = async (path: string, body: unknown) => {
    const { status, body: answer } = await stage.call('PUT', path, { body: body as Record<string, unknown> });
    expect([path, status, status === 200 ? null : answer]).toEqual([path, 200, null]);
  };
  const quoted = `'${HOSTILE.replaceAll("'", '')}'`;
  const notification = { type: 'digest.daily', title: 'Good morning', audience: { tags: 'staff' } };
  await put('/v1/schedules/weekday', { cron: '0 9 * * 1-5', time_zone: 'Europe/Berlin', notification });
  const harmful = { ...notification, title: HOSTILE, body: HOSTILE, data: { note: HOSTILE } };
  await put('/v1/schedules/hostile', { cron: '30 2 * * *', time_zone: 'recipient', notification: harmful });
  const variables = { name: 'string', n: 'number' };
  const en = { title: 'Hello {name}', body: '{n, plural, one {# parcel comes} other {# parcels come}}.' };
  const de = { title: 'Hallo {name}', body: '{n, plural, one {# Paket kommt} other {# Pakete kommen}}.' };
  await put('/v1/templates/parcel', { default_locale: 'en', variables, locales: { en, de } });
  await put('/v1/templates/hostile', { default_locale: 'en', locales: { en: { title: quoted, body: quoted } } });
  await put('/v1/segments/vip', { tags: 'plan:pro || staff' });
  await put('/v1/types/digest.*', { preference: 'opted_out', cap: { limit: 3, per_seconds: 86_400 } });
}

describeWithChromium('what is sent, and what runs, at the console in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    stage = await consoleStage(browser);
    await fill();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('has pages that axe finds nothing on, that keep to their policy, and do no harm', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    for (const at of PAGES) {
      expect([at, await stage.open(page, at)]).toEqual([at, 200]);
      await lookAt(page, `sending ${nameOf(at)}`);
    }
    expect(trouble).toEqual([]);
  }, 180_000);

  it('counts an audience while it is typed, and mirrors what is written', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    await stage.open(page, 'compose');
    await page.click('input[name=to][value=tags]');
    await page.type('input[name=tags]', 'beta');
    await until('it is counted', async () => (await textOf(page, '[data-count]')) === '0 users with 0 devices.');
    await page.type('input[name=title]', HOSTILE);
    expect(await textOf(page, '[data-mirrors=title]')).toBe(HOSTILE);
    expect(trouble).toEqual([]);
  }, 60_000);

  it('says it in several ways by keyboard, is told what is wrong at the field, and sends', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    await stage.open(page, 'compose');
    await page.click('input[name=to][value=everyone]');
    await page.type('input[name=type]', 'note');
    await page.type('input[name=title]', 'Sale');
    await page.focus('.compose details:last-of-type > summary');
    await page.keyboard.press('Enter');
    for (const text of ['sale', 'short', '1', 'long', '1', HOSTILE]) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(text);
    }
    await page.type('input[name=test_percent]', '40');
    const press = (value: string) =>
      Promise.all([
        page.waitForNavigation(),
        page.focus(`button[value=${value}]`).then(() => page.keyboard.press('Enter')),
      ]);
    await press('preview');
    expect(await textOf(page, '#wrong-decide_after_seconds')).toContain('Is required with');
    await lookAt(page, 'sending several ways refused');
    await page.type('input[name=decide_after_seconds]', '60');
    await press('preview');
    expect(await textOf(page, '.compose-answer h3')).toBe('Experiment sale');
    await lookAt(page, 'sending several ways');
    await press('send');
    expect(await textOf(page, '.done')).toContain('Accepted');
    const refused = 'Failed to load resource: the server responded with a status of 400 (Bad Request)';
    expect(trouble).toEqual([refused]);
  }, 60_000);

  it('looks first and sends then, without JavaScript', async () => {
    const page = await stage.signedIn({ scripts: false });
    await stage.open(page, 'compose');
    await page.type('textarea[name=user_ids]', 'ada');
    await page.type('input[name=type]', 'note');
    await page.type('input[name=title]', HOSTILE);
    await page.click('.compose details:last-of-type > summary');
    for (const [name, text] of [
      ['experiment', 'without-scripts'],
      ['way1_key', 'one'],
      ['way2_key', 'other'],
      ['way2_title', 'Another'],
    ] as const)
      await page.type(`input[name=${name}]`, text);
    await Promise.all([page.waitForNavigation(), page.click('button[value=preview]')]);
    expect(await textOf(page, '.compose-answer .preview-title')).toContain(HOSTILE);
    expect(await textOf(page, '.compose-answer h3')).toBe('Experiment without-scripts');
    await Promise.all([page.waitForNavigation(), page.click('button[value=send]')]);
    expect(await textOf(page, '.done')).toContain('Accepted');
    expect(await textOf(page, 'h1')).toBe(HOSTILE);
  }, 60_000);
});
