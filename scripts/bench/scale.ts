import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { cpuMicrosOf, peakRssMibOf } from './process-usage.ts';
import type { SeedQuestion } from './seed-process.ts';
import { makeFolder, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { makeSubscribers } from './subscribers.ts';

/** With so many deliveries waiting in the embedded file. */
export type ScaleFigures = {
  readonly waiting: number;
  readonly fileMib: Spread;
  readonly readyAfterMs: Spread;
  readonly perSecond: Spread;
  readonly cpuMicrosEach: Spread;
  readonly peakRssMib: Spread;
  /** After `kill -9` in the midst of sending. */
  readonly readyAgainAfterMs: Spread;
};

export type ScaleOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  readonly sizes: readonly number[];
  /** Measured after as many again that warm it up. */
  readonly pushes: number;
};

type Round = { readonly [Name in Exclude<keyof ScaleFigures, 'waiting'>]: number };

const SUBSCRIBERS = 1000;
const DATA_FILE = join('data', 'bellhop.db');

/** Whether a backlog costs more than its place on the disk. */
export async function measureScale(options: ScaleOptions): Promise<readonly ScaleFigures[]> {
  const rounds = new Map<number, Round[]>();
  for (let round = 0; round < options.rounds; round += 1) {
    for (const size of options.sizes) rounds.set(size, [...(rounds.get(size) ?? []), await measureOne(options, size)]);
  }
  return [...rounds].map(([waiting, all]) => {
    const of = (name: keyof Round): Spread => spreadOf(all.map((one) => one[name]));
    return {
      waiting,
      fileMib: of('fileMib'),
      readyAfterMs: of('readyAfterMs'),
      perSecond: of('perSecond'),
      cpuMicrosEach: of('cpuMicrosEach'),
      peakRssMib: of('peakRssMib'),
      readyAgainAfterMs: of('readyAgainAfterMs'),
    };
  });
}

async function measureOne({ sink, pushes }: ScaleOptions, size: number): Promise<Round> {
  const folder = makeFolder();
  try {
    await seed(sink, folder, size);
    const fileMib = statSync(join(folder, DATA_FILE)).size / 1024 / 1024;
    await sink.forget();
    const service = await startService({ sink, folder });
    await sink.arrived(pushes);
    const [cpuBefore, startedAtMs] = [cpuMicrosOf(service.pid), performance.now()];
    await sink.arrived(2 * pushes);
    const cpuMicrosEach = (cpuMicrosOf(service.pid) - cpuBefore) / pushes;
    const perSecond = pushes / ((performance.now() - startedAtMs) / 1000);
    const peakRssMib = peakRssMibOf(service.pid);
    await service.stop('SIGKILL', { keep: true });
    const again = await startService({ sink, folder });
    await again.stop('SIGKILL', { keep: true });
    const { readyAfterMs } = service;
    return { fileMib, readyAfterMs, perSecond, cpuMicrosEach, peakRssMib, readyAgainAfterMs: again.readyAfterMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The service makes its keys and registers the browsers; then, with the file to itself, deliveries are made to wait. */
async function seed(sink: Sink, folder: string, count: number): Promise<void> {
  const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, count));
  const service = await startService({ sink, folder });
  await service.register(subscribers);
  await service.stop('SIGTERM', { keep: true });
  const child = await startChild('seed-process.ts');
  const userIds = subscribers.map(({ userId }) => userId);
  await child.ask({ path: join(folder, DATA_FILE), userIds, count } satisfies SeedQuestion);
  await child.stop();
}
