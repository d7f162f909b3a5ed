import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createBulkWorker } from '../../src/upkeep/bulk-worker.ts';
import type { Api } from './api.ts';

/** A dead letter of a new device of this user. */
export async function deadLetter(
  api: Api,
  userId: string,
  { type = 'order.shipped', remedy = 'Mend it.' }: { readonly type?: string; readonly remedy?: string } = {},
): Promise<Delivery> {
  const subscription = await api.register(userId);
  const { id } = await api.notify([userId], { type });
  const before = await api.deliver(id, subscription, 'failed');
  const attempts = before.attempts.map((attempt) => ({ ...attempt, remedy, error: 'HTTP 400' }));
  const settlement = { version: before.version, from: 'failed', change: null, attempt: null } as const;
  await api.store.deliveries.settleMany([{ ...settlement, after: { ...before, attempts } }]);
  api.clock.advance(1000);
  return (await api.store.deliveries.get(before.id)) as Delivery;
}

/** Does the bulk actions that were asked for. */
export async function workBulkActions({ store, clock }: Api): Promise<void> {
  const events = createEvents((error) => {
    throw error;
  });
  const worker = createBulkWorker({ store, clock, events, queue: { enqueueMany: async () => {} } });
  await worker.start();
  await worker.stop();
}
