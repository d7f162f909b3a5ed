import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { commitPage } from '../../../support/fan-out-page.ts';
import {
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../../support/samples.ts';

it('lets other work go on while it reads thousands that are due', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-due-'));
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock: systemClock });
  const notification = sampleNotification();
  const deliveries = Array.from({ length: 1001 }, () => sampleDelivery(notification, sampleSubscription()));
  await store.notifications.accept(sampleAcceptance(notification, ['a']));
  await commitPage(store, notification, deliveries);
  const done: string[] = [];
  setImmediate(() => done.push('other work'));
  const due = await store.deliveries.due({ priority: 'normal', untilMs: NOW_MS, limit: 1001 });
  done.push('read');
  expect(due).toHaveLength(1001);
  expect(done).toEqual(['other work', 'read']);
  await store.close();
  rmSync(folder, { recursive: true });
});
