import type { Collection, CreateIndexesOptions, Document, IndexDescriptionInfo } from 'mongodb';
import { type Collections, INDEXES } from './collections.ts';
import type { StoreIndex } from './named-query.ts';

const DAY_SECONDS = 86_400;
/** The sweeper deletes first, and counts what it deletes: MongoDB only has what the sweeper did not get to. */
const AFTER_SWEEPER_SECONDS = 3600;

type CollectionName = keyof typeof INDEXES;

/** Whether `makeIndexes` would make any. */
export async function lacksIndexes(collections: Collections, retentionDays: number): Promise<boolean> {
  for (const name of Object.keys(INDEXES) as CollectionName[]) {
    const present = await presentIn(plain(collections[name]));
    if (INDEXES[name].some((index) => !isPresent(index, retentionDays, present))) return true;
  }
  return false;
}

/** Makes the indexes that are missing, and makes those again whose retention is not what it was. Harmless when repeated. */
export async function makeIndexes(collections: Collections, retentionDays: number): Promise<void> {
  for (const name of Object.keys(INDEXES) as CollectionName[]) {
    const collection = plain(collections[name]);
    const present = await presentIn(collection);
    for (const index of INDEXES[name]) await makeIndex(collection, index, retentionDays, present);
  }
}

function plain(collection: Collections[CollectionName]): Collection<Document> {
  return collection as unknown as Collection<Document>;
}

function isPresent(index: StoreIndex, retentionDays: number, present: readonly IndexDescriptionInfo[]): boolean {
  const found = present.find(({ name }) => name === index.name);
  return found !== undefined && found.expireAfterSeconds === optionsOf(index, retentionDays).expireAfterSeconds;
}

async function makeIndex(
  collection: Collection<Document>,
  index: StoreIndex,
  retentionDays: number,
  present: readonly IndexDescriptionInfo[],
): Promise<void> {
  if (isPresent(index, retentionDays, present)) return;
  const options = optionsOf(index, retentionDays);
  if (present.some(({ name }) => name === index.name)) {
    if (await hasChangedInPlace(collection, index.name, options.expireAfterSeconds)) return;
    await collection.dropIndex(index.name).catch(ignoreMissing);
  }
  await collection.createIndex(index.key, options);
}

/** In an instant, where the user may: it takes a right that a plain readWrite user has not. */
async function hasChangedInPlace(
  collection: Collection<Document>,
  name: string,
  expireAfterSeconds: number | undefined,
): Promise<boolean> {
  if (expireAfterSeconds === undefined) return false;
  const change = { collMod: collection.collectionName, index: { name, expireAfterSeconds } };
  return collection.db.command(change).then(
    () => true,
    () => false,
  );
}

function optionsOf({ name, isUnique, only, expires }: StoreIndex, retentionDays: number): CreateIndexesOptions {
  return {
    name,
    ...(isUnique && { unique: true }),
    ...(only && { partialFilterExpression: only }),
    ...(expires && {
      expireAfterSeconds: expires === 'at_once' ? 0 : retentionDays * DAY_SECONDS + AFTER_SWEEPER_SECONDS,
    }),
  };
}

async function presentIn(collection: Collection<Document>): Promise<readonly IndexDescriptionInfo[]> {
  try {
    return await collection.indexes();
  } catch (error) {
    // NamespaceNotFound: the collection is made with its first index.
    if ((error as { code?: unknown }).code === 26) return [];
    throw error;
  }
}

/** IndexNotFound: another process that starts at the same time was first. */
function ignoreMissing(error: unknown): void {
  if ((error as { code?: unknown }).code !== 27) throw error;
}
