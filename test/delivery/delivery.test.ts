import { afterEach, describe, expect, it } from 'vitest';
import { ANY_DEAD_LETTER } from '../../src/domain/delivery/dead-letter-filter.ts';
import { timelineOf } from '../../src/domain/delivery/delivery.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import { type Engine, type EngineOptions, startEngine } from '../support/engine.ts';
import { fanOutJob } from '../support/samples.ts';

let engine: Engine;
const begin = async (options?: EngineOptions): Promise<Engine> => {
  engine = await startEngine(options);
  await engine.start();
  return engine;
};
afterEach(() => engine.dispose());

describe('a delivery', () => {
  it('reaches the device, with its attempt on record', async () => {
    await begin();
    const { device, subscription } = await engine.subscribe('ada');
    const notification = await engine.notify(['ada'], { priority: 'high', urgency: 'high', topic: 'order 7' });
    const delivery = await engine.ended(notification, subscription);
    expect(delivery).toMatchObject({ state: 'delivered', reason: null, retryCount: 0, attemptCount: 1, dueAtMs: null });
    expect(delivery.attempts).toMatchObject([{ number: 1, status: 'delivered', httpStatus: 201, error: null }]);
    const push = await device.nextPush();
    expect(JSON.parse(push.payload ?? '')).toEqual({
      notification_id: notification.id,
      ...notification.content,
      tag: 'order 7',
    });
    expect(push).toMatchObject({ urgency: 'high', topic: expect.stringMatching(/^[\w-]{32}$/), refusal: null });
    expect(push.ttlSeconds).toBeGreaterThan(3590);
    expect((await engine.store.notifications.get(notification.id))?.status).toBe('completed');
  });

  it('waits, unsent and with no attempt spent, while its push service has asked all to wait', async () => {
    await begin();
    const busy = await engine.subscribe('ada', { behaviour: [{ status: 429, retryAfterSeconds: 1 }, {}] });
    const other = await engine.subscribe('grace');
    const first = await engine.notify(['ada']);
    const { untilMs, origin } = await engine.when('origin.paused');
    expect(origin).toBe(engine.emulator.origin);
    const second = await engine.notify(['grace']);
    const delivery = await engine.ended(second, other.subscription);
    expect(delivery).toMatchObject({ state: 'delivered', attemptCount: 1, retryCount: 0 });
    expect(other.device.requests).toHaveLength(1);
    expect(other.device.requests[0]!.receivedAtMs).toBeGreaterThanOrEqual(untilMs);
    expect(timelineOf(delivery).map(({ state }) => state)).toEqual(['pending', 'sending', 'delivered']);
    expect((await engine.ended(first, busy.subscription)).attempts.map(({ httpStatus }) => httpStatus)).toEqual([
      429, 201,
    ]);
    expect(engine.told.filter(({ type }) => type === 'origin.paused')).toHaveLength(1);
  });

  it('expires at its deadline where the push service asks to wait for longer', async () => {
    await begin();
    await engine.subscribe('ada', { behaviour: [{ status: 429, retryAfterSeconds: 60 }] });
    const other = await engine.subscribe('grace');
    await engine.notify(['ada']);
    await engine.when('origin.paused');
    const notification = await engine.notify(['grace'], { ttlSeconds: 1 });
    const delivery = await engine.ended(notification, other.subscription);
    expect(delivery).toMatchObject({ state: 'expired', reason: 'deadline_passed', attempts: [] });
    expect(other.device.requests).toEqual([]);
  });

  it('is tried again after trouble, no sooner than Retry-After says', async () => {
    await begin();
    const behaviour = [{ status: 503, retryAfterSeconds: 1 }, { fault: 'reset' as const }, { status: 201 }];
    const { device, subscription } = await engine.subscribe('ada', { behaviour });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'delivered', retryCount: 2 });
    expect(delivery.attempts.map(({ httpStatus, outcome }) => [httpStatus, outcome])).toEqual([
      [503, 'retryable'],
      [null, 'retryable'],
      [201, 'delivered'],
    ]);
    const [first, second] = device.requests;
    expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(timelineOf(delivery).map(({ state }) => state)).toEqual([
      'pending',
      'sending',
      'retrying',
      'sending',
      'retrying',
      'sending',
      'delivered',
    ]);
  });

  it('becomes a dead letter when its retries are spent, and keeps the subscription', async () => {
    await begin();
    const { device, subscription } = await engine.subscribe('ada', { behaviour: [{ status: 500 }] });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'failed', reason: 'retries_exhausted', retryCount: 3, attemptCount: 4 });
    expect(device.requests).toHaveLength(4);
    expect((await engine.store.subscriptions.get(subscription.id))?.retired).toBeNull();
    const { items } = await engine.store.deliveries.skimFailed({
      scope: ANY_DEAD_LETTER,
      kinds: null,
      cursor: null,
      limit: 10,
    });
    expect(items.map(({ id }) => id)).toEqual([delivery.id]);
  });

  it.each([404, 410])('answered %d retires its subscription, softly', async (status) => {
    await begin();
    const { subscription } = await engine.subscribe('ada', { behaviour: [{ status }] });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'pruned', reason: 'subscription_gone', attemptCount: 1 });
    const kept = await engine.store.subscriptions.get(subscription.id);
    expect(kept?.retired).toMatchObject({ reason: 'gone' });
    await engine.when('subscription.retired', (event) => event.subscriptionId === subscription.id);
  });

  it('a device that is called gone right after its registration gets its push, and stays', async () => {
    await begin();
    const device = engine.emulator.createDevice({ behaviour: [{ status: 410 }, { status: 201 }] });
    const subscription = await engine.register('ada', device.subscription, { createdAtMs: Date.now() - 59_700 });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'delivered', attemptCount: 2, retryCount: 0 });
    const [first, second] = delivery.attempts;
    expect(first).toMatchObject({ outcome: 'gone', httpStatus: 410, retryAtMs: subscription.updatedAtMs + 60_000 });
    expect(second?.startedAtMs).toBeGreaterThanOrEqual(subscription.updatedAtMs + 60_000);
    expect((await engine.store.subscriptions.get(subscription.id))?.retired).toBeNull();
  });

  it('one that is still called gone then is retired, though its page registers it on every load', async () => {
    await begin({ goneGraceMs: 300 });
    const device = engine.emulator.createDevice({ behaviour: [{ status: 404 }] });
    const subscription = await engine.register('ada', device.subscription, { createdAtMs: Date.now() });
    const notification = await engine.notify(['ada']);
    await engine.when('delivery.settled', ({ state }) => state === 'retrying');
    expect(await engine.register('ada', device.subscription, { createdAtMs: Date.now() })).toMatchObject({
      id: subscription.id,
    });
    const delivery = await engine.ended(notification, subscription);
    expect(delivery).toMatchObject({ state: 'pruned', attempts: [{ outcome: 'gone' }, { outcome: 'gone' }] });
    expect((await engine.store.subscriptions.get(subscription.id))?.retired).toMatchObject({ reason: 'gone' });
  });

  it.each([
    [400, 'rejected'],
    [401, 'misconfigured'],
    [413, 'rejected'],
  ])('answered %d fails at once, with a remedy, and keeps its subscription', async (status, reason) => {
    await begin();
    const { subscription } = await engine.subscribe('ada', {
      behaviour: [{ status, body: '{"reason":"NotToday"}' }],
    });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'failed', reason, attemptCount: 1 });
    expect(delivery.attempts[0]?.error).toContain('NotToday');
    expect(delivery.attempts[0]?.remedy).toBeTruthy();
    expect((await engine.store.subscriptions.get(subscription.id))?.retired).toBeNull();
  });

  it('past its deadline is expired, unsent', async () => {
    await begin();
    const { device, subscription } = await engine.subscribe('ada');
    const notification = await engine.notify(['ada'], { acceptedAtMs: Date.now() - 10_000, ttlSeconds: 5 });
    const delivery = await engine.ended(notification, subscription);
    expect(delivery).toMatchObject({ state: 'expired', reason: 'deadline_passed', attemptCount: 0, attempts: [] });
    expect(device.requests).toHaveLength(0);
  });

  it('expires at once when Retry-After points past its deadline', async () => {
    await begin();
    const { subscription } = await engine.subscribe('ada', { behaviour: [{ status: 429, retryAfterSeconds: 7200 }] });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({
      state: 'expired',
      reason: 'deadline_too_near',
      attempts: [{ outcome: 'throttled', retryAtMs: null }],
    });
  });

  it('is cancelled, unsent, when its subscription was deleted or retired meanwhile', async () => {
    await begin();
    await engine.queue.stop();
    const [gone, retired] = [await engine.subscribe('ada'), await engine.subscribe('ada')];
    const notification = await engine.notify(['ada']);
    await engine.work(fanOutJob(notification));
    await engine.store.subscriptions.deleteOfEndpoint(gone.subscription.endpointHash, null);
    const moved = { ...retired.subscription, id: 'sub_moved', userId: 'grace' };
    expect((await engine.store.subscriptions.register(moved)).kind).toBe('moved');
    await engine.start();
    expect(await engine.ended(notification, gone.subscription)).toMatchObject({
      state: 'cancelled',
      reason: 'subscription_deleted',
      attempts: [],
    });
    expect(await engine.ended(notification, retired.subscription)).toMatchObject({
      state: 'cancelled',
      reason: 'subscription_inactive',
    });
    expect(retired.device.requests).toHaveLength(0);
  });

  it('times out with the request really aborted', async () => {
    await begin({ attemptTimeoutMs: 50, policy: { maxRetries: 0, baseMs: 1, maxMs: 1 } });
    const { device, subscription } = await engine.subscribe('ada', { behaviour: [{ fault: 'hang' }] });
    const delivery = await engine.ended(await engine.notify(['ada']), subscription);
    expect(delivery).toMatchObject({ state: 'failed', attempts: [{ httpStatus: null, outcome: 'retryable' }] });
    const request = await device.nextRequest();
    await request.closed;
  });

  it('given up while stopping is on record as interrupted, costs no retry, and is due again', async () => {
    await begin();
    const { device, subscription } = await engine.subscribe('ada', { behaviour: [{ fault: 'hang' }, { status: 201 }] });
    const notification = await engine.notify(['ada']);
    await device.nextRequest();
    const stopped = engine.queue.stop();
    engine.giveUp();
    await stopped;
    const delivery = await engine.store.deliveries.get(deliveryId(notification.id, subscription.id));
    expect(delivery).toMatchObject({ state: 'retrying', retryCount: 0, attempts: [{ outcome: 'interrupted' }] });
    expect(delivery?.dueAtMs).toBeLessThanOrEqual(Date.now());
  });
});

describe('fan-out', () => {
  it('makes exactly one delivery for each active subscription of each user, page by page', async () => {
    await begin({ pace: { fanOutPageSize: 3 } });
    const subscribed = [];
    for (const userId of ['a', 'b', 'b', 'b', 'b', 'b', 'b', 'b', 'c', 'e', 'e']) {
      subscribed.push(await engine.subscribe(userId));
    }
    await engine.subscribe('someone else');
    const notification = await engine.notify(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    for (const { subscription } of subscribed) {
      expect((await engine.ended(notification, subscription)).state).toBe('delivered');
    }
    const counts = await engine.store.deliveries.countByState(notification.id);
    expect(counts).toMatchObject({ delivered: 11, pending: 0, sending: 0 });
    expect(engine.emulator.pushes).toHaveLength(11);
  });

  it('done twice at once changes nothing', async () => {
    await begin({ pace: { fanOutPageSize: 2 } });
    const users = ['ada', 'ben', 'ada', 'ada', 'ben', 'ada', 'cleo'];
    const subscribed = await Promise.all(users.map((user) => engine.subscribe(user)));
    const notification = await engine.notify(['ada', 'ben', 'cleo', 'nobody'], { enqueue: false });
    const told = engine.when('notification.fanned_out');
    const job = fanOutJob(notification);
    await engine.queue.enqueueMany([1, 2, 3].map((step) => ({ ...job, step })));
    for (const { subscription } of subscribed) await engine.ended(notification, subscription);
    expect(engine.emulator.pushes).toHaveLength(7);
    expect(await told).toMatchObject({ notificationId: notification.id, reached: { users: 3, deliveries: 7 } });
  });

  it('to nobody is completed at once', async () => {
    await begin();
    const notification = await engine.notify(['nobody']);
    expect(await engine.when('notification.fanned_out')).toMatchObject({ reached: { users: 0, deliveries: 0 } });
    expect((await engine.store.notifications.get(notification.id))?.status).toBe('completed');
  });
});
