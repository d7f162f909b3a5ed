import type { SegmentStore } from '../../segment-store.ts';
import type { Collections } from '../collections/collections.ts';
import type { Operations } from '../server/operations.ts';

export function mongoSegments({ segments }: Collections, operations: Operations): SegmentStore {
  return {
    all: () =>
      operations.run(async () => {
        const found = await segments.find().sort({ _id: 1 }).toArray();
        return new Map(found.map(({ _id, tags }) => [_id, tags]));
      }),
    put: (key, text) =>
      operations.run(async () => {
        await segments.updateOne({ _id: key }, { $set: { tags: text } }, { upsert: true });
      }),
    delete: (key) => operations.run(async () => (await segments.deleteOne({ _id: key })).deletedCount > 0),
  };
}
