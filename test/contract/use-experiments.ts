import type { Store } from '../../src/store/store.ts';
import { inExperiment, samplePlan, TEST_PLAN } from '../support/experiments.ts';
import { fanOutAt } from '../support/fan-out-at.ts';
import { NOW_MS, sampleAcceptance, sampleSubscription } from '../support/samples.ts';

/** Everything that has to do with experiments. */
export async function useExperiments(store: Store): Promise<void> {
  const userIds = ['user-0', 'user-1', 'user-2', 'user-3'];
  for (const userId of userIds) await store.subscriptions.register(sampleSubscription({ userId }));
  const plan = samplePlan({ key: 'use', holdoutPercent: 0, ...TEST_PLAN });
  const notification = inExperiment(plan, { userCount: userIds.length });
  await store.notifications.accept(sampleAcceptance(notification, userIds));
  await store.notifications.accept(sampleAcceptance(inExperiment(plan, { acceptedAtMs: NOW_MS * 2 }), userIds));
  await fanOutAt(store, notification, { nowMs: NOW_MS });
  const waveAtMs = NOW_MS + 600_000;
  const outcome = { winner: 'a', sends: 'a', atMs: waveAtMs };
  const deciding = { experimentKey: 'use', notificationId: notification.id, waveAtMs, outcome };
  for (let again = 0; again < 2; again += 1) await store.experiments.decide(deciding);
  for (let read = 0; read < 2; read += 1) await store.experiments.counts('use');
  await store.experiments.get('use');
  const { next } = await store.experiments.list({ cursor: null, limit: 1 });
  await store.experiments.list({ cursor: next, limit: 1 });
  await store.experiments.ofUser('user-0');
  const told = { name: 'clicked', atMs: NOW_MS, isInExperiment: true } as const;
  await store.receipts.keep([{ deliveryId: `${notification.id}`, ...told }]);
  await store.erasures.erasePage('experiments', { userId: 'user-0', alias: 'erased-1', untilMs: NOW_MS }, null);
}
