import { afterEach, expect, it } from 'vitest';
import { deliveryId } from '../../src/domain/ids.ts';
import { type Engine, type EngineOptions, startEngine } from '../support/engine.ts';
import { fanOutJob } from '../support/samples.ts';

let engine: Engine;
afterEach(() => engine.dispose());

const begin = async (options: EngineOptions = {}) => {
  engine = await startEngine(options);
  await engine.start();
};

const FORBIDDEN = { status: 403, body: 'invalid push subscription endpoint' };

it('a refusal that may heal is tried again after hours, costs no retry, and heals', async () => {
  await begin({ quarantine: { retryMs: 150, retireAfterMs: 60_000 } });
  const { subscription } = await engine.subscribe('ada', { behaviour: [FORBIDDEN, FORBIDDEN, { status: 201 }] });
  const notification = await engine.notify(['ada']);
  const { sinceMs, untilMs } = await engine.when('subscription.quarantined');
  expect(untilMs - sinceMs).toBe(150);
  expect(await engine.ended(notification, subscription)).toMatchObject({ state: 'delivered', retryCount: 0 });
  const told = engine.told.filter((event) => event.type === 'subscription.quarantined');
  expect(told.map((event) => event.sinceMs)).toEqual([sinceMs, sinceMs]);
  expect(await engine.store.subscriptions.get(subscription.id)).toMatchObject({ quarantine: null, retired: null });
});

it('meanwhile other deliveries wait, unsent', async () => {
  await begin({ quarantine: { retryMs: 3_600_000, retireAfterMs: 86_400_000 } });
  const { device, subscription } = await engine.subscribe('ada', { behaviour: [FORBIDDEN, { status: 201 }] });
  const first = await engine.notify(['ada'], { ttlSeconds: 86_400 });
  const { untilMs } = await engine.when('subscription.quarantined');
  const waiting = await engine.store.deliveries.get(deliveryId(first.id, subscription.id));
  expect(waiting).toMatchObject({ state: 'retrying', dueAtMs: untilMs, attempts: [{ outcome: 'quarantined' }] });
  expect(waiting?.attempts[0]?.remedy).toContain('QUARANTINE_RETRY_HOURS');

  const second = await engine.notify(['ada'], { enqueue: false, ttlSeconds: 86_400 });
  const job = fanOutJob(second);
  await engine.work(job);
  await engine.queue.stop();
  await engine.work({ ...job, kind: 'deliver', id: deliveryId(second.id, subscription.id), step: 1 });
  const postponed = await engine.store.deliveries.get(deliveryId(second.id, subscription.id));
  expect(postponed).toMatchObject({ state: 'pending', dueAtMs: untilMs, attemptCount: 0, attempts: [] });
  expect(device.requests).toHaveLength(1);
});

it('a delivery that cannot wait so long is expired, and the subscription stays in quarantine', async () => {
  await begin({ quarantine: { retryMs: 3_600_000, retireAfterMs: 86_400_000 } });
  const { subscription } = await engine.subscribe('ada', { behaviour: [FORBIDDEN] });
  const delivery = await engine.ended(await engine.notify(['ada'], { ttlSeconds: 60 }), subscription);
  expect(delivery).toMatchObject({ state: 'expired', reason: 'deadline_too_near', attempts: [{ httpStatus: 403 }] });
  expect((await engine.store.subscriptions.get(subscription.id))?.quarantine).not.toBeNull();
});

it('a refusal that lasts for days retires the subscription, and can be undone', async () => {
  await begin({ quarantine: { retryMs: 30, retireAfterMs: 100 } });
  const { subscription } = await engine.subscribe('ada', { behaviour: [FORBIDDEN] });
  const delivery = await engine.ended(await engine.notify(['ada']), subscription);
  expect(delivery).toMatchObject({ state: 'pruned', reason: 'subscription_refused' });
  expect(delivery.attempts.at(-1)?.remedy).toContain('/restore');
  const retired = await engine.store.subscriptions.get(subscription.id);
  expect(retired).toMatchObject({ retired: { reason: 'refused', deliveryId: delivery.id }, quarantine: null });
  const restored = await engine.store.subscriptions.restore(subscription.id, Date.now());
  expect(restored).toMatchObject({ kind: 'restored', subscription: { retired: null, quarantine: null } });
});

it.each(['VapidPkHashMismatch', 'BadJwtToken'])('%s, which does not heal, is no quarantine', async (body) => {
  await begin();
  const { subscription } = await engine.subscribe('ada', { behaviour: [{ status: 403, body }] });
  const delivery = await engine.ended(await engine.notify(['ada']), subscription);
  expect(delivery).toMatchObject({ state: 'failed', reason: 'misconfigured' });
  expect((await engine.store.subscriptions.get(subscription.id))?.quarantine).toBeNull();
});
