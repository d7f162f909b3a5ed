import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { type SendAt, timingOf } from '../../src/domain/notification/send-at.ts';
import type { TypeRule } from '../../src/domain/notification-type/type-policy.ts';
import { newUser, patched, type UserPatch } from '../../src/domain/user/user.ts';
import { createExplain, type Explain } from '../../src/intake/explain.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { samplePlan } from '../support/experiments.ts';
import { fanOutJob, NOW_MS, sampleAcceptance, sampleNotification } from '../support/samples.ts';
import { type SimulatedEngine, startSimulatedEngine } from '../support/simulated-engine.ts';

const HOUR_MS = 3_600_000;
const TYPES = ['digest.daily', 'digest.weekly.eu', 'order'] as const;
const PATTERNS = ['*', 'digest.*', 'digest.weekly.*', ...TYPES] as const;
const ZONES = [null, 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'] as const;

let engine: SimulatedEngine;
let explain: Explain;
beforeEach(async () => {
  engine = await startSimulatedEngine('Europe/Lisbon');
  const { store, rules, clock } = engine;
  const wording = { compose: createComposer(null), wordings: createWordings(store.templates) };
  explain = createExplain({ store, rules, clock, ...wording, serverZone: 'Europe/Lisbon', defaultTtlSeconds: 3600 });
});
afterEach(() => engine.dispose());

/** Put in the queue at this instant, and done as far as it is due. */
async function send(userIds: readonly string[], type: string, ttlSeconds: number, topic: string | null = null) {
  const acceptedAtMs = engine.clock.now();
  const content = { type, title: 'x' };
  const notification = sampleNotification({ acceptedAtMs, content, ttlSeconds, topic, userCount: userIds.length });
  await engine.store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(userIds) }));
  engine.jobs.push({ ...fanOutJob(notification), runAtMs: acceptedAtMs });
  await engine.runUntil(acceptedAtMs);
  return notification;
}

const deliveriesTo = async (notificationId: string, userId: string) => {
  const query = { notificationId, userId, attempted: false, filter: ANY_DELIVERY, cursor: null, limit: 50 };
  return (await engine.store.deliveries.listByNotification(query)).items;
};

const aQuiet = fc.tuple(fc.nat(1439), fc.nat(1439)).map(([fromMinute, untilMinute]) => ({
  fromMinute,
  untilMinute: untilMinute === fromMinute ? (fromMinute + 1) % 1440 : untilMinute,
  days: null,
}));
const aPatch: fc.Arbitrary<UserPatch> = fc.record(
  {
    timeZone: fc.constantFrom(...ZONES),
    preferences: fc.dictionary(fc.constantFrom(...PATTERNS), fc.boolean(), { maxKeys: 3 }),
    quietHours: fc.option(aQuiet),
    pausedUntilMs: fc.option(fc.integer({ min: NOW_MS, max: NOW_MS + 100 * HOUR_MS })),
  },
  { requiredKeys: [] },
);
const aUser = fc.record({
  patch: fc.option(aPatch),
  deviceZones: fc.array(fc.constantFrom(...ZONES), { maxLength: 3 }),
});
const aRule: fc.Arbitrary<TypeRule> = fc.record(
  {
    preference: fc.constantFrom('opted_in', 'opted_out', 'required'),
    overrides: fc.subarray(['quiet_hours', 'cap'] as const),
    cap: fc.record({ limit: fc.integer({ min: 1, max: 2 }), perSeconds: fc.constantFrom(60, 86_400) }),
    onQuiet: fc.constantFrom('hold', 'drop'),
  },
  { requiredKeys: [] },
);

const aWorld = {
  users: fc.array(aUser, { minLength: 1, maxLength: 6 }),
  rules: fc.array(fc.tuple(fc.constantFrom(...PATTERNS), aRule), { maxLength: 3 }),
  history: fc.array(fc.constantFrom(...TYPES), { maxLength: 3 }),
  type: fc.constantFrom(...TYPES),
  ttlSeconds: fc.constantFrom(60, 6 * 3600, 5 * 86_400),
};
type World = typeof aWorld extends infer Fields
  ? { readonly [Name in keyof Fields]: Fields[Name] extends fc.Arbitrary<infer Value> ? Value : never }
  : never;

let made = 0;

/** Says what the case says of types and users, and sends them its history. Gives the users. */
async function settle({ users, rules, history, ttlSeconds }: World): Promise<readonly string[]> {
  for (const pattern of (await engine.store.typeRules.all()).keys()) await engine.store.typeRules.delete(pattern);
  engine.rules.forget();
  for (const [pattern, rule] of rules) await engine.say(pattern, rule);
  const ids = users.map(() => `user-${made++}`);
  for (const [index, { patch, deviceZones }] of users.entries()) {
    const id = ids[index]!;
    for (const timeZone of deviceZones) await engine.device(id, { timeZone });
    if (patch === null) continue;
    const nowMs = engine.clock.now();
    await engine.store.users.change(newUser(id, nowMs), (user) => patched(user, patch, nowMs));
  }
  for (const earlier of history) await send(ids, earlier, ttlSeconds);
  return ids;
}

it('says what fan-out does at that instant, before and afterwards; and nobody vanishes', async () => {
  const aCase = fc.record({ ...aWorld, waitMs: fc.constantFrom(1, 61_000, 7 * HOUR_MS) });
  await fc.assert(
    fc.asyncProperty(aCase, async ({ waitMs, ...world }) => {
      const { type, ttlSeconds } = world;
      const ids = await settle(world);
      await engine.runUntil(engine.clock.now() + waitMs);
      const atMs = engine.clock.now();
      const before = await Promise.all(ids.map((id) => explain(id, { kind: 'type', type, atMs, ttlSeconds })));
      const { id: notificationId } = await send(ids, type, ttlSeconds);
      for (const said of before) {
        const { userId, account, devices } = said;
        const [suppression, deliveries] = [
          await engine.store.suppressions.get(notificationId, userId),
          await deliveriesTo(notificationId, userId),
        ];
        if (account.answer.kind === 'stop') {
          const { reason, detail } = account.answer;
          expect(suppression).toMatchObject({ reason, detail, atMs });
          expect(deliveries).toEqual([]);
        } else {
          expect(suppression).toBeNull();
          expect(deliveries.map((one) => one.subscriptionId)).toEqual(devices.map(({ id }) => id));
          const isHeld = account.answer.kind === 'hold';
          expect(
            deliveries.every(({ state }) => (state === 'held') === isHeld),
            account.sentence,
          ).toBe(true);
        }
        const afterwards = await explain(userId, { kind: 'notification', notificationId });
        expect(afterwards.account.answer, said.account.sentence).toEqual(account.answer);
        expect(afterwards.became).toEqual({ suppression, deliveryCount: deliveries.length });
      }
      const counts = Object.values(await engine.store.suppressions.countByReason(notificationId));
      const reached = await Promise.all(ids.map((id) => deliveriesTo(notificationId, id)));
      expect(counts.reduce((sum, count) => sum + count, 0) + reached.filter(({ length }) => length > 0).length).toBe(
        ids.length,
      );
    }),
    { numRuns: 60 },
  );
});

/** Half of the users are held out; or a third gets it first, and the others the heaviest variant half a minute later. */
function experimentOf(share: 'none' | 'holdout' | 'test', kind: string) {
  if (share === 'none') return {};
  const key = `key-${made++}`;
  if (share === 'holdout' || kind !== 'instant') return { experiment: samplePlan({ key, holdoutPercent: 50 }) };
  const test = { testPercent: 33, decideAfterSeconds: 30, ifInconclusive: 'send_heaviest' } as const;
  return { experiment: samplePlan({ key, ...test }) };
}

it('says of what is sent later what becomes of it, at which instant, and what became', async () => {
  const aCase = fc.record({
    ...aWorld,
    aheadMs: fc.constantFrom(-3 * HOUR_MS, HOUR_MS, 30 * HOUR_MS),
    kind: fc.constantFrom('instant', 'skip', 'send_now', 'next_day'),
    share: fc.constantFrom('none', 'holdout', 'test'),
  });
  await fc.assert(
    fc.asyncProperty(aCase, async ({ aheadMs, kind, share, ...world }) => {
      const ids = await settle(world);
      const acceptedAtMs = engine.clock.now();
      const atMs = acceptedAtMs + aheadMs;
      const sendAt: SendAt =
        kind === 'instant'
          ? { kind, atMs: Math.max(atMs, acceptedAtMs) }
          : { kind: 'local', wallMs: Math.floor(atMs / 1000) * 1000, ifPassed: kind };
      const notification = sampleNotification({
        ...{ acceptedAtMs, status: 'scheduled', userCount: ids.length, ttlSeconds: world.ttlSeconds },
        ...{
          content: { type: world.type, title: 'x', ...experimentOf(share, kind) },
          ...timingOf(sendAt, acceptedAtMs),
        },
      });
      const { id: notificationId } = notification;
      await engine.store.notifications.accept(sampleAcceptance(notification, [], { audience: usersNamed(ids) }));
      const before = await Promise.all(ids.map((id) => explain(id, { kind: 'notification', notificationId })));
      // Each user is asked for at the instant that was said, once that has come.
      await engine.runUntil(Math.max(...before.map((said) => said.atMs)));
      for (const said of before) {
        const { userId, account, devices } = said;
        const suppression = await engine.store.suppressions.get(notificationId, userId);
        const deliveries = await deliveriesTo(notificationId, userId);
        const kinds = account.answer.kind === 'stop' ? account.answer.reason : null;
        expect([userId, suppression?.reason ?? null], account.sentence).toEqual([userId, kinds]);
        expect(suppression?.atMs ?? deliveries[0]?.createdAtMs, account.sentence).toBe(said.atMs);
        const reached = kinds === null ? devices.map(({ id }) => id) : [];
        expect(deliveries.map((one) => one.subscriptionId)).toEqual(reached);
        const afterwards = await explain(userId, { kind: 'notification', notificationId });
        expect(afterwards.account.answer, said.account.sentence).toEqual(account.answer);
        expect(afterwards.became).toEqual({ suppression, deliveryCount: deliveries.length });
      }
      expect(await engine.store.notifications.get(notificationId)).toMatchObject({ releasedUsers: ids.length });
    }),
    { numRuns: 30 },
  );
}, 60_000);

it('does not take a notification’s own use of a cap, or one that came later, for a reason against it', async () => {
  await engine.device('ada');
  await engine.say('order', { cap: { limit: 1, perSeconds: 60 } });
  const first = await send(['ada'], 'order', 60);
  await engine.runUntil(NOW_MS + 50_000);
  const second = await send(['ada'], 'order', 60);
  const sentence = async (notificationId: string) =>
    (await explain('ada', { kind: 'notification', notificationId })).account.sentence;
  expect(await sentence(first.id)).toBe('Yes: now, on 1 device.');
  expect(await sentence(second.id)).toMatch(/^No: no more than 1 of `order` in 1 minute, and/);
  await engine.runUntil(NOW_MS + 70_000);
  await send(['ada'], 'order', 60);
  expect(await sentence(second.id)).toMatch(/^No: no more than 1 of `order` in 1 minute, and/);
  const past = await explain('ada', { kind: 'type', type: 'order', atMs: NOW_MS + 65_000, ttlSeconds: null });
  expect(past.account.sentence).toBe('Yes: now, on 1 device.');
});

it('says of what was held that something newer has taken its place since', async () => {
  await engine.device('ada', {});
  const nowMs = engine.clock.now();
  await engine.store.users.change(newUser('ada', nowMs), (user) =>
    patched(user, { pausedUntilMs: nowMs + HOUR_MS }, nowMs),
  );
  const older = await send(['ada'], 'order', 7200, 'score');
  await engine.runUntil(nowMs + 1000);
  const newer = await send(['ada'], 'order', 7200, 'score');
  const sentenceOf = async (id: string) =>
    (await explain('ada', { kind: 'notification', notificationId: id })).account.sentence;
  expect(await sentenceOf(older.id)).toMatch(
    /^Yes: held until .* But since then: Not sent: a newer .* took its place \(1 of 1 device\)\.$/,
  );
  expect(await sentenceOf(newer.id)).toMatch(/^Yes: held until [^.]*, then on 1 device\.$/);
});
