import { type BulkAction, isUnderWay } from '../../../domain/bulk-action/bulk-action.ts';
import { type BulkActionStore, MOST_BULK_ACTIONS_LISTED } from '../../bulk-action-store.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import {
  BULK_ACTION_BY_ID,
  BULK_ACTION_UNDER_WAY,
  BULK_ACTIONS_LISTED,
  type BulkActionDocument,
} from '../collections/bulk-action-queries.ts';
import type { Collections } from '../collections/collections.ts';
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

/** Tried again after a lost answer, it is there already. */
async function add({ bulk_actions: actions }: Collections, action: BulkAction): Promise<void> {
  try {
    await actions.insertOne(toDocument(action));
  } catch (error) {
    if (duplicateField(error) === null) throw error;
  }
}

function toDocument({ id, filter, ...rest }: BulkAction): BulkActionDocument {
  const userId = filter.userId === null ? null : encodeText(filter.userId);
  return { ...rest, _id: id, filter: { ...filter, userId }, isUnderWay: isUnderWay(rest) };
}

function actionOrNull(document: BulkActionDocument | null): BulkAction | null {
  return document === null ? null : toAction(document);
}

function toAction({ _id: id, isUnderWay: _, filter, ...rest }: BulkActionDocument): BulkAction {
  const userId = filter.userId === null ? null : decodeText(filter.userId);
  return { ...rest, id, filter: { ...filter, userId } };
}
