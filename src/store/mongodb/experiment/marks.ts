import type { Collection } from 'mongodb';
import type { Delivery } from '../../../domain/delivery/delivery.ts';
import type { ExperimentMark, Stage, VariantCounts } from '../../../domain/experiment/experiment.ts';
import { marksOfDelivery, marksOfReceipt } from '../../../domain/experiment/marks.ts';
import { NO_COUNTS } from '../../../domain/experiment/terms.ts';
import type { ReceiptMark } from '../../../domain/receipt/receipt.ts';
import type { ExperimentCounts } from '../../experiment-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import {
  type CountedDelivery,
  DELIVERIES_COUNTED,
  DELIVERIES_IN_EXPERIMENTS,
  DELIVERIES_TO_COUNT,
  type ExperimentMarkDocument,
  MARK_COUNTS,
  MARKS_BY_ID,
  UNCOUNTED_MARKS,
} from '../collections/experiment-queries.ts';
import type { MarkCountDocument, MarkDocument } from '../collections/mark-documents.ts';
import { optionsOf } from '../collections/named-query.ts';
import { isOnlyDuplicates } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { type Counter, countingSoon, countSomeMarks, type MarkKind } from '../tally/counted-marks.ts';

const MARKS: MarkKind = {
  marks: ({ experiment_marks: marks }) => marks as unknown as Collection<MarkDocument>,
  counts: ({ experiment_counts: counts }) => counts as Collection<MarkCountDocument>,
  uncounted: UNCOUNTED_MARKS,
  byIds: MARKS_BY_ID,
  countsOf: MARK_COUNTS,
};

const DELIVERIES_AT_ONCE = 1000;

/**
 * What users of an experiment came to, with all that was kept before this call. A delivery says by itself that it was made, or delivered,
 * and is not counted yet: so nothing that is true of deliveries can be missing, whoever died after it was written.
 */
export async function countExperiment(
  collections: Collections,
  key: string,
): Promise<ReadonlyMap<string, VariantCounts>> {
  for (;;) {
    const counts = await countSome(collections, key);
    if (counts !== null) return byVariant(counts);
  }
}

/** As `countExperiment`, up to when it has taken so long. What is left then is counted in the background: nobody has to come again for it. */
export async function countWithin(
  collections: Collections,
  key: string,
  patienceMs: number,
): Promise<ExperimentCounts> {
  const endsAtMs = performance.now() + patienceMs;
  do {
    const counts = await countSome(collections, key);
    if (counts !== null) return { counts: byVariant(counts), isWhole: true };
  } while (performance.now() < endsAtMs);
  counters.get(collections)?.now(key);
  const kept = await collections.experiment_counts.findOne(MARK_COUNTS.filter(key), optionsOf(MARK_COUNTS));
  return { counts: byVariant(kept?.counts ?? []), isWhole: false };
}

function byVariant(counts: MarkCountDocument['counts']): ReadonlyMap<string, VariantCounts> {
  const found = new Map<string, VariantCounts>();
  for (const [name, count] of counts) {
    const [variant = '', stage] = name.split(' ') as [string, Stage];
    found.set(variant, { ...(found.get(variant) ?? NO_COUNTS), [stage]: count });
  }
  return found;
}

async function countSome(collections: Collections, key: string) {
  return (await markDeliveries(collections, key)) ? countSomeMarks(collections, MARKS, key) : null;
}

/** Marks for some of the deliveries that have none. True: there are no more. */
async function markDeliveries(collections: Collections, key: string): Promise<boolean> {
  const { deliveries } = collections;
  const options = { ...optionsOf(DELIVERIES_TO_COUNT), limit: DELIVERIES_AT_ONCE };
  const found = await deliveries.find<CountedDelivery>(DELIVERIES_TO_COUNT.filter(key), options).toArray();
  if (found.length === 0) return true;
  await addMarks(
    collections,
    found.flatMap((one) => marksOfDelivery(deliveryOf(one))),
  );
  for (const wereDelivered of [true, false]) {
    const ids = found.filter(({ state }) => (state === 'delivered') === wereDelivered).map(({ _id }) => _id);
    if (ids.length === 0) continue;
    const filter = DELIVERIES_COUNTED.filter({ ids, wereDelivered });
    await deliveries.updateMany(filter, { $unset: { toCount: '' } }, optionsOf(DELIVERIES_COUNTED));
  }
  return found.length < DELIVERIES_AT_ONCE;
}

function deliveryOf({ userId, variant, state }: Omit<CountedDelivery, '_id'>) {
  return { userId: decodeText(userId), state, ...(variant !== undefined && { variant }) };
}

/** Those that are there already stay. */
async function addMarks({ experiment_marks: kept }: Collections, marks: readonly ExperimentMark[]): Promise<void> {
  const documents = [...new Map(marks.map(toDocument).map((one) => [one._id, one])).values()];
  if (documents.length === 0) return;
  try {
    await kept.insertMany(documents, { ordered: false });
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
  }
}

function toDocument({ experimentKey, userId, variant, stage }: ExperimentMark): ExperimentMarkDocument {
  const user = encodeText(userId);
  return {
    _id: `${experimentKey} ${stage} ${user}`,
    experimentKey,
    userId: user,
    name: `${variant} ${stage}`,
    isUncounted: true,
    retainedFrom: new Date(0),
  };
}

export function toMark({ experimentKey, userId, name }: ExperimentMarkDocument): ExperimentMark {
  const [variant = '', stage] = name.split(' ') as [string, Stage];
  return { experimentKey, userId: decodeText(userId), variant, stage };
}

/** Of receipts whose notifications have experiments. */
export async function markTold(collections: Collections, told: readonly ReceiptMark[]): Promise<void> {
  if (told.length === 0) return;
  const ids = [...new Set(told.map(({ deliveryId }) => deliveryId))];
  const options = optionsOf(DELIVERIES_IN_EXPERIMENTS);
  const found = await collections.deliveries
    .find<Omit<CountedDelivery, 'state'>>(DELIVERIES_IN_EXPERIMENTS.filter(ids), options)
    .toArray();
  const byId = new Map(found.map((one) => [one._id, deliveryOf({ ...one, state: 'delivered' })]));
  const marks = told.flatMap(({ deliveryId, name }) => {
    const delivery = byId.get(deliveryId);
    return delivery === undefined ? [] : marksOfReceipt(delivery, name);
  });
  await addMarks(collections, marks);
  counters.get(collections)?.soon(marks.map(({ experimentKey }) => experimentKey));
}

const counters = new WeakMap<Collections, Counter>();

/** From then on this process counts in the background what it adds to experiments. */
export function openExperimentCounter(collections: Collections, operations: Operations): void {
  counters.set(
    collections,
    countingSoon(operations, async (key) => (await countSome(collections, key)) !== null),
  );
}

/** These deliveries were made, or delivered. */
export function noteToCount(collections: Collections, deliveries: readonly Pick<Delivery, 'variant'>[]): void {
  const keys = deliveries.flatMap(({ variant }) => variant?.experimentKey ?? []);
  if (keys.length > 0) counters.get(collections)?.soon(keys);
}
