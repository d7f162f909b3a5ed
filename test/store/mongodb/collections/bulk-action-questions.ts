import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { sampleBulkAction } from '../../../contract/bulk-action-contract.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What each query about bulk actions is asked for. */
export const BULK_ACTION_QUESTIONS: Readonly<Record<string, unknown>> = {
  'bulk action by id': 'bla_5',
  'bulk actions listed': null,
  'bulk action under way': null,
  'bulk action of a claim': 'key-5',
  'bulk actions before': new Date(NOW_MS + 20),
};

export async function fillBulkActions(collections: Collections): Promise<void> {
  const { id: _, claim: __, ...action } = sampleBulkAction();
  const kept = (index: number) => ({ claimKey: `key-${index}`, retainedFrom: new Date(NOW_MS + index) });
  await collections.bulk_actions.insertMany(
    Array.from({ length: 1000 }, (_, index) => {
      return { ...action, ...kept(index), _id: `bla_${index}`, isUnderWay: index % 100 === 0 };
    }),
  );
}
