import type { TypeRuleStore } from '../../type-rule-store.ts';
import type { Collections } from '../collections/collections.ts';
import { toRule } from '../collections/rule-documents.ts';
import type { Operations } from '../server/operations.ts';

export function mongoTypeRules({ type_rules: rules }: Collections, operations: Operations): TypeRuleStore {
  return {
    all: () =>
      operations.run(async () => {
        const found = await rules.find().sort({ _id: 1 }).toArray();
        return new Map(found.map((document) => [document._id, toRule(document)]));
      }),
    put: (pattern, rule) =>
      operations.run(async () => {
        await rules.updateOne({ _id: pattern }, { $set: { rule: JSON.stringify(rule) } }, { upsert: true });
      }),
    delete: (pattern) => operations.run(async () => (await rules.deleteOne({ _id: pattern })).deletedCount > 0),
  };
}
