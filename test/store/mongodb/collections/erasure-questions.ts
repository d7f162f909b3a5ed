import { wantedErasure } from '../../../../src/domain/erasure/erasure.ts';
import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { toErasureDocument } from '../../../../src/store/mongodb/erasure/documents.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What the queries about erasures are asked for. */
export const ERASURE_QUESTIONS: Readonly<Record<string, unknown>> = {
  'erasure by id': 'era_30',
  'erasure of a digest': 'digest-30',
  'erasures listed': 'era_30',
  'erasures due': NOW_MS + 30,
  'erasures to find': null,
  'erased since': NOW_MS + 30,
  'caps of a user': 'user-5',
  'caps walked': { userId: 'user-20', pattern: '*' },
  'users of subscriptions': 'user-20',
  'users of deliveries': 'user-20',
  'suppressions walked': 'ntf_',
};

export async function fillErasures({ erasures }: Collections): Promise<void> {
  await erasures.insertMany(
    Array.from({ length: 60 }, (_, index) => {
      const from = { id: `era_${index}`, userDigest: `digest-${index}`, untilMs: NOW_MS };
      const begun = index % 2 === 0 ? { begunAtMs: NOW_MS + index } : null;
      const dueAtMs = index % 2 === 0 ? NOW_MS + index : null;
      return { ...toErasureDocument(wantedErasure(from), begun), isToFind: index % 3 === 0, dueAtMs };
    }),
  );
}
