import { startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { makeSubscribers } from './subscribers.ts';
import { figuresOf, senderTo, type WaitFigures } from './wait.ts';

export type PriorityOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly seconds: number;
  /** Pushes of low priority that wait while those of high priority are sent. */
  readonly flood: number;
  /** Gives an empty Redis each time; null: the embedded queue alone. */
  readonly freshRedis: (() => Promise<string>) | null;
};

const HIGH_PER_SECOND = 25;
const FLOODED = 1000;

/** What notifications of high priority wait when they are alone, and while a flood of low ones is being sent. */
export async function measurePriority(options: PriorityOptions): Promise<readonly WaitFigures[]> {
  const figures = await underFlood(options, 'embedded', {});
  if (options.freshRedis === null) return figures;
  const redis = await underFlood(options, 'bee-queue', { REDIS_URL: await options.freshRedis() });
  return [...figures, ...redis];
}

async function underFlood(
  { sink, rounds, seconds, flood }: PriorityOptions,
  queue: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly WaitFigures[]> {
  const service = await startService({ sink, environment });
  const sender = senderTo(service, sink, makeSubscribers(sink.origin, Math.ceil(HIGH_PER_SECOND * seconds)));
  const crowd = makeSubscribers(sink.origin, Math.min(FLOODED, flood), 'crowd');
  const user_ids = crowd.map(({ userId }) => userId);
  const load = { perSecond: HIGH_PER_SECOND, seconds, priority: 'high' };
  const [alone, flooded]: [
    Awaited<ReturnType<typeof sender.steadily>>[],
    Awaited<ReturnType<typeof sender.steadily>>[],
  ] = [[], []];
  try {
    await service.register([...sender.subscribers, ...crowd]);
    await sender.asFastAsItGoes();
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await sender.steadily(load));
      await sink.forget();
      for (let sent = 0; sent < flood; sent += user_ids.length) {
        const body = { type: 'bench', title: 'Flood', user_ids, priority: 'low' };
        const { status } = await service.call('POST', '/v1/notifications', { body });
        if (status !== 202) throw new Error(`a notification was answered ${status}`);
      }
      // Some of the flood has arrived: from here on it is under way.
      await sink.arrived(crowd.length);
      flooded.push(await sender.steadily({ ...load, keep: true }));
      await sink.arrived(Math.ceil(flood / user_ids.length) * user_ids.length + sender.subscribers.length);
    }
  } finally {
    await sender.close();
    await service.stop();
  }
  return [figuresOf(`${queue}, high alone`, alone), figuresOf(`${queue}, high while low floods`, flooded)];
}
