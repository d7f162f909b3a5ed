import { setTimeout as wait } from 'node:timers/promises';
import type { LoopQuestion, LoopReply, SendPlan } from './bare-loop-process.ts';
import { type Child, startChild } from './child.ts';
import { cpuMicrosOf, peakRssMibOf } from './process-usage.ts';
import { onOneCore, type Runtime } from './runtime.ts';
import { type ServiceUnderTest, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { makeSubscribers, type Subscriber } from './subscribers.ts';

export type DeliveriesOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly sizes: DeliverySizes;
  readonly servers: BenchServers | null;
  readonly runtimes: readonly Runtime[];
};

/** Pushes in each round, before what is measured and in it. */
type DeliverySizes = {
  readonly warmUp: number;
  readonly count: number;
  /** Of a fresh process, with nothing before them. */
  readonly first: number;
  readonly burst: number;
  /** Before each burst. */
  readonly idleMs: number;
};

/** Gives an empty database, and an empty Redis, each time. */
export type BenchServers = {
  readonly mongodbUrl: () => string;
  readonly mongodPid: () => number;
  readonly freshRedis: () => Promise<string>;
  readonly redisPid: () => number;
};

/** What one contender did in one round. What servers took beside it, and its memory, are null where that was not looked at. */
export type Rate = {
  readonly perSecond: number;
  readonly cpuMicrosEach: number;
  readonly mongodMicrosEach: number | null;
  readonly redisMicrosEach: number | null;
  readonly peakRssMib: number | null;
};

/** `of`: the contender that it is compared with, which may be itself. */
export type DeliveryRow = { readonly name: string; readonly of: string; readonly rates: readonly Rate[] };

export type DeliveryFigures = { readonly runtime: string; readonly rows: readonly DeliveryRow[] };

const SUBSCRIBERS = 1000;
const IN_FLIGHT = 50;
const BURSTS = 3;

type Contender = { readonly name: string; readonly of: string; readonly run: () => Promise<Rate> };

/** Each contender in each round, one after the other, so that a noisy minute is everybody's. */
export async function measureDeliveries(options: DeliveriesOptions): Promise<readonly DeliveryFigures[]> {
  const all = options.runtimes.map((runtime) => ({
    runtime: runtime.name,
    rows: contendersOf(options, runtime).map((contender) => ({ ...contender, rates: [] as Rate[] })),
  }));
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { rows } of all) {
      for (const { run, rates } of rows) rates.push(await run());
    }
  }
  return all.map(({ runtime, rows }) => ({ runtime, rows: rows.map(({ name, of, rates }) => ({ name, of, rates })) }));
}

function contendersOf(options: DeliveriesOptions, runtime: Runtime): readonly Contender[] {
  const { warmUp, count, first, burst, idleMs } = options.sizes;
  const steady = { warmUp, count, times: 1, pauseMs: 0 };
  const fresh = { warmUp: 0, count: first, times: 1, pauseMs: 0 };
  const bursts = { warmUp: burst, count: burst, times: BURSTS, pauseMs: idleMs };
  const pair = (what: string, plan: SendPlan, on: Runtime = runtime): readonly Contender[] => [
    { name: `bare loop${what}`, of: `bare loop${what}`, run: () => runLoop('bare', plan, options, on) },
    { name: `embedded${what}`, of: `bare loop${what}`, run: () => runService({ plan, runtime: on }, options) },
  ];
  return [
    ...pair('', steady),
    { name: 'floor', of: 'bare loop', run: () => runLoop('floor', steady, options, runtime) },
    ...withServers(options, runtime, steady),
    ...pair(`, the first ${first.toLocaleString('en')} after a start`, fresh),
    ...pair(`, bursts of ${burst.toLocaleString('en')} after ${idleMs / 1000} s of nothing`, bursts),
    ...pair(', one core', steady, onOneCore(runtime)),
  ];
}

function withServers(options: DeliveriesOptions, runtime: Runtime, plan: SendPlan): readonly Contender[] {
  const { servers } = options;
  if (servers === null) return [];
  const redis = async () => ({ REDIS_URL: await servers.freshRedis() });
  const both = async () => ({ ...(await redis()), MONGODB_URL: servers.mongodbUrl() });
  const contender = (name: string, environmentOf: typeof redis, processes = 1): Contender => {
    return { name, of: 'bare loop', run: () => runService({ plan, runtime, environmentOf, processes }, options) };
  };
  return [
    contender('bee-queue', redis),
    contender('bee-queue, MongoDB', both),
    contender('the same, two processes', both, 2),
  ];
}

async function runLoop(
  kind: LoopQuestion['kind'],
  plan: SendPlan,
  { sink }: DeliveriesOptions,
  runtime: Runtime,
): Promise<Rate> {
  const child: Child = await startChild('bare-loop-process.ts', runtime);
  try {
    const subscriptions = makeSubscribers(sink.origin, SUBSCRIBERS).map(({ subscription }) => subscription);
    const question: LoopQuestion = { kind, subscriptions, plan, inFlight: IN_FLIGHT, caPem: sink.caPem };
    const { perSecond, cpuMicrosEach } = await child.ask<LoopReply>(question);
    return { perSecond, cpuMicrosEach, mongodMicrosEach: null, redisMicrosEach: null, peakRssMib: null };
  } finally {
    await child.stop();
  }
}

type ServiceRun = {
  readonly plan: SendPlan;
  readonly runtime: Runtime;
  readonly environmentOf?: () => Promise<Readonly<Record<string, string>>>;
  readonly processes?: number;
};

async function runService(
  { plan, runtime, environmentOf, processes = 1 }: ServiceRun,
  { sink, servers }: DeliveriesOptions,
): Promise<Rate> {
  const environment = (await environmentOf?.()) ?? {};
  const first = await startService({ sink, environment, runtime });
  const shared = { ...environment, DATA_DIR: `${first.folder}/data` };
  const others = await Promise.all(
    Array.from({ length: processes - 1 }, () => startService({ sink, environment: shared, runtime })),
  );
  const services = [first, ...others];
  try {
    const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, plan.count));
    await first.register(subscribers);
    if (plan.warmUp > 0) await send(first, sink, subscribers, plan.warmUp);
    const pids = {
      own: services.map(({ pid }) => pid),
      mongod: 'MONGODB_URL' in environment ? (servers?.mongodPid() ?? null) : null,
      redis: 'REDIS_URL' in environment ? (servers?.redisPid() ?? null) : null,
    };
    const rate = await measured(pids, plan, () => send(first, sink, subscribers, plan.count));
    return { ...rate, peakRssMib: Math.max(...pids.own.map(peakRssMibOf)) };
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
}

type Pids = { readonly own: readonly number[]; readonly mongod: number | null; readonly redis: number | null };

async function measured(
  { own, mongod, redis }: Pids,
  { count, times, pauseMs }: SendPlan,
  sendOnce: () => Promise<void>,
): Promise<Omit<Rate, 'peakRssMib'>> {
  const used = () => ({
    own: own.reduce((sum, pid) => sum + cpuMicrosOf(pid), 0),
    mongod: mongod === null ? null : cpuMicrosOf(mongod),
    redis: redis === null ? null : cpuMicrosOf(redis),
  });
  const spent = { ms: 0, own: 0, mongod: 0, redis: 0 };
  for (let time = 0; time < times; time += 1) {
    await wait(pauseMs);
    const [before, startedAtMs] = [used(), performance.now()];
    await sendOnce();
    spent.ms += performance.now() - startedAtMs;
    const after = used();
    for (const who of ['own', 'mongod', 'redis'] as const) spent[who] += (after[who] ?? 0) - (before[who] ?? 0);
  }
  const sent = count * times;
  return {
    perSecond: sent / (spent.ms / 1000),
    cpuMicrosEach: spent.own / sent,
    mongodMicrosEach: mongod === null ? null : spent.mongod / sent,
    redisMicrosEach: redis === null ? null : spent.redis / sent,
  };
}

/** Notifications to everybody until there are so many pushes, and the wait for the last of them. */
export async function send(
  { call }: ServiceUnderTest,
  sink: Sink,
  subscribers: readonly Subscriber[],
  count: number,
): Promise<void> {
  await sink.forget();
  const arrived = sink.arrived(count);
  const userIds = subscribers.map(({ userId }) => userId);
  for (let left = count; left > 0; left -= userIds.length) {
    const body = { type: 'bench', title: 'Hello', user_ids: userIds.slice(0, left) };
    const { status } = await call('POST', '/v1/notifications', { body });
    if (status !== 202) throw new Error(`a notification was answered ${status}`);
  }
  await arrived;
}
