import { cpuMicrosOf } from '../process-usage.ts';
import { type ServiceUnderTest, startService } from '../service-under-test.ts';
import type { Sink } from '../sink.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { makeSubscribers } from '../subscribers.ts';
import { personId } from './people.ts';
import type { Place } from './place.ts';
import type { PeopleSeed } from './seed-process.ts';

/** A push to the same users, named by the caller and as everyone. `ratio`: of what it cost in the same round. */
export type EveryoneCost = {
  readonly namedCpuMicros: Spread;
  readonly everyoneCpuMicros: Spread;
  readonly cpuRatio: Spread;
  readonly rateRatio: Spread;
};

export type EveryoneOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly pushes: number;
  readonly vapidPublicKey: string;
  readonly empty: {
    readonly place: Place;
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
  };
  readonly seed: (seed: PeopleSeed) => Promise<void>;
};

type Cost = { readonly cpuMicros: number; readonly perSecond: number };

/** A notification to all who are there, once by their names and once as everyone, in turns. */
export async function measureEveryone(options: EveryoneOptions): Promise<EveryoneCost> {
  const { sink, rounds, pushes, empty, seed, vapidPublicKey } = options;
  const browsers = makeSubscribers(sink.origin, pushes).map(({ subscription }) => subscription);
  await seed({ place: empty.place, users: pushes, hasPeople: true, vapidPublicKey, browsers });
  const service = await startService({ sink, ...empty });
  const named: Cost[] = [];
  const everyone: Cost[] = [];
  const byName = { user_ids: Array.from({ length: pushes }, (_, index) => personId(index)) };
  const byAudience = { audience: { everyone: true } };
  try {
    for (const audience of [byName, byAudience]) await send(service, sink, audience, pushes);
    for (let round = 0; round < rounds; round += 1) {
      // Whoever is second finds the process warmer.
      const turns = round % 2 === 0 ? ([true, false] as const) : ([false, true] as const);
      for (const isNamed of turns) {
        const cost = await send(service, sink, isNamed ? byName : byAudience, pushes);
        (isNamed ? named : everyone).push(cost);
      }
    }
  } finally {
    await service.stop();
  }
  const ratioOf = (field: keyof Cost): Spread =>
    spreadOf(everyone.map((cost, round) => cost[field] / (named[round]?.[field] ?? Number.NaN)));
  return {
    namedCpuMicros: spreadOf(named.map(({ cpuMicros }) => cpuMicros)),
    everyoneCpuMicros: spreadOf(everyone.map(({ cpuMicros }) => cpuMicros)),
    cpuRatio: ratioOf('cpuMicros'),
    rateRatio: ratioOf('perSecond'),
  };
}

async function send(
  { pid, call }: ServiceUnderTest,
  sink: Sink,
  audience: Readonly<Record<string, unknown>>,
  pushes: number,
): Promise<Cost> {
  await sink.forget();
  const arrived = sink.arrived(pushes);
  const [cpuBefore, startedAtMs] = [cpuMicrosOf(pid), performance.now()];
  const { status, body } = await call('POST', '/v1/notifications', {
    body: { type: 'bench', title: 'Hello', ...audience },
  });
  if (status !== 202) throw new Error(`a notification was answered ${status}`);
  await arrived;
  const seconds = (performance.now() - startedAtMs) / 1000;
  await untilCompleted(call, String(body.id));
  return { cpuMicros: (cpuMicrosOf(pid) - cpuBefore) / pushes, perSecond: pushes / seconds };
}

/** What the last pushes cost belongs to it. */
async function untilCompleted(call: ServiceUnderTest['call'], id: string): Promise<void> {
  for (;;) {
    const { body } = await call('GET', `/v1/notifications/${id}`);
    if (body.status === 'completed') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
