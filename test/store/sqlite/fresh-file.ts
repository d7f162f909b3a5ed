import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { openDataFile } from '../../../src/store/sqlite/file/data-file.ts';
import type { Database, DriverName } from '../../../src/store/sqlite/file/driver.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../src/store/store.ts';

export type FreshFile = { path: string; database: Database; store: Store; reopen(): Promise<void> };

/** For each test of the suite that calls it a data file of its own, open, and gone afterwards. */
export function freshFile(driver: DriverName): FreshFile {
  const fresh = {
    async reopen() {
      fresh.database = await openDataFile(fresh.path, driver);
      fresh.store = storeOn(fresh.database, systemClock);
    },
  } as FreshFile;
  beforeEach(() => {
    fresh.path = join(tmpdir(), `bellhop-${randomUUID()}`, 'data', 'bellhop.db');
    return fresh.reopen();
  });
  afterEach(async () => {
    await fresh.store.close();
    await rm(join(fresh.path, '..', '..'), { recursive: true });
  });
  return fresh;
}
