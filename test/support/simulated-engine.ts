import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import { createEngine } from '../../src/delivery/engine.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import type { Job, JobQueue } from '../../src/queue/job-queue.ts';
import { EMBEDDED_PACE } from '../../src/service/backends.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createFakeClock } from './fake-clock.ts';
import { sampleSubscription } from './samples.ts';

/** A push as the push service got it. */
type Push = { readonly subscriptionId: string; readonly atMs: number };

const TICK_BEFORE_MS = 5000;
const ENDPOINT = 'https://push.example.net/send/';

export type SimulatedEngine = Awaited<ReturnType<typeof startSimulatedEngine>>;

/**
 * The engine of production on a real store, by a clock that the test moves. Jobs run one after another, each at its time; the push
 * service answers what `answer` says.
 */
export async function startSimulatedEngine(serverZone = 'UTC') {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-simulated-'));
  const clock = createFakeClock();
  const store = await openSqliteStore({ path: join(folder, 'bellhop.db'), clock });
  const jobs: Job[] = [];
  const pushes: Push[] = [];
  const payloads: string[] = [];
  let answer: (push: Push) => number = () => 201;
  const rules = createStandingRules({ store, clock });
  const events = createEvents((error) => {
    throw error;
  });
  const failures: unknown[] = [];
  events.subscribe((event) => {
    if (event.type === 'part.failed') failures.push(event.error);
  });
  const engine = createEngine(
    {
      store,
      queue: queueOf(jobs),
      coordination: createLoneCoordination(),
      transport: {
        async send({ endpoint, payload }) {
          const push = { subscriptionId: endpoint.slice(ENDPOINT.length), atMs: clock.now() };
          pushes.push(push);
          payloads.push(payload);
          return { kind: 'response', status: answer(push), retryAfter: null, reason: null };
        },
      },
      compose: createComposer(null),
      wordings: createWordings(store.templates),
      rules,
      events,
      clock,
      random: () => 0.5,
    },
    {
      delivery: {
        maxRetries: 3,
        baseMs: 600_000,
        maxMs: 600_000,
        quarantine: { retryMs: 3_600_000, retireAfterMs: 86_400_000 },
        goneGraceMs: 60_000,
      },
      pruning: { windowSize: 500, maxShare: 0.2, maxCount: 50 },
      serviceOf: () => 'other',
      ratesPerSecond: new Map(),
      attemptTimeoutMs: 5000,
      serverZone,
      retentionDays: 90,
      eventRetentionDays: 90,
    },
    { ...EMBEDDED_PACE, concurrency: 20 },
  );
  /** As the rescuer finds it in one of its ticks, a few seconds before a wave; in between, it would find nothing. */
  const lookForWaves = async (untilMs: number): Promise<void> => {
    const [wave] = await store.fanOuts.due(untilMs, 1);
    if (wave === undefined || jobs.some(({ id }) => id === wave.id)) return;
    const [next] = jobs.toSorted((one, other) => one.runAtMs - other.runAtMs);
    const tickAtMs = wave.dueAtMs - TICK_BEFORE_MS;
    if (next !== undefined && next.runAtMs < tickAtMs) return;
    clock.advance(Math.max(0, tickAtMs - clock.now()));
    await engine.rescuer.tick();
  };
  return {
    store,
    clock,
    rules,
    /** Jobs that were lost are found again. */
    tick: () => engine.rescuer.tick(),
    jobs,
    pushes,
    /** What each of them said. */
    payloads,
    answerWith(next: typeof answer) {
      answer = next;
    },
    /** Registers a device of this user, and gives its id. */
    async device(userId: string, overrides: Partial<Subscription> = {}): Promise<string> {
      const { id } = sampleSubscription();
      const subscription = sampleSubscription({ id, userId, endpoint: `${ENDPOINT}${id}`, ...overrides });
      await store.subscriptions.register(subscription);
      return id;
    },
    /** Runs every job whose time comes until then, in order of time, and leaves the clock there. */
    async runUntil(untilMs: number): Promise<void> {
      for (;;) {
        await lookForWaves(untilMs);
        const [next] = jobs.toSorted((one, other) => one.runAtMs - other.runAtMs);
        if (next === undefined || next.runAtMs > untilMs) break;
        jobs.splice(jobs.indexOf(next), 1);
        clock.advance(Math.max(0, next.runAtMs - clock.now()));
        await engine.worker.work(next);
        if (failures.length > 0) throw failures[0];
      }
      clock.advance(Math.max(0, untilMs - clock.now()));
    },
    /** Something was said of types: it counts at once. */
    async say(...put: Parameters<typeof store.typeRules.put>): Promise<void> {
      await store.typeRules.put(...put);
      rules.forget();
    },
    async dispose() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Only keeps what it is given. */
function queueOf(jobs: Job[]): JobQueue {
  return {
    enqueueMany: async (more) => {
      for (const job of more) {
        const isKnown = job.kind === 'fan_out' && jobs.some(({ id, step }) => id === job.id && step === job.step);
        if (!isKnown) jobs.push(job);
      }
    },
    start: async () => {},
    stop: async () => {},
    wake: () => {},
    onRoom: () => {},
    depthOf: async () => jobs.length,
    ping: async () => {},
    close: async () => {},
  };
}
