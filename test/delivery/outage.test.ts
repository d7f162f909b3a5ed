import { describe, expect, it } from 'vitest';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import { createEngine, type EnginePorts } from '../../src/delivery/engine.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import { claimedFields } from '../../src/domain/delivery/claim.ts';
import { type Delivery, isWaiting } from '../../src/domain/delivery/delivery.ts';
import type { PushMessage } from '../../src/domain/push-service/push-message.ts';
import type { PushResult } from '../../src/domain/push-service/push-outcome.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { NOBODY_KNOWN } from '../../src/domain/user/person.ts';
import { createInProcessQueue } from '../../src/queue/in-process/in-process-queue.ts';
import { reminderOf } from '../../src/queue/job-queue.ts';
import { EMBEDDED_PACE } from '../../src/service/backends.ts';
import type { DeliveryStore } from '../../src/store/delivery-store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { NO_RULES, NO_WORDINGS } from '../support/no-rules.ts';
import { NOW_MS, sampleDelivery, sampleNotification, sampleSubscription } from '../support/samples.ts';

const OUTAGE_MS = 90_000;
const STEP_MS = 25;
const SEED = 7;
const LATENCY_MS = 50;
const ATTEMPT_TIMEOUT_MS = 30_000;
/** The defaults. */
const CONCURRENCY = 125;
const POLICY = {
  maxRetries: 3,
  baseMs: 5000,
  maxMs: 600_000,
  quarantine: { retryMs: 3_600_000, retireAfterMs: 1e9 },
  goneGraceMs: 60_000,
};

type Ending = { readonly result: PushResult; readonly afterMs: number };

/** What a push service does that is down. */
const OUTAGES: Readonly<Record<string, Ending>> = {
  'answers 503': { result: { kind: 'response', status: 503, retryAfter: null, reason: null }, afterMs: LATENCY_MS },
  'refuses connections': { result: { kind: 'failure', failure: 'refused' }, afterMs: 2 },
  'swallows packets': { result: { kind: 'failure', failure: 'timeout' }, afterMs: ATTEMPT_TIMEOUT_MS },
};
const WELL: Ending = { result: { kind: 'response', status: 201, retryAfter: null, reason: null }, afterMs: LATENCY_MS };

/** Deliveries in memory: all that an engine asks of its store once fan-out is over. */
function deliveriesOf(all: Map<string, Delivery>, subscriptions: ReadonlyMap<string, Subscription>): DeliveryStore {
  return {
    claimMany: async (claims) =>
      claims.map((claim) => {
        const before = all.get(claim.deliveryId);
        if (before === undefined || !isWaiting(before.state) || before.attemptCount !== claim.attempt - 1) return null;
        const version = before.version + 1;
        all.set(before.id, { ...before, ...claimedFields(claim), version });
        const subscription = subscriptions.get(before.subscriptionId) ?? null;
        return {
          before,
          version,
          notification: sampleNotification(),
          subscription,
          isSuperseded: false,
          person: NOBODY_KNOWN,
        };
      }),
    settleMany: async (settlements) =>
      settlements.map(({ version, after }) => {
        if (all.get(after.id)?.version !== version) return false;
        all.set(after.id, { ...after, version: version + 1 });
        return true;
      }),
    postponeMany: async (postponements) => {
      for (const { deliveryId, untilMs } of postponements) {
        const delivery = all.get(deliveryId);
        if (delivery !== undefined) all.set(deliveryId, { ...delivery, dueAtMs: untilMs });
      }
    },
    due: async ({ priority, untilMs }) =>
      [...all.values()].flatMap((delivery) => {
        const { state, dueAtMs } = delivery;
        if (delivery.priority !== priority || dueAtMs === null || dueAtMs > untilMs || !isWaiting(state)) return [];
        return [{ ...delivery, state, dueAtMs }];
      }),
  } as Pick<DeliveryStore, 'claimMany' | 'settleMany' | 'postponeMany' | 'due'> as DeliveryStore;
}

/** Sends to a service that is down for 90 s, and gives the times at which the pushes were accepted, from its recovery on. */
async function acceptedAfterOutage(outage: Ending, userIds: readonly string[], queueWakes: boolean) {
  const clock = createFakeClock(NOW_MS);
  const queue = createInProcessQueue({ clock });
  if (!queueWakes) queue.wake = () => {};
  const notification = sampleNotification({ acceptedAtMs: NOW_MS, ttlSeconds: 86_400 });
  const subscriptions = userIds.map((userId) => sampleSubscription({ userId }));
  const all = new Map(subscriptions.map((one) => sampleDelivery(notification, one)).map((one) => [one.id, one]));
  const acceptedAtMs: number[] = [];
  let sentWhileDown = 0;
  const send = (_: PushMessage): Promise<PushResult> =>
    new Promise((resolve) => {
      const isDown = clock.now() < NOW_MS + OUTAGE_MS;
      const { result, afterMs } = isDown ? outage : WELL;
      if (isDown) sentWhileDown += 1;
      else acceptedAtMs.push(clock.now() - NOW_MS - OUTAGE_MS);
      clock.wakeAt(clock.now() + afterMs, () => resolve(result));
    });
  const store = {
    deliveries: deliveriesOf(all, new Map(subscriptions.map((one) => [one.id, one]))),
    fanOuts: { unfinished: async () => [] },
    notifications: { unfinishedFanOuts: async () => [] },
    pruneHolds: { current: async () => [] },
    facts: { find: async () => null },
    retention: { sweep: async () => 0, forget: async () => 0 },
  } as unknown as EnginePorts['store'];
  const events = createEvents((error) => {
    throw error;
  });
  const ports = { store, queue, coordination: createLoneCoordination(), transport: { send }, events, clock };
  const engine = createEngine(
    { ...ports, rules: NO_RULES, compose: createComposer(null), wordings: NO_WORDINGS, random: drawsFrom(SEED) },
    {
      delivery: POLICY,
      pruning: { windowSize: 500, maxShare: 0.2, maxCount: 50 },
      serviceOf: (origin) => origin,
      ratesPerSecond: new Map(),
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      serverZone: 'UTC',
      retentionDays: 90,
      eventRetentionDays: 90,
    },
    { ...EMBEDDED_PACE, concurrency: CONCURRENCY },
  );
  await engine.start();
  await queue.enqueueMany([...all.values()].map((delivery) => reminderOf(delivery, NOW_MS)));
  await pass(clock, OUTAGE_MS + ATTEMPT_TIMEOUT_MS + 15_000);
  await engine.stopLoops();
  const states = [...all.values()].map(({ state }) => state);
  return { acceptedAtMs: acceptedAtMs.sort((a, b) => a - b), states, sentWhileDown };
}

/** Time goes by in small steps, each with all that follows from it. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    clock.advance(STEP_MS);
    for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
  }
}

/** The same draws each time. */
function drawsFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

const users = (count: number) => Array.from({ length: count }, (_, index) => `user ${index}`);

describe.each(Object.entries(OUTAGES))('after a push service that %s for 90 s', (name, outage) => {
  it.each([
    [20, true],
    [400, true],
    [1000, true],
    // As with jobs in Redis.
    [20, false],
    [400, false],
  ])(
    'the first push leaves within 5 s, and of %i users the last as well; the queue wakes what waits: %s',
    async (count, queueWakes) => {
      const { acceptedAtMs, states, sentWhileDown } = await acceptedAfterOutage(outage, users(count), queueWakes);
      expect(states.filter((state) => state !== 'delivered')).toEqual([]);
      expect(acceptedAtMs).toHaveLength(count);
      expect(acceptedAtMs[0]).toBeLessThan(5000);
      // Of those whose packets were swallowed, ten may still wait for the end of their attempt.
      const hanging = name === 'swallows packets' ? 10 : 0;
      expect(acceptedAtMs.at(-1 - hanging)).toBeLessThan(5000);
      expect(acceptedAtMs.at(-1)).toBeLessThan(ATTEMPT_TIMEOUT_MS + 5000);
      // Those of the first rush, and then one every two or three seconds.
      expect(sentWhileDown).toBeLessThan(2 * CONCURRENCY + OUTAGE_MS / 1875);
    },
    60_000,
  );
});
