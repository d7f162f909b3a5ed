import { beforeEach, expect, it } from 'vitest';
import { type Audience, namedIn, usersNamed } from '../../../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../../../src/domain/delivery/delivery-filter.ts';
import type { Notification } from '../../../../src/domain/notification/notification.ts';
import { timingOf } from '../../../../src/domain/notification/send-at.ts';
import { newUser, patched } from '../../../../src/domain/user/user.ts';
import { mongoFanOuts } from '../../../../src/store/mongodb/notification/fan-outs.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import type { Store } from '../../../../src/store/store.ts';
import { everyPage } from '../../../contract/fresh-store.ts';
import { sendWaves } from '../../../support/fan-out-at.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { collectionsWithStep } from '../../../support/mongodb-steps.ts';
import { NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../../../support/samples.ts';

const HOUR_MS = 3_600_000;
const EAST = 'Asia/Tokyo';
const WEST = 'America/New_York';
const CAP = { limit: 5, perSeconds: 14 * 86_400 };
/** Two at once in each wave; of the others, one has no device, one wants nothing, one is alone in a zone. */
const ZONES: Readonly<Record<string, string>> = {
  'u-10': EAST,
  'u-11': EAST,
  '$u-12': EAST,
  'u-13': EAST,
  'u-14': WEST,
  'u-15': WEST,
  'u-16': WEST,
  'u-17': 'Europe/Berlin',
};
const OLD = Object.keys(ZONES);
const NEW = ['$joins', 'u-05', 'u-105', 'u-125', 'u-99'];
/** At the first of the writes of all waves, up to one that it never gets to. */
const STEPS = Array.from({ length: 22 }, (_, step) => step);
/** So that a wave takes several pages; at some of the writes, since there are many. */
const IN_PAGES = { passedOverAtOnce: 3 };
const PAGED_STEPS = [1, 5, 9, 13];
const AUDIENCES: Readonly<Record<string, Audience>> = {
  everyone: { kind: 'everyone', excludedIds: [] },
  'a tag': { kind: 'tags', text: 'a', excludedIds: [] },
  'a list': usersNamed([...OLD, ...NEW]),
};

describeWithMongod('waves, of which two tries of a page find other users', () => {
  const suite = mongoForSuite();
  beforeEach(async () => {
    for (const collection of Object.values(suite.collections)) await collection.deleteMany({});
    await suite.store.typeRules.put('*', { cap: CAP });
    for (const [userId, timeZone] of Object.entries(ZONES)) await join(userId, timeZone);
    for (const userId of ['$u-12', 'u-15']) await say(userId, { preferences: { '*': false } });
  });

  const say = (userId: string, patch: Parameters<typeof patched>[1]) =>
    suite.store.users.change(newUser(userId, NOW_MS), (user) => patched(user, patch, NOW_MS));
  const device = (userId: string) => suite.store.subscriptions.register(sampleSubscription({ userId }));
  async function join(userId: string, timeZone: string): Promise<void> {
    await say(userId, { tags: ['a'], timeZone });
    if (userId !== 'u-13') await device(userId);
  }
  async function everythingChanges(): Promise<void> {
    for (const [index, userId] of NEW.entries()) await join(userId, index % 2 === 0 ? EAST : WEST);
    for (const userId of ['u-10', 'u-10', 'u-13', '$u-12']) await device(userId);
    await say('u-10', { timeZone: WEST });
    await say('u-16', { timeZone: EAST });
    await say('u-17', { timeZone: EAST });
    await say('u-11', { tags: [] });
    await say('u-14', { preferences: { '*': false } });
    await say('$u-12', { preferences: { '*': true } });
    await say('u-105', { preferences: { '*': false } });
  }
  async function accepted(audience: Audience): Promise<Notification> {
    const timing = timingOf({ kind: 'local', wallMs: NOW_MS + 20 * HOUR_MS, ifPassed: 'skip' }, NOW_MS);
    const userCount = namedIn(audience).length;
    const notification = sampleNotification({ acceptedAtMs: NOW_MS, userCount, status: 'scheduled', ...timing });
    await suite.store.notifications.accept(sampleAcceptance(notification, [], { audience }));
    return notification;
  }
  function processWith(step: number, atStep: () => Promise<void>): Store {
    const collections = collectionsWithStep(suite.collections, step, atStep);
    return { ...suite.store, fanOuts: mongoFanOuts(collections, trackOperations(5000)) };
  }

  /** Each user is reached, or suppressed, once, and counted once; a use of the cap goes with each who is reached. */
  async function expectOneOutcomeEach({ id: notificationId }: Notification, audience: Audience): Promise<void> {
    const { store } = suite;
    const page = { notificationId, cursor: null, limit: 50 };
    const listed = (await everyPage((cursor) => store.suppressions.list({ ...page, reason: null, cursor }))).items;
    const query = { ...page, userId: null, attempted: false, filter: ANY_DELIVERY };
    const deliveries = (await store.deliveries.listByNotification(query)).items;
    const reached = [...new Set(deliveries.map(({ userId }) => userId))];
    const all = [...reached, ...listed.map(({ userId }) => userId)];
    expect(all.toSorted(), 'once each').toEqual([...new Set(all)].toSorted());
    const kept = await store.notifications.get(notificationId);
    expect([kept?.userCount, kept?.releasedUsers, kept?.dueAtMs]).toEqual([all.length, all.length, null]);
    const steady = audience.kind === 'user_ids' ? audience.userIds : OLD.filter((userId) => userId !== 'u-11');
    expect(all).toEqual(expect.arrayContaining([...steady]));
    const asked = { atMs: NOW_MS + 72 * HOUR_MS, exceptId: null };
    for (const userId of all) {
      const uses = await store.users.capUses(userId, { ...CAP, pattern: '*' }, asked);
      expect(uses.length, userId).toBe(reached.includes(userId) ? 1 : 0);
    }
  }

  const CASES = Object.entries(AUDIENCES).flatMap(([name, audience]) =>
    STEPS.map((step) => [step, name, audience] as const),
  );

  const PAGED_CASES = Object.entries(AUDIENCES).flatMap(([name, audience]) =>
    PAGED_STEPS.map((step) => [step, name, audience] as const),
  );

  it.each(Object.entries(AUDIENCES))('%s, in pages of three: a wave takes several', async (_, audience) => {
    const notification = await accepted(audience);
    const { fanOuts } = suite.store;
    const pages = new Map<number, number>();
    const commitPage: typeof fanOuts.commitPage = (page) => {
      const atMs = page.wave?.atMs ?? 0;
      pages.set(atMs, (pages.get(atMs) ?? 0) + 1);
      return fanOuts.commitPage(page);
    };
    await sendWaves({ ...suite.store, fanOuts: { ...fanOuts, commitPage } }, notification, NOW_MS, IN_PAGES);
    expect(pages.size).toBeGreaterThan(1);
    expect(Math.max(...pages.values())).toBeGreaterThan(1);
    await expectOneOutcomeEach(notification, audience);
  });

  it.each(PAGED_CASES)(
    'a process that died at write %i, %s, in pages of three: each user once',
    async (step, _, audience) => {
      const notification = await accepted(audience);
      let isDead = false;
      const dying = processWith(step, async () => {
        isDead = true;
        throw new Error('it died');
      });
      await sendWaves(dying, notification, NOW_MS, IN_PAGES).catch((error: Error) =>
        expect(error.message).toBe('it died'),
      );
      expect(isDead).toBe(true);
      await everythingChanges();
      await sendWaves(suite.store, notification, NOW_MS, IN_PAGES);
      await expectOneOutcomeEach(notification, audience);
    },
  );

  it.each(CASES)('a process that died at write %i, %s: each user once', async (step, _, audience) => {
    const notification = await accepted(audience);
    const dying = processWith(step, async () => {
      throw new Error('it died');
    });
    await sendWaves(dying, notification, NOW_MS).catch((error: Error) => expect(error.message).toBe('it died'));
    await everythingChanges();
    await sendWaves(suite.store, notification, NOW_MS);
    await expectOneOutcomeEach(notification, audience);
  });

  it.each(CASES)('a process held up at write %i, %s, while others finish: the same', async (step, _, audience) => {
    const notification = await accepted(audience);
    const slow = processWith(step, async () => {
      await everythingChanges();
      await sendWaves(suite.store, notification, NOW_MS);
    });
    await sendWaves(slow, notification, NOW_MS);
    await expectOneOutcomeEach(notification, audience);
  });
});
