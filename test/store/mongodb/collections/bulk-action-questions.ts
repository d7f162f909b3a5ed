import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { sampleBulkAction } from '../../../contract/bulk-action-contract.ts';

/** What each query about bulk actions is asked for. */
export const BULK_ACTION_QUESTIONS: Readonly<Record<string, unknown>> = {
  'bulk action by id': 'bla_5',
  'bulk actions listed': null,
  'bulk action under way': null,
};

export async function fillBulkActions(collections: Collections): Promise<void> {
  const { id: _, ...action } = sampleBulkAction();
  await collections.bulk_actions.insertMany(
    Array.from({ length: 1000 }, (_, index) => ({ ...action, _id: `bla_${index}`, isUnderWay: index % 100 === 0 })),
  );
}
