import type { ErasedPage, ErasedPerson } from '../../../domain/erasure/erasure.ts';
import { idsAfter } from '../../../domain/ids.ts';
import type { StoredStep } from '../../erasure-store.ts';
import { encodeText } from '../../stored-text.ts';
import { AUDIT_OF_TARGET } from '../collections/audit-queries.ts';
import { BULK_ACTIONS_LISTED } from '../collections/bulk-action-queries.ts';
import type { Collections } from '../collections/collections.ts';
import { DELIVERIES_BY_ID } from '../collections/delivery-queries.ts';
import { CAPS_OF_USER } from '../collections/erasure-queries.ts';
import { MARKS_OF_USER } from '../collections/experiment-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { SUPPRESSIONS_OF_USER } from '../collections/suppression-queries.ts';
import { USER_BY_ID } from '../collections/user-queries.ts';
import { emptyContents } from './contents.ts';
import { eraseFromSuppressionLists, eraseFromWaitingLists } from './lists.ts';

const CONTENTS_AT_ONCE = 500;

type Eraser = (collections: Collections, person: ErasedPerson, cursor: string | null) => Promise<ErasedPage>;

/** Each step again and again changes no more: whoever repeats one after a crash finds only what is left. */
export const ERASERS: Readonly<Record<StoredStep, Eraser>> = {
  user: eraseUser,
  waiting_lists: eraseFromWaitingLists,
  suppressions: eraseSuppressions,
  suppression_lists: eraseFromSuppressionLists,
  cap_uses: eraseCapUses,
  experiments: eraseMarks,
  bulk_actions: eraseBulkActions,
  audit: eraseAudit,
};

async function eraseUser({ users }: Collections, { userId, untilMs }: ErasedPerson): Promise<ErasedPage> {
  const filter = { ...USER_BY_ID.filter(encodeText(userId)), createdAtMs: { $lte: untilMs } };
  return { counts: { users: (await users.deleteOne(filter)).deletedCount }, next: null };
}

/** They stay, and count, without the person; first what they say to nobody else goes, since by them it is found. */
async function eraseSuppressions(collections: Collections, person: ErasedPerson): Promise<ErasedPage> {
  const { suppressions } = collections;
  const userId = encodeText(person.userId);
  const filter = SUPPRESSIONS_OF_USER.filter({ userId, beforeId: idsAfter('notification', person.untilMs) });
  const of = { ...optionsOf(SUPPRESSIONS_OF_USER), projection: { _id: 0, notificationId: 1 } };
  let [contents, ids] = [0, new Set<string>()];
  for await (const { notificationId } of suppressions.find(filter, of)) {
    ids.add(notificationId);
    if (ids.size < CONTENTS_AT_ONCE) continue;
    contents += await emptyContents(collections, [...ids]);
    ids = new Set();
  }
  contents += await emptyContents(collections, [...ids]);
  const set = { 'entries.$[own].userId': person.alias, 'entries.$[own].detail': {} };
  const options = { arrayFilters: [{ 'own.userId': userId }], hint: optionsOf(SUPPRESSIONS_OF_USER).hint };
  const { modifiedCount } = await suppressions.updateMany(filter, { $set: set }, options);
  return { counts: { suppressions: modifiedCount, contents }, next: null };
}

async function eraseCapUses({ cap_uses: caps }: Collections, { userId, untilMs }: ErasedPerson): Promise<ErasedPage> {
  const filter = { ...CAPS_OF_USER.filter(encodeText(userId)), 'uses.atMs': { $not: { $gt: untilMs } } };
  const found = await caps.find(filter, optionsOf(CAPS_OF_USER)).toArray();
  await caps.deleteMany(filter, { hint: optionsOf(CAPS_OF_USER).hint });
  return { counts: { cap_uses: found.reduce((sum, { uses }) => sum + uses.length, 0) }, next: null };
}

/** What they came to stays in the counts, which name nobody. */
async function eraseMarks({ experiment_marks: marks }: Collections, { userId }: ErasedPerson): Promise<ErasedPage> {
  const filter = MARKS_OF_USER.filter(encodeText(userId));
  const { deletedCount } = await marks.deleteMany(filter, { hint: optionsOf(MARKS_OF_USER).hint });
  return { counts: { experiment_marks: deletedCount }, next: null };
}

/** Few documents: a person asks for each. */
async function eraseBulkActions(collections: Collections, person: ErasedPerson): Promise<ErasedPage> {
  const { bulk_actions: actions } = collections;
  const userId = encodeText(person.userId);
  let count = 0;
  for await (const { _id, filter } of actions.find(BULK_ACTIONS_LISTED.filter(null), optionsOf(BULK_ACTIONS_LISTED))) {
    if (filter.userId !== userId || _id >= idsAfter('bulkAction', person.untilMs)) continue;
    const without = { $set: { 'filter.userId': person.alias }, $inc: { version: 1 } } as const;
    count += (await actions.updateOne({ _id, 'filter.userId': userId }, without)).modifiedCount;
  }
  return { counts: { bulk_actions: count }, next: null };
}

/** The seal stays, over which the chain goes. */
async function eraseAudit({ audit }: Collections, { userId, untilMs }: ErasedPerson): Promise<ErasedPage> {
  const filter = {
    ...AUDIT_OF_TARGET.filter({ target: userId, before: Number.MAX_SAFE_INTEGER }),
    atMs: { $lte: untilMs },
  };
  const without = { $set: { 'target.text': null, 'target.salt': null } };
  const { modifiedCount } = await audit.updateMany(filter, without, { hint: optionsOf(AUDIT_OF_TARGET).hint });
  return { counts: { audit_entries: modifiedCount }, next: null };
}

/** See `ErasureStore.detach`. A claim or settlement under way writes neither, and so is in nobody's way. */
export async function detach(
  { deliveries }: Collections,
  ids: readonly string[],
  { userId, alias }: ErasedPerson,
): Promise<number> {
  if (ids.length === 0) return 0;
  const filter = { ...DELIVERIES_BY_ID.filter(ids), userId: encodeText(userId) };
  const without = { $set: { userId: alias }, $unset: { values: 1, 'variant.experimentKey': 1, toCount: 1 } } as const;
  return (await deliveries.updateMany(filter, without, { hint: optionsOf(DELIVERIES_BY_ID).hint })).modifiedCount;
}
