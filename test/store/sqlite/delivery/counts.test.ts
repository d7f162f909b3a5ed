import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { commitPage } from '../../../support/fan-out-page.ts';
import { atFullSize } from '../../../support/full-size.ts';
import {
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../../support/samples.ts';

/** More than two pieces. */
const DELIVERED = atFullSize(300_000, 40_500);

it('counts a large notification in pieces, each delivery once, and some of it in the time of ten thousand', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-counts-'));
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock: systemClock });
  const notification = sampleNotification();
  const failed = Array.from({ length: 3 }, () =>
    sampleDelivery(notification, sampleSubscription(), { state: 'failed', dueAtMs: null, endedAtMs: NOW_MS }),
  );
  const subscription = sampleSubscription();
  const sent = Array.from({ length: DELIVERED }, (_, at) => ({
    ...sampleDelivery(notification, subscription, { state: 'delivered', dueAtMs: null, endedAtMs: NOW_MS }),
    id: `${failed[0]!.id}-${at}`,
  }));
  await store.notifications.accept(sampleAcceptance(notification, ['a']));
  await commitPage(store, notification, [...failed, ...sent]);

  const startedAtMs = performance.now();
  const some = await store.deliveries.countSome(notification.id);
  const someMs = performance.now() - startedAtMs;
  expect(some).toMatchObject({ counts: { delivered: 10_000, failed: 3, pending: 0 }, isAtLeast: true });
  const done: string[] = [];
  setImmediate(() => done.push('other work'));
  const all = await store.deliveries.countByState(notification.id);
  done.push('counted');
  expect(all).toMatchObject({ delivered: DELIVERED, failed: 3, pending: 0 });
  expect(done).toEqual(['other work', 'counted']);
  if (DELIVERED > 100_000) expect(someMs).toBeLessThan(50);
  await store.close();
  rmSync(folder, { recursive: true });
}, 300_000);
