import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import type { BenchServers } from '../deliveries.ts';
import type { Place } from '../reach/place.ts';
import { makeFolder, type ServiceUnderTest, startService } from '../service-under-test.ts';
import type { Sink } from '../sink.ts';
import { grouped, percentile } from '../statistics.ts';
import { makeSubscribers } from '../subscribers.ts';
import { pagesFor } from './pages.ts';
import type { EndedSeed, SeededIds } from './seed-process.ts';
import { signIn, type Visitor } from './visitor.ts';

type PageTimes = { readonly page: string; readonly p50Ms: number; readonly p95Ms: number };

/** Every page of the console of one store with so many deliveries. */
export type ConsoleFigures = {
  readonly store: string;
  readonly deliveries: number;
  readonly pages: readonly PageTimes[];
};

export type ConsoleOptions = {
  readonly sink: Sink;
  readonly servers: BenchServers | null;
  readonly deliveries: number;
  /** How often each page is opened. */
  readonly repeats: number;
};

const SUBSCRIBERS = 1000;
const WARM_UP = 3;

/** How long each page takes where very much is stored, on both stores. Nothing is sent meanwhile. */
export async function measureConsole(options: ConsoleOptions): Promise<readonly ConsoleFigures[]> {
  const embedded = await measureStore('embedded', {}, options);
  if (options.servers === null) return [embedded];
  const environment = { MONGODB_URL: options.servers.mongodbUrl(), REDIS_URL: await options.servers.freshRedis() };
  return [embedded, await measureStore('MongoDB', environment, options)];
}

export function consoleTable(figures: readonly ConsoleFigures[]): string[] {
  const header = figures.flatMap(({ store, deliveries }) => [`${store}, ${grouped(deliveries)}: p50 ms`, 'p95 ms']);
  const rows = figures[0]?.pages.map(({ page }, at) => {
    const cells = figures.flatMap(({ pages }) => [pages[at]?.p50Ms.toFixed(1), pages[at]?.p95Ms.toFixed(1)]);
    return `| ${page} | ${cells.join(' | ')} |`;
  });
  return [`| Console | ${header.join(' | ')} |`, `|---|${header.map(() => '---|').join('')}`, ...(rows ?? [])];
}

async function measureStore(
  store: string,
  environment: Readonly<Record<string, string>>,
  { sink, deliveries, repeats }: ConsoleOptions,
): Promise<ConsoleFigures> {
  const folder = makeFolder();
  try {
    const ids = await seeded(sink, folder, environment, deliveries);
    const service = await startService({ sink, folder, environment });
    const pages = await timesOf(service, pagesFor(ids), repeats);
    await service.stop('SIGTERM', { keep: true });
    return { store, deliveries, pages };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The service makes its keys and registers the browsers; then the store is filled without it. */
async function seeded(
  sink: Sink,
  folder: string,
  environment: Readonly<Record<string, string>>,
  count: number,
): Promise<SeededIds> {
  const subscribers = makeSubscribers(sink.origin, Math.min(SUBSCRIBERS, count));
  const service = await startService({ sink, folder, environment });
  await service.register(subscribers);
  await service.stop('SIGTERM', { keep: true });
  const { MONGODB_URL: mongodbUrl } = environment;
  const place: Place = mongodbUrl === undefined ? { path: join(folder, 'data', 'bellhop.db') } : { mongodbUrl };
  const child = await startChild('console/seed-process.ts');
  const userIds = subscribers.map(({ userId }) => userId);
  const ids = await child.ask<SeededIds>({ place, userIds, count } satisfies EndedSeed);
  await child.stop();
  return ids;
}

/** Each page in turn, so that a noisy second is everybody’s. */
async function timesOf(
  { address }: ServiceUnderTest,
  pages: readonly (readonly [name: string, page: string])[],
  repeats: number,
): Promise<readonly PageTimes[]> {
  const visitor: Visitor = await signIn(address);
  const times = new Map<string, number[]>(pages.map(([name]) => [name, []]));
  for (let round = -WARM_UP; round < repeats; round += 1) {
    for (const [name, page] of pages) {
      const tookMs = await visitor.open(page);
      if (round >= 0) times.get(name)?.push(tookMs);
    }
  }
  return [...times].map(([page, all]) => ({ page, p50Ms: percentile(all, 0.5), p95Ms: percentile(all, 0.95) }));
}
