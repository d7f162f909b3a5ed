import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { startMongod } from '../../../scripts/servers/mongod.ts';
import { systemClock } from '../../../src/clock.ts';
import { eraseDue } from '../../../src/intake/erasing.ts';
import { openMongoStore } from '../../../src/store/mongodb/mongodb-store.ts';
import { describeWithMongod, freshDatabase } from '../../support/mongodb.ts';
import { leaveTexts, SECRET } from '../../support/personal-texts.ts';
import { deliveriesTo, erasuresOn, leaveTraces, PERSON, pageReadBefore } from '../../support/traces.ts';

describeWithMongod('MongoDB, once a person is erased', () => {
  it('has the name in no document, whatever page another process still writes', async () => {
    const server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    const url = freshDatabase(server.url);
    const open = () => openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
    const [store, other] = await Promise.all([open(), open()]);
    const client = new MongoClient(url);
    try {
      await leaveTraces(store);
      await leaveTexts(store);
      const page = await pageReadBefore(other);
      // The other process knows of nobody yet, and asks while it writes.
      await other.fanOuts.get(page.id);
      const { erasures, parts } = erasuresOn(store);
      const erasing = erasures.erase(PERSON);
      await page.commit();
      await erasing;
      while (await eraseDue(parts, () => false));
      expect(await deliveriesTo(store, PERSON)).toEqual([]);
      const collections = await client.db().collections();
      const all = await Promise.all(collections.map((collection) => collection.find().toArray()));
      for (const word of [PERSON, SECRET]) expect(JSON.stringify(all)).not.toContain(word);
      expect(JSON.stringify(all)).toContain('bob-who-stays');
    } finally {
      await client.close();
      await Promise.all([store.close(), other.close()]);
      await server.stop();
    }
  }, 60_000);
});
