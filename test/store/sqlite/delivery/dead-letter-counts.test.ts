import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import { ANY_DEAD_LETTER } from '../../../../src/domain/delivery/dead-letter-filter.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { commitPage } from '../../../support/fan-out-page.ts';
import {
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../../support/samples.ts';

/** Two pieces and a bit; many of them ended at the same instant. */
const DEAD = 20_007;

it('counts dead letters in pieces, each once, in the order of all and in that of a notification', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-dead-counts-'));
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock: systemClock });
  const notification = sampleNotification();
  const first = sampleDelivery(notification, sampleSubscription(), { state: 'failed', dueAtMs: null });
  const dead = Array.from({ length: DEAD }, (_, at) => {
    return { ...first, id: `${first.id}-${at}`, endedAtMs: NOW_MS + Math.floor(at / 9000) };
  });
  await store.notifications.accept(sampleAcceptance(notification, ['a']));
  await commitPage(store, notification, dead);
  const kinds = await store.deliveries.deadKinds(null);
  const counted = async (of: Partial<typeof ANY_DEAD_LETTER>, most = 100_000) => {
    const { counts, isAtLeast } = await store.deliveries.countFailed({
      scope: { ...ANY_DEAD_LETTER, ...of },
      kinds,
      most,
    });
    return [[...counts.values()].reduce((sum, count) => sum + count, 0), isAtLeast];
  };
  const { id: notificationId } = notification;
  for (const of of [{}, { notificationId }, { userId: first.userId }, { fromMs: NOW_MS }])
    expect([of, ...(await counted(of))]).toEqual([of, DEAD, false]);
  expect(await counted({ fromMs: NOW_MS + 1 })).toEqual([DEAD - 9000, false]);
  expect(await counted({ notificationId, untilMs: NOW_MS + 2 })).toEqual([18_000, false]);
  expect(await counted({}, 10_000)).toEqual([10_000, true]);
  expect(await counted({}, 15_000)).toEqual([15_000, true]);
  await store.close();
  rmSync(folder, { recursive: true });
}, 60_000);
