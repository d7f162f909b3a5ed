import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';

const USERS = Array.from({ length: 2000 }, (_, index) => `user-${index}`);

/** What the queries of experiments are asked for. */
export function experimentQuestions(deliveryIds: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    'experiment by key': 'greeting-1',
    'experiments listed': { atMs: NOW_MS + 150, key: 'greeting-150' },
    'experiments unused': NOW_MS + 50,
    'marks of an experiment': 'greeting-1',
    'marks of a user': 'user-1',
    'users of marks': 'user-20',
    'uncounted marks': 'greeting-1',
    'marks by id': ['greeting-1 users user-1', 'greeting-1 users user-51'],
    'counts of marks': 'greeting-1',
    'deliveries to count': 'greeting-1',
    'deliveries counted': { ids: deliveryIds, wereDelivered: false },
    'deliveries in experiments': deliveryIds,
  };
}

export async function fillExperiments(collections: Collections, deliveryIds: readonly string[]): Promise<void> {
  const keys = Array.from({ length: 200 }, (_, index) => `greeting-${index}`);
  await collections.experiments.insertMany(
    keys.map((_id, index) => {
      return {
        _id,
        terms: JSON.stringify({ key: _id }),
        notificationId: null,
        createdAtMs: NOW_MS + index,
        usedUntilMs: NOW_MS + index,
      };
    }),
  );
  await collections.experiment_counts.insertMany(
    keys.map((_id) => ({ _id, version: 1, counts: [], batch: [], retainedFrom: new Date(0) })),
  );
  await collections.experiment_marks.insertMany(
    USERS.map((userId, index) => ({
      _id: `greeting-${index % 50} users ${userId}`,
      experimentKey: `greeting-${index % 50}`,
      userId,
      name: 'a users',
      retainedFrom: new Date(0),
      ...(index % 20 === 1 && { isUncounted: true as const }),
    })),
  );
  await collections.deliveries.updateMany({ _id: { $in: [...deliveryIds] } }, { $set: { toCount: 'greeting-1' } });
}
