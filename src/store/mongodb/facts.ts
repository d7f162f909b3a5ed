import type { FactStore } from '../fact-store.ts';
import type { Collections } from './collections/collections.ts';
import { duplicateField } from './server/mongo-error.ts';
import type { Operations } from './server/operations.ts';

export function mongoFacts(collections: Collections, operations: Operations): FactStore {
  return {
    keep: (name, value) => operations.run(() => keepFact(collections, name, value)),
    find: (name) => operations.run(() => find(collections, name)),
    replace: (name, value) => operations.run(() => replace(collections, name, value)),
  };
}

export async function keepFact({ meta }: Collections, name: string, value: string): Promise<string> {
  try {
    await meta.insertOne({ _id: `fact ${name}`, value });
    return value;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return (await meta.findOne({ _id: `fact ${name}` }))?.value ?? value;
  }
}

async function find({ meta }: Collections, name: string): Promise<string | null> {
  return (await meta.findOne({ _id: `fact ${name}` }))?.value ?? null;
}

async function replace({ meta }: Collections, name: string, value: string): Promise<void> {
  await meta.updateOne({ _id: `fact ${name}` }, { $set: { value } }, { upsert: true });
}
