import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { createEngine, type Pace } from '../../src/delivery/engine.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import { type Delivery, isFinal } from '../../src/domain/delivery/delivery.ts';
import type { RetryPolicy } from '../../src/domain/delivery/retry-policy.ts';
import type { BellhopEvent } from '../../src/domain/events.ts';
import { deliveryId } from '../../src/domain/ids.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { PruneGuardPolicy } from '../../src/domain/pruning/prune-hold.ts';
import type { PushProxy } from '../../src/domain/push-service/proxy.ts';
import { createServiceNames } from '../../src/domain/push-service/service-name.ts';
import type { QuarantinePolicy } from '../../src/domain/subscription/quarantine.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import type { Device, DeviceOptions } from '../../src/emulator/device.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { createVapidSigner } from '../../src/push/vapid.ts';
import { createWebPushTransport } from '../../src/push/web-push.ts';
import { createInProcessQueue } from '../../src/queue/in-process/in-process-queue.ts';
import type { JobQueue } from '../../src/queue/job-queue.ts';
import { EMBEDDED_PACE } from '../../src/service/backends.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import type { Store } from '../../src/store/store.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { fanOutJob, sampleAcceptance, sampleNotification, sampleSubscription } from './samples.ts';

export type EngineOptions = {
  readonly coordination?: Coordination;
  readonly policy?: RetryPolicy;
  readonly quarantine?: QuarantinePolicy;
  readonly goneGraceMs?: number;
  readonly pruneGuard?: PruneGuardPolicy;
  readonly ratesPerSecond?: ReadonlyMap<string, number>;
  /** In place of the queue in this process. */
  readonly queue?: JobQueue;
  /** More push services, each an origin of its own; whatever name one has leads to this machine. */
  readonly otherEmulators?: readonly Emulator[];
  readonly vapidSubject?: string;
  /** That pushes go through. */
  readonly proxy?: PushProxy;
  readonly attemptTimeoutMs?: number;
  /** In place of the pace of production. */
  readonly pace?: Partial<Pace>;
  readonly queueCapacityPerLine?: number;
  /** Puts a fault in front of the real store, as the workers see it. */
  readonly wrapStore?: (store: Store) => Store;
};

export type Engine = Awaited<ReturnType<typeof startEngine>>;

/** Everything that happens after acceptance, real to the socket: store, queue, workers, transport and a push service. */
export async function startEngine(options: EngineOptions = {}) {
  const { attemptTimeoutMs = 5000 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-engine-'));
  const emulator: Emulator = await startEmulator();
  const others = options.otherEmulators ?? [];
  const vapid = generateVapidKeys();
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock: systemClock });
  const queue =
    options.queue ??
    createInProcessQueue({
      clock: systemClock,
      ...(options.queueCapacityPerLine && { capacityPerLine: options.queueCapacityPerLine }),
    });
  const events = createEvents((error) => {
    throw error;
  });
  const told: BellhopEvent[] = [];
  events.subscribe((event) => told.push(event));
  const allowedHosts = [emulator, ...others].map(({ origin, port }) => ({ host: new URL(origin).hostname, port }));
  const transport = createWebPushTransport({
    vapid: createVapidSigner({
      subject: options.vapidSubject ?? 'mailto:test@example.com',
      keyPairs: [vapid],
      clock: systemClock,
    }),
    attemptTimeoutMs,
    allowedHosts,
    proxy: options.proxy ?? null,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    caPem: [emulator, ...others].map(({ caPem }) => caPem).join('\n'),
  });
  const engine = createEngine(
    {
      store: options.wrapStore?.(store) ?? store,
      queue,
      coordination: options.coordination ?? createLoneCoordination(),
      transport,
      compose: createComposer(null),
      wordings: createWordings(store.templates),
      rules: createStandingRules({ store, clock: systemClock }),
      events,
      clock: systemClock,
      random: Math.random,
    },
    {
      delivery: {
        ...(options.policy ?? { maxRetries: 3, baseMs: 1, maxMs: 2 }),
        quarantine: options.quarantine ?? { retryMs: 3_600_000, retireAfterMs: 86_400_000 },
        goneGraceMs: options.goneGraceMs ?? 60_000,
      },
      pruning: options.pruneGuard ?? { windowSize: 500, maxShare: 0.2, maxCount: 50 },
      serviceOf: createServiceNames(allowedHosts),
      ratesPerSecond: options.ratesPerSecond ?? new Map(),
      attemptTimeoutMs,
      serverZone: 'UTC',
      retentionDays: 90,
      eventRetentionDays: 90,
    },
    { ...EMBEDDED_PACE, concurrency: 20, ...options.pace },
  );

  /** Resolves with the first event, past or to come, that fits. */
  const when = <Type extends BellhopEvent['type']>(
    type: Type,
    fits: (event: Extract<BellhopEvent, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<BellhopEvent, { type: Type }>> =>
    new Promise((resolve) => {
      const look = (event: BellhopEvent): void => {
        const candidate = event as Extract<BellhopEvent, { type: Type }>;
        if (event.type === type && fits(candidate)) resolve(candidate);
      };
      told.forEach(look);
      events.subscribe(look);
    });

  /** Unless told when, long ago. */
  const register = async (
    userId: string,
    { endpoint, keys }: Pick<Subscription, 'endpoint' | 'keys'>,
    when: { readonly createdAtMs?: number } = {},
  ) => {
    const result = await store.subscriptions.register(
      sampleSubscription({ userId, endpoint, keys, vapidPublicKey: vapid.publicKey, ...when }),
    );
    if (result.kind === 'taken') throw new Error('the endpoint is taken');
    return result.subscription;
  };

  return {
    store,
    queue,
    events,
    emulator,
    rescuer: engine.rescuer,
    work: engine.worker.work,
    pruneGuard: engine.pruneGuard,
    sendingWatch: engine.sendingWatch,
    giveUp: engine.giveUp,
    told,
    when,
    start: engine.start,
    /** A registered device of this user. */
    async subscribe(
      userId: string,
      deviceOptions: DeviceOptions = {},
      at: Emulator = emulator,
    ): Promise<{ device: Device; subscription: Subscription }> {
      const device = at.createDevice(deviceOptions);
      return { device, subscription: await register(userId, device.subscription) };
    },
    register,
    /** Accepted and, unless told otherwise, put in the queue. */
    async notify(userIds: readonly string[], overrides: Partial<Notification> & { enqueue?: boolean } = {}) {
      const { enqueue = true, ...rest } = overrides;
      const notification = sampleNotification({
        acceptedAtMs: systemClock.now(),
        userCount: userIds.length,
        ...rest,
      });
      await store.notifications.accept(sampleAcceptance(notification, userIds));
      if (enqueue) await queue.enqueueMany([fanOutJob(notification)]);
      return notification;
    },
    /** The delivery once it is final. */
    async ended(notification: Notification, subscription: Subscription): Promise<Delivery> {
      const id = deliveryId(notification.id, subscription.id);
      await when('delivery.settled', (event) => event.deliveryId === id && isFinal(event.state));
      const delivery = await store.deliveries.get(id);
      if (delivery === null) throw new Error('the delivery is gone');
      return delivery;
    },
    async dispose() {
      engine.giveUp();
      await engine.stopLoops();
      await queue.close();
      await transport.close();
      await store.close();
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
