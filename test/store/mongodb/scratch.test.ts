import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { systemClock } from '../../../src/clock.ts';
import { openMongoStore } from '../../../src/store/mongodb/mongodb-store.ts';
import { storeContract } from '../../contract/store-contract.ts';

storeContract('MongoDB scratch', async () => {
  const name = `bellhop-${randomUUID()}`;
  const url = `mongodb://127.0.0.1:27999/${name}`;
  const open = () => openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
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
      const client = new MongoClient(url);
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
});
