import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';

/** The URL of a new database on the server of `url`, so that the demo leaves those that are there alone. */
export function demoDatabase(url: string): string {
  const [, start = url, path = '', query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?([^?]*)(\?.*)?$/.exec(url) ?? [];
  // Users are kept in the database that the URL named, or in admin, unless it says otherwise.
  const mustSay = start.includes('@') && !query.includes('authSource');
  const source = mustSay ? `${query === '' ? '?' : '&'}authSource=${path === '' ? 'admin' : path}` : '';
  return `${start}/bellhop-demo-${randomBytes(4).toString('hex')}${query}${source}`;
}

/** Removes the database that the URL names. */
export async function dropDatabase(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 3000 });
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}
