import { type Rate as FullRate, send } from '../deliveries.ts';
import { cpuMicrosOf } from '../process-usage.ts';
import { type ServiceUnderTest, startService } from '../service-under-test.ts';
import type { Sink } from '../sink.ts';
import { shown, spreadOf } from '../statistics.ts';
import { makeSubscribers, type Subscriber } from '../subscribers.ts';
import { signIn } from './visitor.ts';

type Rate = Pick<FullRate, 'perSecond' | 'cpuMicrosEach'>;

/** The rounds of both, one after the other, so that a noisy minute is both’s. */
export type WatchersFigures = {
  readonly watchers: number;
  readonly alone: readonly Rate[];
  readonly watched: readonly Rate[];
};

export type WatchersOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  /** Pushes of each. */
  readonly count: number;
  readonly watchers: number;
};

const SUBSCRIBERS = 1000;

/** What people who watch the live overview cost the sending. */
export async function measureWatchers(options: WatchersOptions): Promise<WatchersFigures> {
  const { sink, rounds, count, watchers } = options;
  const service = await startService({ sink });
  const figures = { watchers, alone: [] as Rate[], watched: [] as Rate[] };
  try {
    const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, count));
    await service.register(subscribers);
    await send(service, sink, subscribers, count);
    for (let round = 0; round < rounds; round += 1) {
      const alone = async () => void figures.alone.push(await rateOf(service, sink, subscribers, count));
      const watched = async () => {
        const end = await watch(service, watchers);
        figures.watched.push(await rateOf(service, sink, subscribers, count));
        await end();
      };
      // Whoever comes second has a larger file: it is each one’s turn.
      for (const measure of round % 2 === 0 ? [alone, watched] : [watched, alone]) await measure();
    }
    return figures;
  } finally {
    await service.stop();
  }
}

export function watchersTable({ watchers, alone, watched }: WatchersFigures): string[] {
  const ratios = watched.map(({ perSecond }, round) => perSecond / (alone[round]?.perSecond ?? Number.NaN));
  const row = (name: string, rates: readonly Rate[], of: string) =>
    `| ${name} | ${shown(spreadOf(rates.map((rate) => rate.perSecond)))} | ${of} | ${shown(spreadOf(rates.map((rate) => rate.cpuMicrosEach)))} |`;
  return [
    '| Live overview | deliveries a second | × nobody watches | CPU µs each |',
    '|---|---|---|---|',
    row('nobody watches', alone, '1'),
    row(`${watchers} watch`, watched, shown(spreadOf(ratios), 2)),
  ];
}

async function watch(service: ServiceUnderTest, watchers: number): Promise<() => Promise<void>> {
  const ending = new AbortController();
  const visitors = await Promise.all(Array.from({ length: watchers }, () => signIn(service.address)));
  const watching = Promise.all(visitors.map((visitor) => visitor.watch(ending.signal)));
  return async () => {
    ending.abort();
    await watching;
  };
}

async function rateOf(
  service: ServiceUnderTest,
  sink: Sink,
  subscribers: readonly Subscriber[],
  count: number,
): Promise<Rate> {
  const [cpuBefore, startedAtMs] = [cpuMicrosOf(service.pid), performance.now()];
  await send(service, sink, subscribers, count);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { perSecond: count / seconds, cpuMicrosEach: (cpuMicrosOf(service.pid) - cpuBefore) / count };
}
