import type { Collections } from '../collections/collections.ts';
import { WRITES_OF_DELIVERIES } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { isAway } from '../server/mongo-error.ts';
import { statementsOf, type Write } from './write-statements.ts';

/** Conditional writes, each row on its own. Tells of each row and token whether it was this write that counted. */
export async function writeAll(
  { deliveries }: Collections,
  writes: readonly Write[],
): Promise<(id: string, token: string) => boolean> {
  if (writes.length === 0) return () => false;
  const statements = statementsOf(writes);
  const write = () => deliveries.bulkWrite(statements, { ordered: false });
  // The driver tries again what is about single rows only. Done twice, it counts once: the version has moved on.
  const { matchedCount } = await write().catch((error: unknown) => {
    if (statements.every((statement) => 'updateOne' in statement) || !isAway(error)) throw error;
    return write();
  });
  const all = writes.map(({ id }) => id);
  if (matchedCount === all.length) return () => true;
  const filter = WRITES_OF_DELIVERIES.filter([...new Set(all)]);
  const found = await deliveries.find(filter, optionsOf(WRITES_OF_DELIVERIES)).toArray();
  const kept = new Map(found.map(({ _id, writes: tokens }) => [_id, tokens]));
  return (id, token) => kept.get(id)?.includes(token) ?? false;
}
