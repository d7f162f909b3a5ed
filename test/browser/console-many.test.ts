import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild } from '../../scripts/bench/child.ts';
import { pagesFor } from '../../scripts/bench/console/pages.ts';
import type { EndedSeed, SeededIds } from '../../scripts/bench/console/seed-process.ts';
import { personId } from '../../scripts/bench/reach/people.ts';
import type { Place } from '../../scripts/bench/reach/place.ts';
import type { PeopleSeed } from '../../scripts/bench/reach/seed-process.ts';
import { launchChromium } from '../../scripts/chromium.ts';
import { type Mongod, startMongod } from '../../scripts/servers/mongod.ts';
import { type RedisServer, startRedisServer } from '../../scripts/servers/redis-server.ts';
import { atFullSize } from '../support/full-size.ts';
import { describeWithMongod, freshDatabase } from '../support/mongodb.ts';
import { until } from '../support/until.ts';
import { describeWithChromium, troubleOn } from './chromium.ts';
import { BOTH_DEVICES, lookAt, TWO_LOOKS } from './console-looks.ts';
import { type ConsoleStage, consoleStage, searchToVerdict, textOf } from './console-stage.ts';
import { describeWithFirefox, launchFirefox } from './firefox.ts';

const IS_FULL = atFullSize(1, 0) === 1;
const DELIVERIES = atFullSize(1_000_000, 5000);
/** Each is told of everything. */
const USERS = 500;
const SEEDED_WITHIN_MS = atFullSize(1_800_000, 180_000);

/** Nobody pushes to the devices. */
const SETTINGS = { ALLOW_LOST_VAPID_KEYS: 'true' };

/** A store that was filled: how a service finds it, and what the pages are asked for. */
type Filled = { readonly ids: SeededIds; readonly environment: Readonly<Record<string, string>> };

/** So many deliveries that have ended, by the adapter that the service has. One of ten has failed. */
async function seed(place: Place): Promise<SeededIds> {
  const people = await startChild('reach/seed-process.ts');
  await people.ask({ place, users: USERS, hasPeople: true, vapidPublicKey: 'lost' } satisfies PeopleSeed);
  await people.stop();
  const deliveries = await startChild('console/seed-process.ts');
  const userIds = Array.from({ length: USERS }, (_, index) => personId(index));
  const ids = await deliveries.ask<SeededIds>({ place, userIds, count: DELIVERIES } satisfies EndedSeed);
  await deliveries.stop();
  return ids;
}

type Case = {
  readonly name: 'chromium' | 'firefox';
  readonly launch: () => Promise<Browser>;
  /** What it discards: each browser leaves something to the other. */
  readonly service: 'fcm' | 'mozilla';
};

function declareMany({ name, launch, service }: Case, filled: () => Filled): void {
  let browser: Browser;
  let stage: ConsoleStage;
  let ids: SeededIds;

  beforeAll(async () => {
    browser = await launch();
    ids = filled().ids;
    stage = await consoleStage(browser, filled().environment);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('shows every page, on a desk and on a phone', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    const { userId } = ids;
    const others = [
      ['doctor', 'doctor?offline=yes'],
      ['erasure', `erase-user?id=${userId}`],
      ['explanation', `user?id=${userId}&type=bench`],
      ['audience', 'audiences?tags=paying'],
      ['plan of a bulk discard', 'bulk-plan?action=discard&service=fcm'],
      ['overview of a day', 'overview?period=day'],
    ] as const;
    const looks = name === 'firefox' ? BOTH_DEVICES : TWO_LOOKS;
    for (const [what, at] of [...pagesFor(ids), ...others]) {
      expect([at, await stage.open(page, at)]).toEqual([at, 200]);
      await lookAt(page, `many ${name} ${what}`, looks.slice(0, atFullSize(2, 1)));
    }
    expect(trouble).toEqual([]);
  }, 300_000);

  it('goes from a user to the verdict', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    const { items } = (await stage.call('GET', '/v1/dead-letters')).body as { items: { user_id: string }[] };
    const verdict = await searchToVerdict(page, { userId: String(items[0]?.user_id), state: 'failed' });
    expect(verdict.says).toContain('Refused by the push service');
    expect(verdict.says).toContain('malformed');
    expect(verdict.all).toContain('then replay it');
    expect(trouble).toEqual([]);
  }, 60_000);

  it('turns over the pages of lists', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    for (const at of ['dead-letters?type=bench', 'dead-letters?remedy=mend', `notification?id=${ids.notificationId}`]) {
      await stage.open(page, at);
      const first = await rowsOn(page);
      await Promise.all([page.waitForNavigation(), page.click('.more a')]);
      const second = await rowsOn(page);
      expect([at, second.length > 0, second.filter((row) => first.includes(row))]).toEqual([at, true, []]);
    }
    expect(trouble).toEqual([]);
  }, 60_000);

  it('discards many, shows how far it got, and then that nothing is left', async () => {
    const page = await stage.signedIn();
    const trouble = troubleOn(page);
    await stage.open(page, `dead-letters?service=${service}`);
    await Promise.all([page.waitForNavigation(), page.click('a[href^="bulk-plan?action=discard"]')]);
    await Promise.all([page.waitForNavigation(), page.click('form[action=start-bulk] button')]);
    expect(await page.$('progress')).not.toBeNull();
    // The page loads itself again once it is over.
    const isDone = async () => (await textOf(page, 'h1').catch(() => '')) === 'Discard: completed';
    await until('all are discarded', isDone, atFullSize(400_000, 60_000));
    const [, done = ''] = /^([\d,]+) of /.exec(await textOf(page, '[data-says]')) ?? [];
    expect(Number(done.replaceAll(',', ''))).toBeGreaterThanOrEqual(DELIVERIES / 20);
    await stage.open(page, `dead-letters?service=${service}`);
    expect(await textOf(page, '.empty')).toContain('nothing like this was given up');
    expect(trouble).toEqual([]);
  }, 420_000);
}

/** The links of the rows, which name what each is about. */
function rowsOn(page: Page): Promise<readonly string[]> {
  return page.$$eval('main tbody a[href^="delivery?"]', (all) => all.map((each) => each.getAttribute('href') ?? ''));
}

const CASES: readonly Case[] = [
  { name: 'chromium', launch: launchChromium, service: 'fcm' },
  { name: 'firefox', launch: () => launchFirefox(null), service: 'mozilla' },
];
const DESCRIBED = { chromium: describeWithChromium, firefox: describeWithFirefox } as const;

/** In each browser, one after the other. */
function declareBoth(filled: () => Filled): void {
  for (const each of CASES.slice(0, atFullSize(2, 1)))
    DESCRIBED[each.name](`in ${each.name}`, () => declareMany(each, filled));
}

describe(`the console with ${DELIVERIES} deliveries, embedded`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-many-'));
  let filled: Filled;
  beforeAll(async () => {
    const ids = await seed({ path: join(folder, 'bellhop.db') });
    filled = { ids, environment: { ...SETTINGS, DATA_DIR: folder } };
  }, SEEDED_WITHIN_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  declareBoth(() => filled);
});

if (IS_FULL) {
  describeWithMongod(`the console with ${DELIVERIES} deliveries, on MongoDB`, () => {
    let mongod: Mongod;
    let redis: RedisServer;
    // For the keys, which both browsers’ services have.
    const folder = mkdtempSync(join(tmpdir(), 'bellhop-many-'));
    let filled: Filled;
    beforeAll(async () => {
      [mongod, redis] = await Promise.all([startMongod(), startRedisServer()]);
      const mongodbUrl = freshDatabase(mongod.url);
      const ids = await seed({ mongodbUrl });
      const environment = { ...SETTINGS, DATA_DIR: folder, MONGODB_URL: mongodbUrl, REDIS_URL: redis.url };
      filled = { ids, environment };
    }, SEEDED_WITHIN_MS);
    afterAll(async () => {
      await Promise.all([mongod?.stop(), redis?.stop()]);
      rmSync(folder, { recursive: true, force: true });
    });
    declareBoth(() => filled);
  });
}
