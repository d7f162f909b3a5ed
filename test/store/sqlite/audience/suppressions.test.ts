import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import type { SuppressionReason } from '../../../../src/domain/audience/release.ts';
import type { Suppression } from '../../../../src/domain/audience/suppression.ts';
import { AUDIENCE_START, cursorAfterUser } from '../../../../src/store/audience-cursor.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { atFullSize } from '../../../support/full-size.ts';
import { NOW_MS, sampleAcceptance, sampleNotification } from '../../../support/samples.ts';

/** More lists than are looked through at once, and users enough that to walk past all of them takes long. */
const PAGES = atFullSize(800, 60);
const USERS_OF_PAGE = 500;

it('finds few of many by their reason, and who is in a list with turns in between', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-suppressions-'));
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock: systemClock });
  const notification = sampleNotification();
  const { id: notificationId } = notification;
  await store.notifications.accept(sampleAcceptance(notification, ['a']));
  const suppressed = (page: number, at: number): Suppression => {
    const often: SuppressionReason = at < 100 ? 'no_subscription' : 'opted_out';
    const reason = page === PAGES - 1 && at === USERS_OF_PAGE - 1 ? 'paused' : often;
    return { notificationId, userId: `${page}-${at}`, reason, detail: {}, atMs: NOW_MS };
  };
  let from = AUDIENCE_START;
  for (let page = 0; page < PAGES; page += 1) {
    const suppressions = Array.from({ length: USERS_OF_PAGE }, (_, at) => suppressed(page, at));
    const to = page < PAGES - 1 ? cursorAfterUser(String(page)) : null;
    const policy = { cap: null, overrides: [] };
    await store.fanOuts.commitPage({
      ...{ notification, from, to, members: [], policy, isUserCountOpen: false, wave: null, nowMs: NOW_MS },
      plan: () => ({ deliveries: [], suppressions, capUses: [] }),
    });
    from = to ?? from;
  }

  const found = async (reason: SuppressionReason) => {
    const startedAtMs = performance.now();
    const { items } = await store.suppressions.list({ notificationId, reason, cursor: null, limit: 10 });
    return { userIds: items.map(({ userId }) => userId), tookMs: performance.now() - startedAtMs };
  };
  const [paused, missed] = [await found('paused'), await found('missed')];
  expect([paused.userIds, missed.userIds]).toEqual([[`${PAGES - 1}-${USERS_OF_PAGE - 1}`], []]);
  if (PAGES > 100) expect(paused.tookMs + missed.tookMs).toBeLessThan(20);
  const done: string[] = [];
  setImmediate(() => done.push('other work'));
  expect(await store.suppressions.get(notificationId, `${PAGES - 1}-99`)).toMatchObject({ reason: 'no_subscription' });
  done.push('found');
  expect(done).toEqual(['other work', 'found']);
  expect(await store.suppressions.get(notificationId, 'nobody')).toBeNull();
  expect(await store.suppressions.countByReason(notificationId)).toMatchObject({
    no_subscription: PAGES * 100,
    opted_out: PAGES * 400 - 1,
    paused: 1,
  });
  const events = (await store.events.after(0, 100)).filter(({ type }) => type === 'notification.suppressed');
  const byReason = { no_subscription: PAGES * 100, opted_out: PAGES * 400 - 1, paused: 1 };
  expect(events.map(({ data }) => data)).toMatchObject([{ notificationId, users: PAGES * USERS_OF_PAGE, byReason }]);
  await store.close();
  rmSync(folder, { recursive: true });
}, 300_000);
