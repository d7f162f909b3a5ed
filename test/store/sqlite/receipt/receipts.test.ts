import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import { openOutbox } from '../../../../src/store/sqlite/event/outbox.ts';
import { openDataFile } from '../../../../src/store/sqlite/file/data-file.ts';
import { storeOn } from '../../../../src/store/sqlite/sqlite-store.ts';
import { fannedOut } from '../../../contract/fresh-store.ts';
import { NOW_MS } from '../../../support/samples.ts';

it('announces each receipt once, where that is asked for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-receipts-'));
  const database = await openDataFile(join(folder, 'bellhop.db'));
  const store = storeOn(database, systemClock);
  try {
    openOutbox(database, { types: ['receipt.recorded'], clock: systemClock });
    const { deliveries } = await fannedOut(store, 1);
    const deliveryId = deliveries[0]!.id;
    const marks = ['shown', 'clicked', 'clicked open'].map((name) => ({ deliveryId, name, atMs: NOW_MS }));
    for (let told = 0; told < 2; told += 1) await store.receipts.keep(marks);
    expect((await store.events.after(0, 10)).map(({ data }) => data)).toEqual([
      { deliveryId, event: 'shown', action: null },
      { deliveryId, event: 'clicked', action: 'open' },
    ]);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
