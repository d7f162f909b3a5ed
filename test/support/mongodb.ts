import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Mongod, startMongod } from '../../scripts/servers/mongod.ts';
import { findMongod } from '../../scripts/servers/mongod-binary.ts';
import { systemClock } from '../../src/clock.ts';
import { type Collections, collectionsOf } from '../../src/store/mongodb/collections/collections.ts';
import { openMongoStore } from '../../src/store/mongodb/mongodb-store.ts';
import type { Store } from '../../src/store/store.ts';

const found = await findMongod();

/**
 * Declares the suite where a mongod is to be had, and says which; else one skipped test says what is missing. Never
 * skips on CI.
 */
export function describeWithMongod(name: string, declare: () => void): void {
  if ('reason' in found && process.env.CI !== 'true') {
    describe(name, () => it.skip(`skipped: ${found.reason}`));
    return;
  }
  const by = 'reason' in found ? found.reason : `${found.version}, ${found.source}`;
  describe(`${name} (mongod ${by})`, declare);
}

/** One test of the kind, in a suite that has others. */
export function itWithMongod(name: string, test: () => Promise<void>, timeoutMs: number): void {
  if ('reason' in found && process.env.CI !== 'true') it.skip(`${name} (skipped: ${found.reason})`);
  else it(name, test, timeoutMs);
}

/** The URL of a database of this server that nobody else uses. */
export function freshDatabase(serverUrl: string): string {
  // Not a URL to the URL parser where it names several hosts.
  const [, servers, query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(serverUrl) ?? [];
  return `${servers}/bellhop-test-${randomUUID()}${query}`;
}

/** A store on a server of its own, and its collections, for the tests of one suite. */
export function mongoForSuite(): { readonly store: Store; readonly collections: Collections } {
  let server: Mongod;
  let client: MongoClient;
  let store: Store;
  beforeAll(async () => {
    // The instants of tests are long past.
    server = await startMongod({ args: ['--setParameter', 'ttlMonitorEnabled=false'] });
    const url = freshDatabase(server.url);
    store = await openMongoStore({ url, clock: systemClock, retentionDays: 3650, alone: null });
    client = new MongoClient(url);
  }, 60_000);
  afterAll(async () => {
    await client.close();
    await store.close();
    await server.stop();
  });
  return {
    get store() {
      return store;
    },
    get collections() {
      return collectionsOf(client.db());
    },
  };
}

/**
 * Deletes every document of the database that the URL names, and leaves its collections and indexes: to make them anew
 * costs a test more than all that it does.
 */
export async function emptyDatabase(url: string): Promise<void> {
  const client = new MongoClient(url);
  const collections = await client.db().collections();
  await Promise.all(collections.map((collection) => collection.deleteMany({})));
  await client.close();
}
