import { MongoClient } from 'mongodb';
import { collectionsOf } from '../../../src/store/mongodb/collections/collections.ts';
import { toSubscriptionDocument } from '../../../src/store/mongodb/collections/subscription-document.ts';
import { toUserDocument } from '../../../src/store/mongodb/collections/user-queries.ts';
import { connect, type Database } from '../../../src/store/sqlite/file/driver.ts';
import { writeSubscription } from '../../../src/store/sqlite/tables/subscription-rows.ts';
import { writeUser } from '../../../src/store/sqlite/tables/user-rows.ts';
import { answerQuestions } from '../child.ts';
import type { BrowserSubscription } from '../subscribers.ts';
import { deviceAt, personAt } from './people.ts';
import { openStore, type Place } from './place.ts';

export type PeopleSeed = {
  readonly place: Place;
  readonly users: number;
  /** Whether something was said of them, or they only have devices. */
  readonly hasPeople: boolean;
  readonly vapidPublicKey: string;
  /** In the place of those that only look like browsers. */
  readonly browsers?: readonly BrowserSubscription[];
};

const AT_ONCE = 5000;

/** People and their devices by the rows of the adapters: a million calls would take an hour. */
answerQuestions<PeopleSeed>(async (seed) => {
  await ('path' in seed.place ? seedFile(seed, seed.place.path) : seedMongo(seed, seed.place.mongodbUrl));
  return { users: seed.users };
});

async function seedFile(seed: PeopleSeed, path: string): Promise<void> {
  // Makes the tables.
  await (await openStore({ path })).close();
  const database = await connect(path);
  database.execute('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;');
  forEachGroup(seed, (indexes) => {
    database.execute('BEGIN IMMEDIATE');
    for (const index of indexes) writePerson(database, seed, index);
    database.execute('COMMIT');
  });
  database.close();
}

function writePerson(database: Database, seed: PeopleSeed, index: number): void {
  const nowMs = Date.now();
  writeSubscription(database, deviceAt(index, { ...seed, nowMs }, seed.browsers?.[index]));
  if (seed.hasPeople) writeUser(database, null, personAt(index, nowMs));
}

/** The indexes are made afterwards, when the store is opened. */
async function seedMongo(seed: PeopleSeed, url: string): Promise<void> {
  const client = await new MongoClient(url).connect();
  const { users, subscriptions } = collectionsOf(client.db());
  const groups: (readonly number[])[] = [];
  forEachGroup(seed, (indexes) => groups.push(indexes));
  const nowMs = Date.now();
  for (const indexes of groups) {
    const devices = indexes.map((index) => deviceAt(index, { ...seed, nowMs }, seed.browsers?.[index]));
    const said = seed.hasPeople ? indexes.map((index) => toUserDocument(personAt(index, nowMs), 1)) : [];
    await Promise.all([
      subscriptions.insertMany(
        devices.map((device) => toSubscriptionDocument(device, 1)),
        { ordered: false },
      ),
      said.length > 0 && users.insertMany(said, { ordered: false }),
    ]);
  }
  await client.close();
  await (await openStore({ mongodbUrl: url })).close();
}

function forEachGroup({ users }: PeopleSeed, use: (indexes: readonly number[]) => void): void {
  for (let start = 0; start < users; start += AT_ONCE) {
    use(Array.from({ length: Math.min(AT_ONCE, users - start) }, (_, offset) => start + offset));
  }
}
