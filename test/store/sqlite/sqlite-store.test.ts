import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { openDataFile } from '../../../src/store/sqlite/file/data-file.ts';
import { availableDrivers, DRIVERS } from '../../../src/store/sqlite/file/driver.ts';
import { storeOn } from '../../../src/store/sqlite/sqlite-store.ts';
import { storeContract } from '../../contract/store-contract.ts';
import { adapterSuite } from './adapter-suite.ts';
import { backupSuite } from './backup-suite.ts';
import { groupCommitSuite } from './file/group-commit-suite.ts';
import { fullDiskSuite } from './full-disk-suite.ts';
import { healthSuite } from './health-suite.ts';
import { restoreSuite } from './restore-suite.ts';

const available = await availableDrivers();

it('has a driver on this runtime', () => {
  expect(available).not.toEqual([]);
});

for (const driver of DRIVERS) {
  if (available.includes(driver)) {
    storeContract(`SQLite by ${driver}`, async () => {
      const folder = join(tmpdir(), `bellhop-${randomUUID()}`);
      const open = async () => storeOn(await openDataFile(join(folder, 'bellhop.db'), driver), systemClock);
      let store = await open();
      return {
        store,
        async reopen() {
          await store.close();
          store = await open();
          return store;
        },
        async dispose() {
          await store.close();
          await rm(folder, { recursive: true });
        },
      };
    });
    adapterSuite(driver);
    backupSuite(driver);
    healthSuite(driver);
    restoreSuite(driver);
    groupCommitSuite(driver);
    fullDiskSuite(driver);
  } else {
    describe(`SQLite by ${driver}`, () => {
      it.skip(`skipped on Node ${process.version}, which lacks ${driver}: other-driver.test.ts runs it on Node 24`);
    });
  }
}
