import { Temporal } from 'temporal-polyfill';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Audience, namedIn, usersNamed } from '../../src/domain/audience/audience.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { type SendAt, timingOf } from '../../src/domain/notification/send-at.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import { sampleAcceptance, sampleNotification } from '../support/samples.ts';
import { type SimulatedEngine, startSimulatedEngine } from '../support/simulated-engine.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ZONES = Intl.supportedValuesOf('timeZone');
const EVERYONE: Audience = { kind: 'everyone', excludedIds: [] };

let engine: SimulatedEngine;
beforeEach(async () => {
  engine = await startSimulatedEngine();
});
afterEach(() => engine.dispose());

async function accept(
  sendAt: SendAt,
  audience: Audience,
  overrides: Partial<Notification> = {},
): Promise<Notification> {
  const acceptedAtMs = engine.clock.now();
  const timing = timingOf(sendAt, acceptedAtMs);
  const userCount = namedIn(audience).length;
  const notification = sampleNotification({ acceptedAtMs, userCount, status: 'scheduled', ...timing, ...overrides });
  await engine.store.notifications.accept(sampleAcceptance(notification, [], { audience }));
  return notification;
}

const moveTo = (userId: string, timeZone: string) => {
  const nowMs = engine.clock.now();
  return engine.store.users.change(newUser(userId, nowMs), (user) => patched(user, { timeZone }, nowMs));
};

/** Each user has either deliveries or one suppression. */
async function account({ id }: Notification) {
  const { store } = engine;
  const [found, counts, suppressed] = await Promise.all([
    store.notifications.get(id),
    store.deliveries.countByState(id),
    store.suppressions.countByReason(id),
  ]);
  const stopped = Object.values(suppressed).reduce((sum, count) => sum + count, 0);
  return { status: found?.status, users: found?.userCount, dueAtMs: found?.dueAtMs, counts, suppressed, stopped };
}

describe('an instant', () => {
  it('is kept: nothing goes before it, all at it', async () => {
    const phone = await engine.device('ada');
    const atMs = engine.clock.now() + 3 * DAY_MS;
    const notification = await accept({ kind: 'instant', atMs }, usersNamed(['ada', 'nobody']));
    await engine.runUntil(atMs - 1);
    expect(engine.pushes).toEqual([]);
    expect(await account(notification)).toMatchObject({ status: 'scheduled', dueAtMs: atMs });
    await engine.runUntil(atMs + 1000);
    expect(engine.pushes).toEqual([{ subscriptionId: phone, atMs }]);
    expect(await account(notification)).toMatchObject({
      status: 'completed',
      dueAtMs: null,
      counts: { delivered: 1 },
      suppressed: { no_subscription: 1 },
    });
  });

  it.each([
    [HOUR_MS, { counts: { delivered: 1 }, suppressed: { missed: 0 } }],
    [DAY_MS, { counts: { delivered: 1 }, suppressed: { missed: 0 } }],
    [2 * DAY_MS, { counts: { delivered: 0 }, suppressed: { missed: 2 } }],
  ])('after %d ms of being down, with a TTL of two days', async (downMs, expected) => {
    for (const audience of [usersNamed(['ada', 'nobody']), EVERYONE]) {
      const atMs = engine.clock.now() + HOUR_MS;
      await engine.device('ada');
      await moveTo('nobody', 'UTC');
      const notification = await accept({ kind: 'instant', atMs }, audience, { ttlSeconds: (2 * DAY_MS) / 1000 });
      engine.clock.advance(HOUR_MS + downMs);
      await engine.runUntil(engine.clock.now());
      const found = await account(notification);
      expect(found).toMatchObject({ status: 'completed', users: 2, suppressed: expected.suppressed });
      expect(found.counts.delivered > 0).toBe(expected.counts.delivered > 0);
    }
  });
});

const SHIFTS = ['2026-03-08T02:30:00', '2026-03-29T02:30:00', '2026-10-25T02:30:00', '2026-11-01T01:30:00'];

function oracle(zone: string, text: string): number {
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
}

describe('a local time', () => {
  it.each(SHIFTS)(
    '%s comes to each user of every zone once, at the right minute, however they move',
    async (text) => {
      const wallMs = Date.parse(`${text}Z`);
      engine.clock.advance(wallMs - 30 * HOUR_MS - engine.clock.now());
      const devices = new Map<string, string>();
      for (const [index, timeZone] of ZONES.entries()) {
        // Some have chosen their zone, of others a device told it.
        const userId = `user-${index}`;
        devices.set(await engine.device(userId, index % 2 === 0 ? {} : { timeZone }), timeZone);
        if (index % 2 === 0) await moveTo(userId, timeZone);
      }
      const travellers = new Map<string, readonly [from: string, to: string]>([
        ['east', ['America/Los_Angeles', 'Europe/Berlin']],
        ['west', ['Asia/Tokyo', 'America/Los_Angeles']],
        ['past', ['America/Los_Angeles', 'Pacific/Auckland']],
        ['back', ['Pacific/Auckland', 'America/Los_Angeles']],
      ]);
      const deviceOf = new Map<string, string>();
      for (const [userId, [from]] of travellers) {
        deviceOf.set(await engine.device(userId), userId);
        await moveTo(userId, from);
      }
      const notification = await accept({ kind: 'local', wallMs, ifPassed: 'skip' }, EVERYONE);
      await engine.runUntil(oracle('Asia/Kolkata', text));
      for (const [userId, [, to]] of travellers) await moveTo(userId, to);
      await engine.runUntil(wallMs + 3 * DAY_MS);
      const pushes = engine.pushes.filter(({ subscriptionId }) => devices.has(subscriptionId));
      expect(pushes).toHaveLength(devices.size);
      for (const { subscriptionId, atMs } of pushes) {
        const zone = devices.get(subscriptionId)!;
        const late = atMs - oracle(zone, text);
        expect(late, zone).toBeGreaterThanOrEqual(0);
        expect(late, zone).toBeLessThan(1000);
      }
      const travelled = engine.pushes.filter(({ subscriptionId }) => deviceOf.has(subscriptionId));
      expect(travelled.map(({ subscriptionId }) => deviceOf.get(subscriptionId)).toSorted()).toEqual(
        [...travellers.keys()].toSorted(),
      );
      const users = ZONES.length + travellers.size;
      expect(await account(notification)).toMatchObject({ status: 'completed', users, counts: { delivered: users } });
    },
    120_000,
  );

  it.each(['skip', 'send_now', 'next_day'] as const)('with %s, where it has passed', async (ifPassed) => {
    const nineInBerlin = Date.parse('2026-05-04T07:00:00Z');
    engine.clock.advance(nineInBerlin - HOUR_MS - engine.clock.now());
    const nowMs = engine.clock.now();
    const [tokyo, berlin] = [await engine.device('tokyo'), await engine.device('berlin')];
    await moveTo('tokyo', 'Asia/Tokyo');
    await moveTo('berlin', 'Europe/Berlin');
    const audience = usersNamed(['tokyo', 'berlin']);
    const notification = await accept(
      { kind: 'local', wallMs: Date.parse('2026-05-04T09:00:00Z'), ifPassed },
      audience,
    );
    await engine.runUntil(nowMs + 3 * DAY_MS);
    const tokyoAt = { skip: [], send_now: [nowMs], next_day: [Date.parse('2026-05-05T00:00:00Z')] }[ifPassed];
    expect(engine.pushes).toEqual(
      [
        ...tokyoAt.map((atMs) => ({ subscriptionId: tokyo, atMs })),
        { subscriptionId: berlin, atMs: nineInBerlin },
      ].toSorted((one, other) => one.atMs - other.atMs),
    );
    const found = await account(notification);
    expect(found).toMatchObject({
      status: 'completed',
      suppressed: { local_time_passed: ifPassed === 'skip' ? 1 : 0 },
    });
    expect(found.counts.delivered + found.stopped).toBe(2);
  });

  it('missed for a while, is sent where it is still worth it, and is missed elsewhere', async () => {
    const wallMs = Date.parse('2026-05-04T09:00:00Z');
    engine.clock.advance(wallMs - 20 * HOUR_MS - engine.clock.now());
    const zones = ['Pacific/Auckland', 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York'];
    const devices = new Map<string, string>();
    for (const zone of zones) {
      devices.set(await engine.device(zone), zone);
      await moveTo(zone, zone);
    }
    const sendAt = { kind: 'local', wallMs, ifPassed: 'skip' } as const;
    const notification = await accept(sendAt, usersNamed([...zones, 'nobody']), { ttlSeconds: 8 * 3600 });
    await engine.runUntil(oracle('Pacific/Auckland', '2026-05-04T09:00:00'));
    // Down until Berlin’s time: Tokyo’s was seven hours before.
    engine.clock.advance(oracle('Europe/Berlin', '2026-05-04T09:00:00') + 2 * HOUR_MS - engine.clock.now());
    await engine.runUntil(wallMs + 2 * DAY_MS);
    expect(engine.pushes.map(({ subscriptionId }) => devices.get(subscriptionId))).toEqual([
      'Pacific/Auckland',
      'Europe/Berlin',
      'America/New_York',
    ]);
    expect(await account(notification)).toMatchObject({
      status: 'completed',
      users: 5,
      counts: { delivered: 3 },
      suppressed: { missed: 1, no_subscription: 1 },
    });
  });
});

describe('a topic', () => {
  it('goes by the order of sending, not of acceptance', async () => {
    const phone = await engine.device('ada');
    const nowMs = engine.clock.now();
    const topic = 'score';
    const scheduled = await accept({ kind: 'instant', atMs: nowMs + 2 * HOUR_MS }, usersNamed(['ada']), { topic });
    await engine.runUntil(nowMs + HOUR_MS);
    const sooner = await accept({ kind: 'instant', atMs: nowMs + HOUR_MS + 1 }, usersNamed(['ada']), { topic });
    await engine.runUntil(nowMs + 3 * HOUR_MS);
    expect(engine.pushes).toEqual([
      { subscriptionId: phone, atMs: nowMs + HOUR_MS + 1 },
      { subscriptionId: phone, atMs: nowMs + 2 * HOUR_MS },
    ]);
    for (const one of [scheduled, sooner])
      expect(await account(one)).toMatchObject({ status: 'completed', counts: { delivered: 1 } });
  });

  it('has the one that is sent later supersede what still waits', async () => {
    await engine.device('ada');
    engine.answerWith(() => 503);
    const nowMs = engine.clock.now();
    const topic = 'score';
    const later = await accept({ kind: 'instant', atMs: nowMs + HOUR_MS }, usersNamed(['ada']), { topic });
    await engine.runUntil(nowMs + HOUR_MS - 2000);
    const sooner = await accept({ kind: 'instant', atMs: nowMs + HOUR_MS - 1000 }, usersNamed(['ada']), { topic });
    await engine.runUntil(nowMs + HOUR_MS + 1000);
    expect(await account(sooner)).toMatchObject({ counts: { cancelled: 1 } });
    expect(await account(later)).toMatchObject({ counts: { retrying: 1 } });
  });
});
