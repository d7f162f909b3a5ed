import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { describe, it } from 'vitest';
import { findMongod } from '../../scripts/servers/mongod-binary.ts';

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

/** The URL of a database of this server that nobody else uses. */
export function freshDatabase(serverUrl: string): string {
  // Not a URL to the URL parser where it names several hosts.
  const [, servers, query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(serverUrl) ?? [];
  return `${servers}/bellhop-test-${randomUUID()}${query}`;
}

/** Drops the database that the URL names. */
export async function dropDatabase(url: string): Promise<void> {
  const client = new MongoClient(url);
  await client.db().dropDatabase();
  await client.close();
}
