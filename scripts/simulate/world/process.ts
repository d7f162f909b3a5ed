import type { Clock } from '../../../src/clock.ts';
import type { Coordination } from '../../../src/coordination/coordination.ts';
import { createEngine, type Engine } from '../../../src/delivery/engine.ts';
import { createComposer } from '../../../src/domain/content/compose.ts';
import type { BellhopEvent } from '../../../src/domain/events.ts';
import { createServiceNames } from '../../../src/domain/push-service/service-name.ts';
import type { PostWebhook } from '../../../src/domain/webhook/webhook-request.ts';
import { readNotificationBody } from '../../../src/http/v1/notification-schema.ts';
import { createBulkActions } from '../../../src/intake/bulk-actions.ts';
import { createDeadLetters } from '../../../src/intake/dead-letters.ts';
import { eraseDue } from '../../../src/intake/erasing.ts';
import { createErasures } from '../../../src/intake/erasures.ts';
import { createNotifications } from '../../../src/intake/notifications.ts';
import { createPruneHolds } from '../../../src/intake/prune-holds.ts';
import { createRateLimiter } from '../../../src/intake/rate-limiter.ts';
import { createSchedules } from '../../../src/intake/schedules.ts';
import { createSendingControl } from '../../../src/intake/sending.ts';
import { createSubscriptions } from '../../../src/intake/subscriptions.ts';
import { createTypeRules } from '../../../src/intake/type-rules.ts';
import { createUsers } from '../../../src/intake/users.ts';
import { createWebhookEndpoints } from '../../../src/intake/webhook-endpoints.ts';
import type { PushTransport } from '../../../src/push/push-transport.ts';
import type { JobQueue } from '../../../src/queue/job-queue.ts';
import { buildAcceptance } from '../../../src/service/acceptance.ts';
import { EMBEDDED_PACE } from '../../../src/service/backends.ts';
import { createStandingRules } from '../../../src/store/standing-rules.ts';
import type { Store } from '../../../src/store/store.ts';
import { createWordings } from '../../../src/store/wordings.ts';
import { createEvents } from '../../../src/telemetry/emitter.ts';
import { createBulkWorker } from '../../../src/upkeep/bulk-worker.ts';
import { createEraser } from '../../../src/upkeep/eraser.ts';
import { createScheduler } from '../../../src/upkeep/scheduler.ts';
import { createWebhookSender } from '../../../src/upkeep/webhook-sender.ts';
import type { Plan } from '../plan/plan.ts';
import { ATTEMPT_TIMEOUT_MS } from './push-services.ts';

/** Told by the page that every browser of the world subscribed on. */
const VAPID_KEY = 'BExampleVapidPublicKey';
const DAY_MS = 86_400_000;
const NO_LIMIT = { burst: 1_000_000, refillMs: 1 };

export type ProcessPorts = {
  readonly plan: Pick<Plan, 'serverZone' | 'fanOutPageSize' | 'concurrency'>;
  readonly store: Store;
  readonly queue: JobQueue;
  readonly coordination: Coordination;
  readonly transport: PushTransport;
  readonly post: PostWebhook;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: (event: BellhopEvent) => void;
  readonly onListenerError: (error: unknown) => void;
};

export type Process = ReturnType<typeof createProcess>;

/** One process of Bellhop, of the parts of production: all that `service/` builds but HTTP, settings and the log. */
export function createProcess(ports: ProcessPorts) {
  const { plan, store, clock, coordination } = ports;
  const events = createEvents(ports.onListenerError);
  events.subscribe(ports.onEvent);
  const rules = createStandingRules({ store, clock });
  const wordings = createWordings(store.templates);
  const base = { ...ports, events, rules, wordings, compose: createComposer(null) };
  const acceptance = buildAcceptance(base, { serverZone: plan.serverZone, defaultTtlSeconds: 3600 });
  const shared = { ...base, ...acceptance };
  const leads = (loop: string): Promise<boolean> => coordination.lead(loop);
  const engine = buildEngine(shared);
  const scheduler = createScheduler({
    store: store.schedules,
    events,
    clock,
    settle: acceptance.occurrences.settle,
    leads,
  });
  const bulkWorker = createBulkWorker({ ...shared, leads });
  const webhooks = createWebhookSender(shared);
  const eraser = createEraser({ eraseDue: (isStopped) => eraseDue(shared, isStopped), events, clock, leads });
  const patient = [bulkWorker, eraser, webhooks];
  const wake = {
    onErasure: eraser.hurry,
    onBulkAction: bulkWorker.hurry,
    onScheduleChange: scheduler.hurry,
    onWebhookChange: webhooks.hurry,
  };
  return {
    ...buildIntake(shared, { engine, ...wake }),
    rules,
    engine,
    async start() {
      await engine.start();
      await scheduler.start();
      for (const loop of patient) void loop.start();
    },
    /** In the order of `service/service.ts`. */
    async stop() {
      await scheduler.stop();
      for (const loop of patient) await loop.stop();
      await engine.stopLoops();
      await coordination.close();
      await engine.drain(() => {});
      await ports.queue.close();
    },
  };
}

type Shared = Parameters<typeof createEngine>[0] & ProcessPorts & ReturnType<typeof buildAcceptance>;

function buildEngine(shared: Shared): Engine {
  const { plan } = shared;
  return createEngine(
    shared,
    {
      delivery: {
        maxRetries: 4,
        baseMs: 2000,
        maxMs: 300_000,
        quarantine: { retryMs: 3_600_000, retireAfterMs: DAY_MS },
        goneGraceMs: 60_000,
      },
      pruning: { windowSize: 20, maxShare: 0.15, maxCount: 1 },
      serviceOf: createServiceNames([]),
      ratesPerSecond: new Map([['web.push.apple.com', 5]]),
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      serverZone: plan.serverZone,
      retentionDays: 365,
      eventRetentionDays: 365,
    },
    { ...EMBEDDED_PACE, fanOutPageSize: plan.fanOutPageSize, concurrency: plan.concurrency },
  );
}

type Wake = {
  readonly engine: Engine;
  readonly onBulkAction: () => void;
  readonly onScheduleChange: () => void;
  readonly onWebhookChange: () => void;
  readonly onErasure: () => void;
};

/** What callers and operators reach. */
function buildIntake(shared: Shared, { engine, onBulkAction, onScheduleChange, onWebhookChange, onErasure }: Wake) {
  const { store } = shared;
  const limiter = createRateLimiter(shared);
  return {
    notifications: createNotifications(shared),
    deadLetters: createDeadLetters(shared),
    bulkActions: createBulkActions({ ...shared, onBulkAction }),
    erasures: createErasures({ ...shared, onErasure }),
    pruneHolds: createPruneHolds(shared),
    webhookEndpoints: createWebhookEndpoints({
      ...shared,
      onWebhookChange,
      newSecret: () => 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      allowedHosts: [],
    }),
    sending: createSendingControl({ ...shared, onChange: () => engine.sendingWatch.hurry() }),
    types: createTypeRules({ store: store.typeRules, rules: shared.rules }),
    users: createUsers({ ...shared, store: store.users, limiter, userChangeLimit: NO_LIMIT, countsVisitors: false }),
    schedules: createSchedules({ ...shared, readBody: readNotificationBody, onChange: onScheduleChange }),
    subscriptions: createSubscriptions({
      ...shared,
      store: store.subscriptions,
      limiter,
      allowedHosts: [],
      publicKeys: () => [VAPID_KEY],
      registrationLimit: NO_LIMIT,
      countsVisitors: false,
      maxPerUser: 20,
    }),
  };
}
