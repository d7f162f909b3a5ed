import { afterAll, beforeAll, describe } from 'vitest';
import { startMongod } from '../../../scripts/servers/mongod.ts';
import { startReplicaSet } from '../../../scripts/servers/replica-set.ts';
import { systemClock } from '../../../src/clock.ts';
import { openMongoStore } from '../../../src/store/mongodb/mongodb-store.ts';
import { storeContract } from '../../contract/store-contract.ts';
import { describeWithMongod, emptyDatabase, freshDatabase } from '../../support/mongodb.ts';

/** The instants of the samples lie in the past, where MongoDB would delete them in the middle of a test. */
const WITHOUT_TTL = { args: ['--setParameter', 'ttlMonitorEnabled=false'] };
const TEN_YEARS = 3650;

type Server = { readonly url: string; stop(): Promise<void> };

function contractOn(name: string, start: () => Promise<Server>): void {
  describe(name, () => {
    let server: Server;
    let url: string;
    beforeAll(async () => {
      server = await start();
      url = freshDatabase(server.url);
    }, 60_000);
    afterAll(() => server.stop(), 60_000);

    storeContract(`MongoDB, ${name},`, async () => {
      const open = () => openMongoStore({ url, clock: systemClock, retentionDays: TEN_YEARS, alone: null });
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
          await emptyDatabase(url);
        },
      };
    });
  });
}

describeWithMongod('the MongoDB adapter', () => {
  const given = process.env.MONGODB_TEST_URL;
  if (given !== undefined)
    contractOn('the server of MONGODB_TEST_URL', async () => ({ url: given, stop: async () => {} }));
  contractOn('standalone', () => startMongod(WITHOUT_TTL));
  contractOn('a replica set of one', () => startReplicaSet({ members: 1, ...WITHOUT_TTL }));
});
