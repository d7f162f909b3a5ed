import { type DeadKind, factsOfKind } from '../domain/delivery/dead-kind.ts';
import { type DeadLetterFilter, isMeant, meansAll } from '../domain/delivery/dead-letter-filter.ts';
import type { DeliveryStore } from './delivery-store.ts';

/** The kinds of dead letters that a filter means, of those that there are; null: all. */
export async function kindsMeant(
  deliveries: Pick<DeliveryStore, 'deadKinds'>,
  filter: DeadLetterFilter,
): Promise<readonly DeadKind[] | null> {
  if (meansAll(filter)) return null;
  const kinds = await deliveries.deadKinds(filter.notificationId);
  return kinds.filter((kind) => isMeant(filter, factsOfKind(kind)));
}
