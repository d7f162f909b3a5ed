import { type BulkAction, isUnderWay } from '../../../domain/bulk-action/bulk-action.ts';
import { ANY_DEAD_LETTER, type DeadLetterFilter } from '../../../domain/delivery/dead-letter-filter.ts';
import { type BulkActionStore, MOST_BULK_ACTIONS_LISTED } from '../../bulk-action-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import {
  BULK_ACTION_BY_ID,
  BULK_ACTION_OF_CLAIM,
  BULK_ACTION_UNDER_WAY,
  BULK_ACTIONS_LISTED,
  type BulkActionDocument,
} from '../collections/bulk-action-queries.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

export function mongoBulkActions(collections: Collections, operations: Operations): BulkActionStore {
  const { bulk_actions: actions } = collections;
  return {
    add: (action) => operations.run(() => add(collections, action)),
    get: (id) =>
      operations.run(async () =>
        actionOrNull(await actions.findOne(BULK_ACTION_BY_ID.filter(id), optionsOf(BULK_ACTION_BY_ID))),
      ),
    list: () =>
      operations.run(async () => {
        const options = { ...optionsOf(BULK_ACTIONS_LISTED), limit: MOST_BULK_ACTIONS_LISTED };
        return (await actions.find(BULK_ACTIONS_LISTED.filter(null), options).toArray()).map(toAction);
      }),
    underWay: () =>
      operations.run(async () =>
        actionOrNull(await actions.findOne(BULK_ACTION_UNDER_WAY.filter(null), optionsOf(BULK_ACTION_UNDER_WAY))),
      ),
    update: (action) =>
      operations.run(async () => {
        const { _id, ...rest } = toDocument(action);
        const next = { ...rest, version: action.version + 1 };
        return (await actions.updateOne({ _id, version: action.version }, { $set: next })).modifiedCount > 0;
      }),
  };
}

/** Tried again after a lost answer, it is there already; and where the same call came before, that one’s. */
async function add(
  { bulk_actions: actions }: Pick<Collections, 'bulk_actions'>,
  action: BulkAction,
): Promise<BulkAction> {
  try {
    await actions.insertOne(toDocument(action));
    return action;
  } catch (error) {
    const field = duplicateField(error);
    if (field === null) throw error;
    if (field !== 'claimKey' || action.claim === null) return action;
    const query = BULK_ACTION_OF_CLAIM;
    const earlier = await actions.findOne(query.filter(encodeText(action.claim.key)), optionsOf(query));
    // Swept between the two: as if it had never been.
    return earlier === null ? add({ bulk_actions: actions }, action) : toAction(earlier);
  }
}

function toDocument({ id, filter, claim, ...rest }: BulkAction): BulkActionDocument {
  return {
    ...rest,
    _id: id,
    filter: withTexts(filter, encodeText),
    isUnderWay: isUnderWay(rest),
    ...(claim !== null && { claimKey: encodeText(claim.key), claimDigest: claim.bodyDigest }),
    retainedFrom: rest.endedAtMs === null ? null : instant(rest.endedAtMs),
  };
}

function actionOrNull(document: BulkActionDocument | null): BulkAction | null {
  return document === null ? null : toAction(document);
}

function toAction({ _id: id, isUnderWay: _, retainedFrom: __, filter, ...document }: BulkActionDocument): BulkAction {
  const { claimKey, claimDigest = '', ...rest } = document;
  const claim = claimKey === undefined ? null : { key: decodeText(claimKey), bodyDigest: claimDigest };
  return { ...rest, id, filter: withTexts({ ...ANY_DEAD_LETTER, ...filter }, decodeText), claim };
}

/** What callers wrote in it, as it is kept or as it was. */
function withTexts(filter: DeadLetterFilter, change: (text: string) => string): DeadLetterFilter {
  const changed = (text: string | null) => (text === null ? null : change(text));
  const { userId, notificationId, type, remedy } = filter;
  return {
    ...filter,
    userId: changed(userId),
    notificationId: changed(notificationId),
    type: changed(type),
    remedy: changed(remedy),
  };
}
