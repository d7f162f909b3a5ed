import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PLAIN_PAGES } from '../../scripts/bench/console/pages.ts';
import { launchChromium } from '../../scripts/chromium.ts';
import { atFullSize } from '../support/full-size.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { HARMFUL_FIELDS, harm, isShown, sayHarm, sendForms, shownOn, UNSEEN_FIELDS } from './console-harm.ts';
import { type ConsoleStage, consoleStage } from './console-stage.ts';
import { describeWithFirefox, launchFirefox } from './firefox.ts';

/** Pages of one kind that differ in what they are asked for show the same fields. */
const MOST_OF_A_KIND = 6;
/** They are saved, not shown. */
const FILES = /export/;
/** What the browser tells of an answer that says no, and of what is no number or time in it. */
const REFUSED = /status of 40[0-9]|^The specified value /;
/** Some of those that must be among them. */
const FORMS = [
  ...['compose', 'put-schedule', 'put-template', 'put-segment', 'put-type', 'create-webhook', 'change-webhook'],
  ...['patch-user', 'tag-user', 'erase-user', 'audit', 'dead-letters', 'replay', 'send-test', 'start-bulk', 'search'],
];
/** They are names, of few characters. */
const NAMES: readonly (readonly [method: string, path: string, body: object])[] = [
  ['POST', 'notifications', { type: harm('type'), title: 'x', user_ids: ['ada'] }],
  ['POST', 'notifications', { type: 'note', title: 'x', audience: { tags: harm('tags') } }],
  ['POST', 'notifications', { type: 'note', title: 'x', user_ids: ['ada'], experiment: { key: harm('experiment') } }],
  ['PATCH', 'users/ada', { tags: [harm('tag')] }],
  ['PATCH', 'users/ada', { preferences: { [harm('preference')]: true } }],
  ['PATCH', 'users/ada', { locale: harm('locale') }],
  ['PATCH', 'users/ada', { time_zone: harm('zone') }],
  ['PUT', `segments/${encodeURIComponent(harm('segment').replaceAll('/', ''))}`, { tags: 'a' }],
  ['PUT', `types/${encodeURIComponent(harm('rule').replaceAll('/', ''))}`, { ttl_seconds: 1 }],
  ['PUT', 'schedules/cron', { cron: harm('cron'), time_zone: 'UTC', notification: {} }],
  ['POST', 'console-links', { name: harm('name'), role: 'viewer' }],
];

/** Every page that links lead to, each once; of those that differ in their query alone, some. */
async function crawl(
  { open }: ConsoleStage,
  page: Page,
  mostOfAKind: number,
  see: (at: string) => Promise<readonly string[]>,
): Promise<void> {
  const waiting: string[] = [...PLAIN_PAGES, `search?q=${encodeURIComponent(harm('key'))}`];
  const seen = new Set<string>();
  const ofKind = new Map<string, number>();
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    const kind = at.split('?')[0] ?? '';
    const count = ofKind.get(kind) ?? 0;
    if (seen.has(at) || count >= mostOfAKind || FILES.test(kind)) continue;
    seen.add(at);
    ofKind.set(kind, count + 1);
    expect([at, await open(page, at)]).toEqual([at, 200]);
    waiting.push(...(await see(at)));
  }
}

function declareHarm(launch: () => Promise<Browser>): void {
  let browser: Browser;
  let stage: ConsoleStage;

  beforeAll(async () => {
    browser = await launch();
    stage = await consoleStage(browser);
    await sayHarm(stage);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('shows each of them as text on every page that links lead to', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    const shown = new Set<string>();
    const harmed: string[] = [];
    await crawl(stage, page, MOST_OF_A_KIND, async (at) => {
      const { texts, isHarmed, links } = await shownOn(page);
      if (isHarmed) harmed.push(at);
      for (const field of HARMFUL_FIELDS) if (isShown(field, texts)) shown.add(field);
      return links;
    });
    expect(harmed).toEqual([]);
    expect(HARMFUL_FIELDS.filter((field) => !shown.has(field))).toEqual(UNSEEN_FIELDS);
    expect(trouble).toEqual([]);
  }, 120_000);

  it('finds what was sent with a key that would', async () => {
    const page = await stage.signedIn();
    await stage.open(page, `search?q=${encodeURIComponent(harm('key'))}`);
    expect(new URL(page.url()).pathname).toBe('/console/notification');
  }, 30_000);

  it.each(NAMES)('refuses it as a name: %s %s', async (method, path, body) => {
    const answer = await stage.call(method, `/v1/${path}`.replaceAll("'", '%27'), {
      body: body as Record<string, unknown>,
    });
    expect([path, answer.status]).toEqual([path, 400]);
  });

  it('takes it from each field of every form, and shows what was typed as text', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    const sent: string[] = [];
    const harmed: string[] = [];
    await crawl(stage, page, 1, async (at) => {
      const { links } = await shownOn(page);
      const tell = async (form: string) => {
        sent.push(form);
        if ((await shownOn(page)).isHarmed) harmed.push(`${at} ${form}`);
      };
      await sendForms(page, () => stage.open(page, at), tell);
      return links;
    });
    expect(harmed).toEqual([]);
    expect(sent).toEqual(expect.arrayContaining(FORMS));
    expect(trouble.filter((each) => !REFUSED.test(each))).toEqual([]);
  }, 120_000);
}

describeWithChromium('what harms, at the console in Chromium', () => declareHarm(launchChromium));
if (atFullSize(1, 0) === 1)
  describeWithFirefox('what harms, at the console in Firefox', () => declareHarm(() => launchFirefox(null)));
