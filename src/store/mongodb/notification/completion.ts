import { notificationCompleted } from '../../../domain/event/event-drafts.ts';
import type { Collections } from '../collections/collections.ts';
import { OPEN_OF_NOTIFICATION } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { outboxOf } from '../event/outbox.ts';

/**
 * `sending` becomes `completed` where every delivery is final, and no wave is to come. Looks again afterwards: a delivery that was reopened
 * between the look and the write opens its notification again.
 */
export async function completeIfFinal(collections: Collections, id: string): Promise<boolean> {
  if (await hasOpen(collections, id)) return false;
  const sentAtMs = { $ifNull: ['$lastWaveAtMs', '$acceptedAtMs'] };
  const completedAtMs = outboxOf(collections).now();
  const completed = { status: 'completed', completedAtMs, retainedFrom: { $add: [new Date(0), sentAtMs] } };
  const { modifiedCount } = await collections.notifications.updateOne(
    { _id: id, status: 'sending', ...NO_WAVE_TO_COME },
    [{ $set: { ...completed, ...announced(collections, id) } }],
  );
  if (modifiedCount > 0 && (await hasOpen(collections, id))) await reopen(collections, [id]);
  return modifiedCount > 0;
}

/** In a pipeline, where there is no `$push`. */
function announced(collections: Collections, id: string) {
  const outbox = outboxOf(collections);
  if (!outbox.tells('notification.completed')) return {};
  const { outbox: pending = [] } = outbox.field([notificationCompleted(id, outbox.now())]);
  return { outbox: { $concatArrays: [{ $ifNull: ['$outbox', []] }, { $literal: pending }] } };
}

const NO_WAVE_TO_COME = { dueAtMs: { $exists: false } } as const;

/** Some of their deliveries are no longer final. */
export async function reopen({ notifications }: Collections, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const change = { $set: { status: 'sending', retainedFrom: null }, $unset: { completedAtMs: 1 } } as const;
  await notifications.updateMany({ _id: { $in: [...ids] }, status: 'completed' }, change);
}

export async function hasOpen({ deliveries }: Collections, id: string): Promise<boolean> {
  return (await deliveries.findOne(OPEN_OF_NOTIFICATION.filter(id), optionsOf(OPEN_OF_NOTIFICATION))) !== null;
}
