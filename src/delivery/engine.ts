import type { Clock } from '../clock.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Compose } from '../domain/content/compose.ts';
import type { DeliveryPolicy } from '../domain/delivery/verdict.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import { PRIORITIES } from '../domain/notification/priority.ts';
import type { PruneGuardPolicy } from '../domain/pruning/prune-hold.ts';
import { dropGate } from '../domain/sending/sending.ts';
import type { PushTransport } from '../push/push-transport.ts';
import type { JobQueue, StartOptions } from '../queue/job-queue.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import type { Wordings } from '../store/wordings.ts';
import { createAger } from '../upkeep/ager.ts';
import { createEventRelay } from '../upkeep/event-relay.ts';
import type { Loop } from '../upkeep/loop.ts';
import { createRescuer, type Rescuer, type RescuerOptions } from '../upkeep/rescuer.ts';
import { createSendingWatch, type SendingWatch } from '../upkeep/sending-watch.ts';
import { createSweeper } from '../upkeep/sweeper.ts';
import { createTallyKeeper } from '../upkeep/tally-keeper.ts';
import { createAttempt } from './attempt.ts';
import { createFanOutPage } from './fan-out.ts';
import { GATES } from './gates.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createPruneGuard, type PruneGuard } from './prune-guard.ts';
import { createWorker, type Worker } from './worker.ts';

/** What the engine works with. It closes none of it. */
export type EnginePorts = {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly coordination: Pick<Coordination, 'lead' | 'pauseOrigin' | 'pausedUntilMs'>;
  readonly transport: Pick<PushTransport, 'send'>;
  readonly compose: Compose;
  readonly wordings: Pick<Wordings, 'rendererOf'>;
  readonly rules: StandingRules;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: Random;
  /** As `ComposingOptions` has it. */
  readonly receiptToken?: (deliveryId: string) => string | null;
};

/** What is to become of deliveries and subscriptions, as the settings have it. */
export type EnginePolicy = {
  readonly delivery: DeliveryPolicy;
  readonly pruning: PruneGuardPolicy;
  /** Which push service an origin belongs to. */
  readonly serviceOf: (origin: string) => string;
  /** Pushes a second by host, or host and port, for those that have a limit. */
  readonly ratesPerSecond: ReadonlyMap<string, number>;
  readonly attemptTimeoutMs: number;
  /** The zone of users who have none. */
  readonly serverZone: string;
  /** How long what is completed is kept. */
  readonly retentionDays: number;
  readonly eventRetentionDays: number;
};

/** How much the engine does at once, as it suits one kind of store. */
export type StorePace = {
  /** Of deliveries that are being claimed and encrypted. */
  readonly atWork: Pick<StartOptions, 'mostAtWork' | 'mostAtWorkWhenMixed' | 'mostOvertaking'>;
  /** The most deliveries made in one commit. */
  readonly fanOutPageSize: number;
};

/** How much the engine does at once, and for how long. */
export type Pace = StorePace & {
  /** The most jobs run at once. */
  readonly concurrency: number;
  /** The most pushes under way at once to one push service; `SHARE_OF_ONE_SERVICE` unless given. */
  readonly maxInFlightPerService?: number;
  /** How long a claim holds; the attempt timeout and `LEASE_MARGIN_MS` unless given. */
  readonly leaseMs?: number;
  readonly rescuer?: Pick<RescuerOptions, 'intervalMs' | 'pageSize'>;
};

/** All that follows once a notification is accepted. Each `stop` and `start` is harmless when repeated. */
export type Engine = {
  readonly worker: Worker;
  readonly rescuer: Rescuer;
  readonly pruneGuard: PruneGuard;
  readonly sendingWatch: SendingWatch;
  readonly lanes: Pick<Lanes, 'views'>;
  /** Resolves once what an earlier process left behind is queued again, and jobs are being run. */
  start(): Promise<void>;
  /** Begins no further tick of a loop; resolves when the ticks under way are done. */
  stopLoops(): Promise<void>;
  /** Begins no further job; resolves when those under way have ended. Gives pushes up that take long, and says so. */
  drain(onGiveUp: () => void): Promise<void>;
  /** Has pushes under way end at once: they are on record as interrupted, and are sent after the next start. */
  giveUp(): void;
};

/** Beyond the attempt timeout, the time a settlement may take before the delivery counts as interrupted. */
const LEASE_MARGIN_MS = 30_000;
/** There is always room for the other push services, whatever one of them does. */
const SHARE_OF_ONE_SERVICE = 0.8;
/** What `drain` waits for pushes under way before it gives them up. */
const DRAIN_MS = 20_000;

/** Builds what attempts deliveries, fans notifications out, and looks for what was left. */
export function createEngine(ports: EnginePorts, policy: EnginePolicy, pace: Pace): Engine {
  const { store, queue, coordination, clock } = ports;
  const giveUp = new AbortController();
  const leads = (loop: string): Promise<boolean> => coordination.lead(loop);
  const pruneGuard = createPruneGuard({ ...ports, store: store.pruneHolds, policy: policy.pruning });
  const onResume = (): void => {
    for (const priority of PRIORITIES) rescuer.refill(priority);
  };
  const sendingWatch = createSendingWatch({ ...ports, onResume });
  const isPaused = (): boolean | Promise<boolean> => sendingWatch.isPaused();
  const isAt = (deliveryId: string): boolean => worker.isAt(deliveryId);
  const rescuer = createRescuer({ ...ports, ...pace.rescuer, policy: policy.delivery, leads, isPaused, isAt });
  const patient = patientLoops(ports, policy, leads);
  const lanes = createLanes({
    ...ports,
    serviceOf: policy.serviceOf,
    maxInFlightPerService: pace.maxInFlightPerService ?? Math.ceil(pace.concurrency * SHARE_OF_ONE_SERVICE),
    ratesPerSecond: policy.ratesPerSecond,
    onPlace: (origin) => queue.wake(origin),
  });
  const worker = createWorker({
    ...ports,
    leaseMs: pace.leaseMs ?? policy.attemptTimeoutMs + LEASE_MARGIN_MS,
    lanes,
    isPaused,
    gates: [(claimed) => dropGate(sendingWatch.drop(), claimed), ...GATES],
    serverZone: policy.serverZone,
    attempt: createAttempt({ ...ports, policy: policy.delivery, pruneGuard, giveUp: giveUp.signal }),
    fanOutPage: createFanOutPage({ ...ports, serverZone: policy.serverZone, pageSize: pace.fanOutPageSize }),
  });
  queue.onRoom(rescuer.refill);
  return {
    worker,
    rescuer,
    pruneGuard,
    sendingWatch,
    lanes,
    async start() {
      await sendingWatch.start();
      // First: what is decided about pruning counts for the first answer, too.
      await pruneGuard.start();
      await rescuer.start();
      for (const loop of patient) void loop.start();
      await queue.start(worker.work, { ...pace.atWork, concurrency: pace.concurrency, waitsFor: worker.waitsFor });
    },
    async stopLoops() {
      const loops = [rescuer, pruneGuard, sendingWatch, ...patient];
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    async drain(onGiveUp) {
      const cancel = clock.wakeAt(clock.now() + DRAIN_MS, () => {
        onGiveUp();
        giveUp.abort();
      });
      await queue.stop().finally(cancel);
      lanes.stop();
    },
    giveUp: () => giveUp.abort(),
  };
}

/** Not waited for at start: after a long stop they may have much to do. */
function patientLoops(
  ports: EnginePorts,
  { retentionDays, eventRetentionDays }: EnginePolicy,
  leads: (loop: string) => Promise<boolean>,
): readonly Loop[] {
  return [
    createSweeper({ ...ports, retentionDays, eventRetentionDays, leads }),
    createTallyKeeper({ ...ports, leads }),
    createEventRelay({ ...ports, leads }),
    createAger({ ...ports, leads }),
  ];
}
