import { closeSync, cpSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { cpuMicrosOf, peakRssMibOf } from './process-usage.ts';
import type { SeedQuestion } from './seed-process.ts';
import { makeFolder, type ServiceUnderTest, startService } from './service-under-test.ts';
import type { Sink } from './sink.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { makeSubscribers } from './subscribers.ts';

/** Pushes in the order they are sent: those that warm up, those every size is compared by, those far into the backlog. */
type ScaleWindows = { readonly warmUp: number; readonly compared: number; readonly deep: number };

/** With so many deliveries waiting in the embedded file. */
type ScaleRow = {
  readonly waiting: number;
  readonly fileMib: Spread;
  readonly readyAfterMs: Spread;
  readonly perSecond: Spread;
  /** Of the rate that the smallest backlog had in the same round. */
  readonly ofSmallest: Spread;
  readonly cpuMicrosEach: Spread;
  /** Null where the backlog ends before. */
  readonly deepPerSecond: Spread | null;
  /** Before `kill -9` and after it. */
  readonly peakRssMib: Spread;
  /** After `kill -9` in the midst of sending, behind all that was measured. */
  readonly readyAgainAfterMs: Spread;
  /** From that start to the first push that was not yet under way when the process was killed. */
  readonly sendingAgainAfterMs: Spread;
};

export type ScaleFigures = {
  readonly rounds: number;
  readonly windows: ScaleWindows;
  readonly rows: readonly ScaleRow[];
};

export type ScaleOptions = {
  readonly sink: Sink;
  readonly rounds: number;
  /** The smallest first. */
  readonly sizes: readonly number[];
  readonly windows: ScaleWindows;
};

type Run = { readonly [Name in Exclude<keyof ScaleRow, 'waiting' | 'ofSmallest' | 'deepPerSecond'>]: number } & {
  readonly deepPerSecond: number | null;
};

const SUBSCRIBERS = 1000;
const DATA_FILE = join('data', 'bellhop.db');
/** What may have been under way when the process was killed, and is sent again: the default of WORKER_CONCURRENCY. */
const UNDER_WAY = 125;

/** Whether a backlog costs more than its place on the disk. Each run has a copy of a file that was filled once. */
export async function measureScale(options: ScaleOptions): Promise<ScaleFigures> {
  const { sink, rounds, sizes, windows } = options;
  const seeded = new Map<number, string>();
  const runs = new Map<number, Run[]>(sizes.map((size) => [size, []]));
  try {
    for (const size of sizes) seeded.set(size, await seed(sink, size));
    for (let round = 0; round < rounds; round += 1) {
      for (const [size, folder] of seeded) runs.get(size)?.push(await measureCopy(options, folder, size));
    }
  } finally {
    for (const folder of seeded.values()) remove(folder);
  }
  const smallest = [...runs.values()][0] ?? [];
  return { rounds, windows, rows: [...runs].map(([waiting, all]) => rowOf(waiting, all, smallest)) };
}

function rowOf(waiting: number, all: readonly Run[], smallest: readonly Run[]): ScaleRow {
  const of = (name: Exclude<keyof Run, 'deepPerSecond'>): Spread => spreadOf(all.map((run) => run[name]));
  const deep = all.map(({ deepPerSecond }) => deepPerSecond).filter((rate) => rate !== null);
  return {
    waiting,
    fileMib: of('fileMib'),
    readyAfterMs: of('readyAfterMs'),
    perSecond: of('perSecond'),
    ofSmallest: spreadOf(all.map(({ perSecond }, round) => perSecond / (smallest[round]?.perSecond ?? Number.NaN))),
    cpuMicrosEach: of('cpuMicrosEach'),
    deepPerSecond: deep.length === 0 ? null : spreadOf(deep),
    peakRssMib: of('peakRssMib'),
    readyAgainAfterMs: of('readyAgainAfterMs'),
    sendingAgainAfterMs: of('sendingAgainAfterMs'),
  };
}

async function measureCopy({ sink, windows }: ScaleOptions, seeded: string, size: number): Promise<Run> {
  const folder = makeFolder();
  try {
    cpSync(seeded, folder, { recursive: true });
    // Else the disk would still be writing the copy while the service waits for its confirmation.
    flush(join(folder, DATA_FILE));
    const fileMib = statSync(join(folder, DATA_FILE)).size / 1024 / 1024;
    await sink.forget();
    const service = await startService({ sink, folder });
    const rates = await measureRates(sink, service, windows, size);
    const peakBefore = peakRssMibOf(service.pid);
    await service.stop('SIGKILL', { keep: true });
    await sink.left();
    await sink.forget();
    const again = await startService({ sink, folder });
    const sendingAgainAtMs = await sink.arrived(UNDER_WAY + 1);
    const peakRssMib = Math.max(peakBefore, peakRssMibOf(again.pid));
    await again.stop('SIGKILL', { keep: true });
    await sink.left();
    return {
      ...rates,
      fileMib,
      readyAfterMs: service.readyAfterMs,
      peakRssMib,
      readyAgainAfterMs: again.readyAfterMs,
      sendingAgainAfterMs: sendingAgainAtMs - again.startedAtMs,
    };
  } finally {
    remove(folder);
  }
}

async function measureRates(
  sink: Sink,
  { pid }: ServiceUnderTest,
  { warmUp, compared, deep }: ScaleWindows,
  size: number,
): Promise<Pick<Run, 'perSecond' | 'cpuMicrosEach' | 'deepPerSecond'>> {
  const warmAtMs = await sink.arrived(warmUp);
  const cpuBefore = cpuMicrosOf(pid);
  const comparedAtMs = await sink.arrived(warmUp + compared);
  const cpuMicrosEach = (cpuMicrosOf(pid) - cpuBefore) / compared;
  const perSecond = (1000 * compared) / (comparedAtMs - warmAtMs);
  const all = warmUp + compared + deep;
  if (all > size) return { perSecond, cpuMicrosEach, deepPerSecond: null };
  const deepAtMs = await sink.arrived(all);
  return { perSecond, cpuMicrosEach, deepPerSecond: (1000 * deep) / (deepAtMs - comparedAtMs) };
}

/** The service makes its keys and registers the browsers; then, with the file to itself, deliveries are made to wait. */
async function seed(sink: Sink, count: number): Promise<string> {
  const folder = makeFolder();
  const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, count));
  const service = await startService({ sink, folder });
  await service.register(subscribers);
  await service.stop('SIGTERM', { keep: true });
  const child = await startChild('seed-process.ts');
  const userIds = subscribers.map(({ userId }) => userId);
  await child.ask({ path: join(folder, DATA_FILE), userIds, count } satisfies SeedQuestion);
  await child.stop();
  return folder;
}

function flush(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
