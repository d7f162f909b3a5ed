import type { Collections } from '../../src/store/mongodb/collections/collections.ts';

const WRITES = ['insertOne', 'insertMany', 'updateOne', 'updateMany', 'replaceOne', 'findOneAndUpdate', 'bulkWrite'];
const WATCHED = [
  'notifications',
  'suppressions',
  'deliveries',
  'cap_uses',
  'receipts',
  'receipt_counts',
  'experiments',
  'experiment_marks',
  'experiment_counts',
] as const;

/** The collections as a process has them that comes to `atStep` before its write of that number, and goes on as that says. */
export function collectionsWithStep(collections: Collections, step: number, atStep: () => Promise<void>): Collections {
  let writes = 0;
  const watched = <Name extends keyof Collections>(collection: Collections[Name]): Collections[Name] =>
    new Proxy(collection, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (!WRITES.includes(String(name))) return value.bind(target);
        return async (...given: unknown[]) => {
          writes += 1;
          if (writes - 1 === step) await atStep();
          return value.apply(target, given);
        };
      },
    });
  return { ...collections, ...Object.fromEntries(WATCHED.map((name) => [name, watched(collections[name])])) };
}
