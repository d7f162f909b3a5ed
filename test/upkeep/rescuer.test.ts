import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { AppError } from '../../src/domain/app-error.ts';
import { MAX_INTERRUPTIONS } from '../../src/domain/delivery/verdict.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import type { Store } from '../../src/store/store.ts';
import { createRescuer } from '../../src/upkeep/rescuer.ts';
import { type Engine, type EngineOptions, startEngine } from '../support/engine.ts';
import { commitPage } from '../support/fan-out-page.ts';
import { fanOutJob, sampleDelivery, sampleSubscription } from '../support/samples.ts';
import { until } from '../support/until.ts';

let engine: Engine;
const make = async (options?: EngineOptions): Promise<Engine> => {
  engine = await startEngine(options);
  return engine;
};
afterEach(() => engine.dispose());

/** A process that claimed the delivery and died: the lease ends, and nothing was settled. */
async function claimAndDie(notification: Notification, subscription: Subscription, attempt = 1): Promise<void> {
  const nowMs = Date.now() - 1000;
  const id = deliveryId(notification.id, subscription.id);
  const [claimed] = await engine.store.deliveries.claimMany([
    { deliveryId: id, attempt, nowMs, leaseUntilMs: nowMs + 500 },
  ]);
  expect(claimed).not.toBeNull();
}

async function fannedOut(userIds: readonly string[]): Promise<Notification> {
  const notification = await engine.notify(userIds, { enqueue: false });
  await engine.work(fanOutJob(notification));
  return notification;
}

/** It knows nothing of what the engine's own process is at. */
function rescuerOfAnotherProcess() {
  const policy = {
    maxRetries: 3,
    baseMs: 1,
    maxMs: 2,
    quarantine: { retryMs: 3_600_000, retireAfterMs: 86_400_000 },
    goneGraceMs: 60_000,
  };
  return createRescuer({ ...engine, policy, clock: systemClock, random: Math.random });
}

describe('rescuer', () => {
  it('finds an accepted notification whose fan-out was never queued', async () => {
    await make();
    await engine.start();
    const { subscription } = await engine.subscribe('ada');
    // One accepted in the very millisecond of the tick is left to the next.
    const notification = await engine.notify(['ada'], { enqueue: false, acceptedAtMs: Date.now() - 1 });
    await engine.rescuer.tick();
    expect((await engine.ended(notification, subscription)).state).toBe('delivered');
  });

  it('finds one user’s delivery at the start, though 12 000 of another are more overdue', async () => {
    await make();
    const { device, subscription } = await engine.subscribe('ada');
    const flood = await engine.notify(['mallory'], { enqueue: false });
    // To subscriptions that are gone, so that each ends as soon as its turn comes.
    const overdue = Array.from({ length: 12_000 }, () =>
      sampleDelivery(flood, sampleSubscription({ userId: 'mallory' }), { dueAtMs: Date.now() - 60_000 }),
    );
    await commitPage(engine.store, flood, overdue);
    const one = await engine.notify(['ada'], { enqueue: false });
    await commitPage(engine.store, one, [sampleDelivery(one, subscription, { dueAtMs: Date.now() - 1000 })]);
    await engine.start();
    await device.nextPush();
    const ended = engine.told.filter((event) => event.type === 'delivery.settled' && event.userId === 'mallory');
    expect(ended.length).toBeLessThan(500);
  });

  it('finds due deliveries of every priority after every job was lost', async () => {
    await make();
    const { subscription } = await engine.subscribe('ada');
    const notifications = [];
    for (const priority of ['high', 'normal', 'low'] as const) {
      const notification = await engine.notify(['ada'], { enqueue: false, priority });
      // The page of deliveries is committed, and the process dies before it can queue them.
      await commitPage(engine.store, notification, [sampleDelivery(notification, subscription)]);
      notifications.push(notification);
    }
    await engine.rescuer.tick();
    await engine.start();
    for (const notification of notifications) {
      expect((await engine.ended(notification, subscription)).state).toBe('delivered');
    }
  });

  it('leaves a push alone that is under way in this process, though by a clock that was set on its lease is over', async () => {
    await make({ attemptTimeoutMs: 60_000, pace: { leaseMs: 1 } });
    const { subscription } = await engine.subscribe('ada', { behaviour: [{ fault: 'hang' }] });
    await engine.start();
    const notification = await engine.notify(['ada']);
    const delivery = () => engine.store.deliveries.get(deliveryId(notification.id, subscription.id));
    await until('the push is under way', async () => (await delivery())?.state === 'sending');
    await until('its lease is over', async () => ((await delivery())?.dueAtMs ?? 0) < Date.now());
    await engine.rescuer.tick();
    expect(await delivery()).toMatchObject({ state: 'sending', attempts: [] });
  });

  it('puts an attempt whose process died on record as interrupted, and has it sent again', async () => {
    await make();
    const { device, subscription } = await engine.subscribe('ada');
    const notification = await fannedOut(['ada']);
    await claimAndDie(notification, subscription);
    await engine.rescuer.tick();
    await engine.start();
    const delivery = await engine.ended(notification, subscription);
    expect(delivery).toMatchObject({ state: 'delivered', retryCount: 0, interruptionCount: 1, attemptCount: 2 });
    expect(delivery.attempts).toMatchObject([
      { number: 1, outcome: 'interrupted', status: 'failed', httpStatus: null, latencyMs: null },
      { number: 2, outcome: 'delivered', httpStatus: 201 },
    ]);
    expect(delivery.attempts[0]?.error).toContain('may have arrived');
    expect(device.received).toHaveLength(1);
  });

  it('leaves a lease alone that has not ended', async () => {
    await make();
    const { subscription } = await engine.subscribe('ada');
    const notification = await fannedOut(['ada']);
    const id = deliveryId(notification.id, subscription.id);
    const nowMs = Date.now();
    await engine.store.deliveries.claimMany([{ deliveryId: id, attempt: 1, nowMs, leaseUntilMs: nowMs + 60_000 }]);
    await engine.rescuer.tick();
    expect((await engine.store.deliveries.get(id))?.state).toBe('sending');
  });

  it('sets a delivery aside that keeps meeting a process’s death', async () => {
    await make();
    const { subscription } = await engine.subscribe('ada');
    const notification = await fannedOut(['ada']);
    for (let death = 1; death <= MAX_INTERRUPTIONS + 1; death += 1) {
      await claimAndDie(notification, subscription, death);
      await engine.rescuer.tick();
    }
    const delivery = await engine.store.deliveries.get(deliveryId(notification.id, subscription.id));
    expect(delivery).toMatchObject({ state: 'failed', reason: 'interrupted_too_often', dueAtMs: null });
    expect(delivery?.attempts).toHaveLength(MAX_INTERRUPTIONS + 1);
  });

  it('a worker that settles after its lease ended loses, and the rescuer’s record stands', async () => {
    await make({ pace: { leaseMs: 0 } });
    await engine.start();
    const { device, subscription } = await engine.subscribe('ada', { behaviour: [{ delayMs: 200 }, { status: 201 }] });
    const notification = await engine.notify(['ada']);
    await device.nextRequest();
    await rescuerOfAnotherProcess().tick();
    const delivery = await engine.ended(notification, subscription);
    expect(delivery.attempts.map(({ outcome }) => outcome)).toContain('interrupted');
    await engine.queue.stop();
    const kept = await engine.store.deliveries.get(delivery.id);
    expect(kept?.attempts.filter(({ number }) => number === 1)).toMatchObject([{ outcome: 'interrupted' }]);
  });
});

/** A store that is out of reach for the next `times` calls of one method, and then itself again. */
function awayFor(times: number, method: 'claimMany' | 'settleMany') {
  let left = times;
  return (store: Store): Store => ({
    ...store,
    deliveries: {
      ...store.deliveries,
      [method]: async (items: never) => {
        if (left-- > 0) throw new AppError('store_unavailable', 'The disk is full.');
        return store.deliveries[method](items);
      },
    },
  });
}

describe('while the store is out of reach', () => {
  it('an answer that is in is kept until it can be written', async () => {
    await make({ wrapStore: awayFor(2, 'settleMany') });
    await engine.start();
    const { device, subscription } = await engine.subscribe('ada');
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'delivered', attemptCount: 1 });
    expect(device.requests).toHaveLength(1);
  });

  it('a claim that fails is told, and the delivery is found again', async () => {
    await make({ wrapStore: awayFor(1, 'claimMany') });
    await engine.start();
    const { subscription } = await engine.subscribe('ada');
    const notification = await engine.notify(['ada']);
    const failed = await engine.when('part.failed');
    expect(failed.part).toBe('worker');
    await engine.rescuer.tick();
    expect((await engine.ended(notification, subscription)).state).toBe('delivered');
  });
});

describe('more waiting than the queue holds', () => {
  it('is all delivered: what was dropped is asked for again', async () => {
    await make({ queueCapacityPerLine: 5, pace: { concurrency: 3 } });
    const subscribed = [];
    for (let count = 0; count < 40; count += 1) subscribed.push(await engine.subscribe('ada'));
    const notification = await engine.notify(['ada']);
    await engine.start();
    for (const { subscription } of subscribed) {
      expect((await engine.ended(notification, subscription)).state).toBe('delivered');
    }
    expect(engine.emulator.pushes).toHaveLength(40);
  });
});
