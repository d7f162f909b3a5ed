import type { AnyBulkWriteOperation, PushOperator } from 'mongodb';
import type { Collections } from '../collections/collections.ts';
import type { DeliveryDocument } from '../collections/delivery-document.ts';
import { VERSION_OF_DELIVERIES, VERSION_OF_DELIVERY, WRITES_OF_DELIVERIES } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { isAway } from '../server/mongo-error.ts';
import { leaveToken } from '../server/write-token.ts';

/** One change to all of these rows that are at this version. */
export type Write = {
  readonly ids: readonly string[];
  readonly version: number;
  readonly token: string;
  readonly set: object;
  /** For a `$push`. */
  readonly push?: PushOperator<DeliveryDocument>;
};

/** Conditional writes, each row on its own. Tells of each row and token whether it was this write that counted. */
export async function writeAll(
  { deliveries }: Collections,
  writes: readonly Write[],
): Promise<(id: string, token: string) => boolean> {
  if (writes.length === 0) return () => false;
  const batch = writes.map(({ ids, version, token, set, push = {} }): AnyBulkWriteOperation<DeliveryDocument> => {
    const update = { $set: set, $inc: { version: 1 }, $push: { ...leaveToken(token), ...push } };
    const [id, ...others] = ids;
    return others.length > 0 || id === undefined
      ? { updateMany: { filter: VERSION_OF_DELIVERIES.filter({ ids, version }), update } }
      : { updateOne: { filter: VERSION_OF_DELIVERY.filter({ id, version }), update } };
  });
  const write = () => deliveries.bulkWrite(batch, { ordered: false });
  // The driver tries again what is about single rows only. Done twice, it counts once: the version has moved on.
  const { matchedCount } = await write().catch((error: unknown) => {
    if (writes.every(({ ids }) => ids.length === 1) || !isAway(error)) throw error;
    return write();
  });
  const all = writes.flatMap(({ ids }) => ids);
  if (matchedCount === all.length) return () => true;
  const filter = WRITES_OF_DELIVERIES.filter([...new Set(all)]);
  const found = await deliveries.find(filter, optionsOf(WRITES_OF_DELIVERIES)).toArray();
  const kept = new Map(found.map(({ _id, writes: tokens }) => [_id, tokens]));
  return (id, token) => kept.get(id)?.includes(token) ?? false;
}
