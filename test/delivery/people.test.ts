import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import { shareOf } from '../../src/domain/audience/fan-out.ts';
import type { Delivery } from '../../src/domain/delivery/delivery.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { newUser, patched, type UserPatch } from '../../src/domain/user/user.ts';
import { fanOutJob, NOW_MS, sampleAcceptance, sampleNotification } from '../support/samples.ts';
import { type SimulatedEngine, startSimulatedEngine } from '../support/simulated-engine.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_SECONDS = 86_400;
/** The samples begin at midnight UTC: quiet until seven. */
const NIGHT = { fromMinute: 22 * 60, untilMinute: 7 * 60, days: null };
const SEVEN_MS = NOW_MS + 7 * HOUR_MS;
const AFTER_MS = SEVEN_MS + 5 * MINUTE_MS;

let engine: SimulatedEngine;
beforeEach(async () => {
  engine = await startSimulatedEngine();
});
afterEach(() => engine.dispose());

const say = (userId: string, patch: UserPatch) => {
  const nowMs = engine.clock.now();
  return engine.store.users.change(newUser(userId, nowMs), (user) => patched(user, patch, nowMs));
};

const device: SimulatedEngine['device'] = (userId, overrides) => engine.device(userId, overrides);

async function send(userIds: readonly string[], overrides: Partial<Notification> = {}): Promise<Notification> {
  const acceptedAtMs = engine.clock.now();
  const notification = sampleNotification({
    acceptedAtMs,
    userCount: userIds.length,
    ttlSeconds: DAY_SECONDS,
    ...overrides,
  });
  await engine.store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(userIds) }));
  engine.jobs.push({ ...fanOutJob(notification), runAtMs: acceptedAtMs });
  await engine.runUntil(acceptedAtMs);
  return notification;
}

const deliveryTo = async ({ id }: Notification, subscriptionId: string): Promise<Delivery> => {
  const delivery = await engine.store.deliveries.get(deliveryId(id, subscriptionId));
  if (delivery === null) throw new Error('there is no such delivery');
  return delivery;
};

describe('what comes into quiet hours', () => {
  it('is held, and sent once within five minutes of their end', async () => {
    const devices = new Map<string, string>();
    for (let index = 0; index < 20; index += 1) devices.set(`user-${index}`, await device(`user-${index}`));
    for (const userId of devices.keys()) await say(userId, { quietHours: NIGHT });
    const notification = await send([...devices.keys()]);
    expect(engine.pushes).toEqual([]);
    await engine.runUntil(SEVEN_MS - 1);
    expect(engine.pushes).toEqual([]);
    for (const id of devices.values()) expect(await deliveryTo(notification, id)).toMatchObject({ state: 'held' });
    await engine.runUntil(AFTER_MS + 24 * HOUR_MS);
    expect(engine.pushes.map(({ subscriptionId }) => subscriptionId).toSorted()).toEqual(
      [...devices.values()].toSorted(),
    );
    for (const { atMs, subscriptionId } of engine.pushes) {
      const [userId = ''] = [...devices].find(([, id]) => id === subscriptionId) ?? [];
      expect(atMs).toBe(SEVEN_MS + Math.floor(5 * MINUTE_MS * shareOf(userId)));
    }
    expect(new Set(engine.pushes.map(({ atMs }) => atMs)).size).toBeGreaterThan(15);
    expect(await engine.store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('is cancelled at their end where the user has opted out meanwhile', async () => {
    const id = await device('ada');
    await say('ada', { quietHours: NIGHT });
    const notification = await send(['ada']);
    await say('ada', { preferences: { 'order.*': false } });
    await engine.runUntil(AFTER_MS);
    expect(await deliveryTo(notification, id)).toMatchObject({ state: 'cancelled', reason: 'opted_out', attempts: [] });
    expect(engine.pushes).toEqual([]);
    expect(await engine.store.notifications.get(notification.id)).toMatchObject({ status: 'completed' });
  });

  it('moves where the user has moved to another zone meanwhile', async () => {
    const id = await device('ada');
    await say('ada', { quietHours: NIGHT });
    const notification = await send(['ada']);
    await say('ada', { timeZone: 'America/New_York' });
    await engine.runUntil(NOW_MS + 12 * HOUR_MS - 1);
    expect(await deliveryTo(notification, id)).toMatchObject({ state: 'held' });
    await engine.runUntil(NOW_MS + 12 * HOUR_MS + 5 * MINUTE_MS);
    expect(await deliveryTo(notification, id)).toMatchObject({ state: 'delivered' });
    expect(engine.pushes).toHaveLength(1);
  });

  it('goes by the zone of the newest device where the user chose none', async () => {
    const id = await device('ada');
    const newer = await device('ada', { timeZone: 'Asia/Tokyo', createdAtMs: NOW_MS + 1e6 });
    await say('ada', { quietHours: NIGHT });
    await send(['ada']);
    expect(engine.pushes.map(({ subscriptionId }) => subscriptionId).toSorted()).toEqual([id, newer].toSorted());
  });

  it('is not held past its deadline', async () => {
    await device('ada');
    await say('ada', { quietHours: NIGHT });
    const { id } = await send(['ada'], { ttlSeconds: 7 * 3600 });
    expect(await engine.store.suppressions.get(id, 'ada')).toMatchObject({ reason: 'quiet_hours_past_deadline' });
    expect(await engine.store.notifications.get(id)).toMatchObject({ status: 'completed' });
    const later = await send(['ada'], { ttlSeconds: 7 * 3600 + 1 });
    await engine.runUntil(AFTER_MS);
    expect(await engine.store.suppressions.get(later.id, 'ada')).toBeNull();
    expect(engine.pushes).toHaveLength(1);
  });

  it('ends unsent where quiet hours that were lengthened meanwhile go past its deadline', async () => {
    const id = await device('ada');
    await say('ada', { quietHours: NIGHT });
    const notification = await send(['ada'], { ttlSeconds: 8 * 3600 });
    await say('ada', { quietHours: { ...NIGHT, untilMinute: 9 * 60 } });
    await engine.runUntil(NOW_MS + DAY_SECONDS * 1000);
    expect(await deliveryTo(notification, id)).toMatchObject({
      state: 'cancelled',
      reason: 'quiet_hours_past_deadline',
    });
    expect(engine.pushes).toEqual([]);
  });

  it('is dropped at once where its type says so', async () => {
    await device('ada');
    await say('ada', { quietHours: NIGHT });
    await engine.say('order.*', { onQuiet: 'drop' });
    const { id } = await send(['ada']);
    expect(await engine.store.suppressions.get(id, 'ada')).toMatchObject({ reason: 'quiet_hours' });
    expect(engine.jobs).toEqual([]);
  });

  it('is sent at once where its type overrides them', async () => {
    await device('ada');
    await say('ada', { quietHours: NIGHT, pausedUntilMs: NOW_MS + HOUR_MS });
    await engine.say('*', { overrides: ['quiet_hours'] });
    await send(['ada']);
    expect(engine.pushes).toHaveLength(1);
  });

  it('is sent on the devices that are left where one is deleted meanwhile', async () => {
    const [one, two] = [await device('ada'), await device('ada')];
    await say('ada', { quietHours: NIGHT });
    const notification = await send(['ada']);
    await engine.store.subscriptions.delete(one);
    await engine.runUntil(AFTER_MS);
    expect(await deliveryTo(notification, one)).toMatchObject({ state: 'cancelled', reason: 'subscription_deleted' });
    expect(await deliveryTo(notification, two)).toMatchObject({ state: 'delivered' });
  });
});

it('a retry that comes into quiet hours is held, and tried again after them', async () => {
  const id = await device('ada');
  await say('ada', { quietHours: { ...NIGHT, fromMinute: 5 } });
  engine.answerWith(({ atMs }) => (atMs < SEVEN_MS ? 503 : 201));
  const notification = await send(['ada']);
  expect(await deliveryTo(notification, id)).toMatchObject({ state: 'retrying', attemptCount: 1 });
  await engine.runUntil(SEVEN_MS - 1);
  expect(await deliveryTo(notification, id)).toMatchObject({ state: 'held', attemptCount: 1 });
  expect(engine.pushes.map(({ atMs }) => atMs)).toEqual([NOW_MS]);
  await engine.runUntil(AFTER_MS);
  expect(await deliveryTo(notification, id)).toMatchObject({ state: 'delivered', attemptCount: 2 });
  expect(engine.pushes).toHaveLength(2);
});

it('of several held with one topic only the newest goes', async () => {
  const id = await device('ada');
  await say('ada', { quietHours: NIGHT });
  const sent: Notification[] = [];
  for (let hour = 0; hour < 3; hour += 1) {
    await engine.runUntil(NOW_MS + hour * HOUR_MS);
    sent.push(await send(['ada'], { topic: 'match 7' }));
  }
  const other = await send(['ada'], { topic: 'match 8' });
  await engine.runUntil(AFTER_MS);
  const states = await Promise.all([...sent, other].map((one) => deliveryTo(one, id)));
  expect(states.map(({ state, reason }) => [state, reason])).toEqual([
    ['cancelled', 'superseded'],
    ['cancelled', 'superseded'],
    ['delivered', null],
    ['delivered', null],
  ]);
  expect(engine.pushes).toHaveLength(2);
});

describe('a pause', () => {
  it('holds until it ends, and on through quiet hours that it ends in', async () => {
    const [ada, bob] = [await device('ada'), await device('bob')];
    await say('ada', { pausedUntilMs: NOW_MS + HOUR_MS });
    await say('bob', { pausedUntilMs: NOW_MS + HOUR_MS, quietHours: NIGHT });
    const notification = await send(['ada', 'bob']);
    await engine.runUntil(NOW_MS + HOUR_MS - 1);
    expect(engine.pushes).toEqual([]);
    await engine.runUntil(NOW_MS + HOUR_MS + 5 * MINUTE_MS);
    expect(engine.pushes.map(({ subscriptionId }) => subscriptionId)).toEqual([ada]);
    await engine.runUntil(AFTER_MS);
    expect(await deliveryTo(notification, bob)).toMatchObject({ state: 'delivered' });
  });

  it('that is longer than the notification is worth suppresses it', async () => {
    await device('ada');
    await say('ada', { pausedUntilMs: NOW_MS + DAY_SECONDS * 1000 });
    const { id } = await send(['ada']);
    expect(await engine.store.suppressions.get(id, 'ada')).toMatchObject({
      reason: 'paused',
      detail: { sinceMs: NOW_MS, untilMs: NOW_MS + DAY_SECONDS * 1000 },
    });
  });
});

it('a cap is given back where what was held ends without being sent', async () => {
  await device('ada');
  await say('ada', { quietHours: NIGHT });
  await engine.say('*', { cap: { limit: 1, perSeconds: DAY_SECONDS } });
  await send(['ada']);
  const second = await send(['ada']);
  expect(await engine.store.suppressions.get(second.id, 'ada')).toMatchObject({ reason: 'capped' });
  await say('ada', { preferences: { 'order.*': false } });
  await engine.runUntil(AFTER_MS);
  await say('ada', { preferences: { 'order.*': true } });
  const third = await send(['ada']);
  expect(await engine.store.suppressions.get(third.id, 'ada')).toBeNull();
  expect(engine.pushes).toHaveLength(1);
});
