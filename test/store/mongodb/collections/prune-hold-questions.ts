import { PRUNE_HOLD_STATES } from '../../../../src/domain/pruning/prune-hold.ts';
import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What each query about holds on pruning is asked for. */
export const PRUNE_HOLD_QUESTIONS: Readonly<Record<string, unknown>> = {
  'prune hold by id': 'hld_5',
  'open prune hold': { scope: 'origin', subject: 'subject-6' },
  'prune holds listed': null,
  'prune holds in one state': 'open',
  'prune holds decided': NOW_MS + 990,
};

export async function fillPruneHolds(collections: Collections): Promise<void> {
  await collections.prune_holds.insertMany(
    Array.from({ length: 1000 }, (_, index) => ({
      _id: `hld_${index}`,
      scope: 'origin',
      subject: `subject-${index}`,
      state: PRUNE_HOLD_STATES[index % 3]!,
      goneCount: 60,
      answerCount: 100,
      retiredIds: [],
      openedAtMs: NOW_MS,
      decidedAtMs: index % 3 === 0 ? null : NOW_MS + index,
    })),
  );
}
