import { setTimeout as wait } from 'node:timers/promises';
import { send } from './deliveries.ts';
import { peakRssMibOf, rssMibOf } from './process-usage.ts';
import { startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { makeSubscribers } from './subscribers.ts';

export type IdleFigures = { readonly readyAfterMs: Spread; readonly idleRssMib: Spread; readonly loadedRssMib: Spread };

const SETTLED_AFTER_MS = 2000;
const SUBSCRIBERS = 500;

/**
 * From the start of the process until it is ready, on an empty folder; what it holds in memory when nothing happens, and
 * the most it held while it sent.
 */
export async function measureIdle(sink: Sink, rounds: number, pushes: number): Promise<IdleFigures> {
  const [readyAfterMs, idleRssMib, loadedRssMib]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    const service = await startService({ sink });
    readyAfterMs.push(service.readyAfterMs);
    await wait(SETTLED_AFTER_MS);
    idleRssMib.push(rssMibOf(service.pid));
    const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, pushes));
    await service.register(subscribers);
    await send(service, sink, subscribers, pushes);
    loadedRssMib.push(peakRssMibOf(service.pid));
    await service.stop();
  }
  return {
    readyAfterMs: spreadOf(readyAfterMs),
    idleRssMib: spreadOf(idleRssMib),
    loadedRssMib: spreadOf(loadedRssMib),
  };
}
