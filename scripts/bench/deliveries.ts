import type { LoopQuestion, LoopReply } from './bare-loop-process.ts';
import { type Child, startChild } from './child.ts';
import { cpuMicrosOf } from './process-usage.ts';
import { type ServiceUnderTest, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { makeSubscribers, type Subscriber } from './subscribers.ts';

export type DeliveriesOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  /** Pushes measured in each round. */
  readonly count: number;
  readonly servers: BenchServers | null;
};

/** Gives an empty database, and an empty Redis, each time. */
export type BenchServers = {
  readonly mongodbUrl: () => string;
  readonly mongodPid: () => number;
  readonly freshRedis: () => Promise<string>;
};

/** What one contender did in one round. */
export type Rate = { readonly perSecond: number; readonly cpuMicrosEach: number };

const SUBSCRIBERS = 1000;
const IN_FLIGHT = 100;

type Contender = { readonly name: string; readonly run: () => Promise<Rate> };

/** Each contender in each round, one after the other, so that a noisy minute is everybody's. */
export async function measureDeliveries(options: DeliveriesOptions): Promise<ReadonlyMap<string, readonly Rate[]>> {
  const rates = new Map<string, Rate[]>();
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { name, run } of contendersOf(options)) rates.set(name, [...(rates.get(name) ?? []), await run()]);
  }
  return rates;
}

function contendersOf(options: DeliveriesOptions): readonly Contender[] {
  const { servers } = options;
  const alone: readonly Contender[] = [
    { name: 'bare loop', run: () => runLoop('bare', options) },
    { name: 'floor', run: () => runLoop('floor', options) },
    { name: 'embedded', run: () => runService(options, 1, async () => ({})) },
  ];
  if (servers === null) return alone;
  const redis = async () => ({ REDIS_URL: await servers.freshRedis() });
  const both = async () => ({ ...(await redis()), MONGODB_URL: servers.mongodbUrl() });
  return [
    ...alone,
    { name: 'bee-queue', run: () => runService(options, 1, redis) },
    { name: 'bee-queue, MongoDB', run: () => runService(options, 1, both) },
    { name: 'the same, two processes', run: () => runService(options, 2, both) },
  ];
}

async function runLoop(kind: LoopQuestion['kind'], { sink, count }: DeliveriesOptions): Promise<Rate> {
  const child: Child = await startChild('bare-loop-process.ts');
  try {
    const subscriptions = makeSubscribers(sink.origin, SUBSCRIBERS).map(({ subscription }) => subscription);
    const question: LoopQuestion = { kind, subscriptions, count, inFlight: IN_FLIGHT, caPem: sink.caPem };
    return await child.ask<LoopReply>(question);
  } finally {
    await child.stop();
  }
}

async function runService(
  { sink, count }: DeliveriesOptions,
  processes: number,
  environmentOf: () => Promise<Readonly<Record<string, string>>>,
): Promise<Rate> {
  const environment = await environmentOf();
  const first = await startService({ sink, environment });
  const shared = { ...environment, DATA_DIR: `${first.folder}/data` };
  const others = await Promise.all(
    Array.from({ length: processes - 1 }, () => startService({ sink, environment: shared })),
  );
  try {
    const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, count));
    await first.register(subscribers);
    await send(first, sink, subscribers, subscribers.length);
    return await measured([first, ...others], sink, subscribers, count);
  } finally {
    await Promise.all([first, ...others].map((service) => service.stop()));
  }
}

async function measured(
  services: readonly ServiceUnderTest[],
  sink: Sink,
  subscribers: readonly Subscriber[],
  count: number,
): Promise<Rate> {
  const cpu = (): number => services.reduce((sum, { pid }) => sum + cpuMicrosOf(pid), 0);
  const [cpuBefore, startedAtMs] = [cpu(), performance.now()];
  await send(services[0] as ServiceUnderTest, sink, subscribers, count);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { perSecond: count / seconds, cpuMicrosEach: (cpu() - cpuBefore) / count };
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
