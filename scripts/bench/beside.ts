import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { signIn } from './console/visitor.ts';
import { type Rate as FullRate, send } from './deliveries.ts';
import { cpuMicrosOf } from './process-usage.ts';
import { type ServiceUnderTest, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { shown, spreadOf } from './statistics.ts';
import { makeSubscribers, type Subscriber } from './subscribers.ts';

type Rate = Pick<FullRate, 'perSecond' | 'cpuMicrosEach'>;

/** The rounds of both, one after the other, so that a noisy minute is both’s. */
export type BesideFigures = {
  readonly what: string;
  readonly alone: readonly Rate[];
  readonly beside: readonly Rate[];
};

export type BesideOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  /** Pushes of each. */
  readonly count: number;
};

type Case = {
  readonly what: string;
  /** Users of one notification: the fewer, the more events for as many pushes. */
  readonly users: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves to what ends it. */
  begin(service: ServiceUnderTest): Promise<() => Promise<void>>;
  close(): Promise<void>;
};

const WATCHERS = 10;

/** What goes on beside the sending, and what it costs that. */
export async function measureBeside(options: BesideOptions): Promise<readonly BesideFigures[]> {
  const figures: BesideFigures[] = [];
  for (const each of [watchers(), await deadEndpoint()]) {
    figures.push(await measureCase(each, options));
    await each.close();
  }
  return figures;
}

export function besideTable(figures: readonly BesideFigures[]): string[] {
  const row = (name: string, rates: readonly Rate[], of: string) =>
    `| ${name} | ${shown(spreadOf(rates.map((rate) => rate.perSecond)))} | ${of} | ${shown(spreadOf(rates.map((rate) => rate.cpuMicrosEach)))} |`;
  const rows = figures.flatMap(({ what, alone, beside }) => {
    const ratios = beside.map(({ perSecond }, round) => perSecond / (alone[round]?.perSecond ?? Number.NaN));
    return [row('alone', alone, '1'), row(what, beside, shown(spreadOf(ratios), 2))];
  });
  return ['| Beside the sending | deliveries a second | × alone | CPU µs each |', '|---|---|---|---|', ...rows];
}

async function measureCase({ what, users, environment, begin }: Case, options: BesideOptions): Promise<BesideFigures> {
  const { sink, rounds, count } = options;
  const service = await startService({ sink, environment });
  const figures = { what, alone: [] as Rate[], beside: [] as Rate[] };
  try {
    const subscribers = makeSubscribers(sink.origin, Math.min(users, count));
    await service.register(subscribers);
    await send(service, sink, subscribers, count);
    for (let round = 0; round < rounds; round += 1) {
      const alone = async () => void figures.alone.push(await rateOf(service, sink, subscribers, count));
      const beside = async () => {
        const end = await begin(service);
        figures.beside.push(await rateOf(service, sink, subscribers, count));
        await end();
      };
      // Whoever comes second has a larger file: it is each one’s turn.
      for (const measure of round % 2 === 0 ? [alone, beside] : [beside, alone]) await measure();
    }
    return figures;
  } finally {
    await service.stop();
  }
}

function watchers(): Case {
  // Once: sign-ins are limited.
  let visitors: ReturnType<typeof signIn>[] = [];
  return {
    what: `${WATCHERS} watch the live overview`,
    users: 1000,
    environment: {},
    async begin(service) {
      const ending = new AbortController();
      if (visitors.length === 0) visitors = Array.from({ length: WATCHERS }, () => signIn(service.address));
      const watching = Promise.all((await Promise.all(visitors)).map((visitor) => visitor.watch(ending.signal)));
      return async () => {
        ending.abort();
        await watching;
      };
    },
    close: async () => {},
  };
}

/** It takes every connection, and never says anything: what it is sent waits, a thousand events for ten thousand pushes. */
async function deadEndpoint(): Promise<Case> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    what: 'a webhook endpoint that never answers',
    users: 10,
    environment: { WEBHOOK_ALLOWED_HOSTS: host },
    async begin({ call }) {
      const { status, body } = await call('POST', '/v1/webhook-endpoints', { body: { url: `http://${host}/` } });
      if (status !== 201) throw new Error(`an endpoint was answered ${status}`);
      return async () => void (await call('DELETE', `/v1/webhook-endpoints/${body.id}`));
    },
    close: async () => void server.close(),
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
