import { setTimeout as wait } from 'node:timers/promises';
import { rssMibOf } from './process-usage.ts';
import { startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { type Spread, spreadOf } from './statistics.ts';

export type IdleFigures = { readonly readyAfterMs: Spread; readonly idleRssMib: Spread };

const SETTLED_AFTER_MS = 2000;

/** From the start of the process until it is ready, on an empty folder; and what it holds in memory when nothing happens. */
export async function measureIdle(sink: Sink, rounds: number): Promise<IdleFigures> {
  const [readyAfterMs, idleRssMib]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const service = await startService({ sink });
    readyAfterMs.push(service.readyAfterMs);
    await wait(SETTLED_AFTER_MS);
    idleRssMib.push(rssMibOf(service.pid));
    await service.stop();
  }
  return { readyAfterMs: spreadOf(readyAfterMs), idleRssMib: spreadOf(idleRssMib) };
}
