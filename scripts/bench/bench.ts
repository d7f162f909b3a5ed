import { writeFileSync } from 'node:fs';
import { startMongod } from '../servers/mongod.ts';
import { findMongod } from '../servers/mongod-binary.ts';
import { findRedisServer, startRedisServer } from '../servers/redis-server.ts';
import { measureApi } from './api.ts';
import { measureBackup } from './backup.ts';
import { type BenchOptions, PARTS, type Part, readBenchOptions } from './bench-options.ts';
import { measureBeside } from './beside.ts';
import { measureConsole } from './console/console.ts';
import { type BenchServers, measureDeliveries } from './deliveries.ts';
import { measureIdle } from './idle.ts';
import { measurePriority } from './priority.ts';
import { measureReach } from './reach/reach.ts';
import { type Figures, machineOf, reportOf } from './report.ts';
import { runtimesToCompare, THIS_NODE } from './runtime.ts';
import { measureScale } from './scale.ts';
import { type Sink, startSink } from './sink.ts';
import { measureVariables } from './variables.ts';
import { measureWait } from './wait.ts';

type Means = {
  readonly sink: Sink;
  readonly servers: BenchServers | null;
  readonly isShort: boolean;
  readonly users: number;
  readonly stored: number;
};

const MEASURE: { readonly [P in Part]: (means: Means) => Promise<NonNullable<Figures[P]>> } = {
  deliveries: ({ sink, servers, isShort }) =>
    measureDeliveries({
      sink,
      servers,
      rounds: isShort ? 1 : 3,
      sizes: isShort
        ? { warmUp: 100, count: 200, first: 200, burst: 100, idleMs: 50 }
        : { warmUp: 2000, count: 10_000, first: 2000, burst: 1000, idleMs: 2000 },
      runtimes: isShort ? [THIS_NODE] : runtimesToCompare(say),
    }),
  api: ({ sink, isShort }) => measureApi({ sink, rounds: isShort ? 1 : 3, secondsEach: isShort ? 0.3 : 4 }),
  wait: ({ sink, isShort }) =>
    measureWait({ sink, rounds: isShort ? 1 : 3, secondsEach: isShort ? 0.5 : 5, subscribers: isShort ? 100 : 4000 }),
  priority: ({ sink, servers, isShort }) =>
    measurePriority({
      sink,
      rounds: isShort ? 1 : 3,
      // Enough that the slowest hundredth is not one pause of the machine, and a flood that outlasts them.
      seconds: isShort ? 0.4 : 10,
      flood: isShort ? 200 : 40_000,
      freshRedis: servers?.freshRedis ?? null,
    }),
  reach: ({ sink, servers, isShort, users }) =>
    measureReach({
      sink,
      servers,
      rounds: isShort ? 1 : 5,
      users,
      repeats: isShort ? 3 : 50,
      written: isShort ? 100 : 5000,
      pushes: isShort ? 200 : 10_000,
    }),
  console: ({ sink, servers, isShort, stored }) =>
    measureConsole({ sink, servers, deliveries: stored, repeats: isShort ? 3 : 60 }),
  beside: ({ sink, isShort }) => measureBeside({ sink, rounds: isShort ? 1 : 5, count: isShort ? 200 : 10_000 }),
  scale: ({ sink, isShort }) =>
    measureScale({
      sink,
      rounds: isShort ? 1 : 3,
      sizes: isShort ? [1000, 2000] : [10_000, 100_000, 1_000_000],
      // The queue takes 10 000 from the store at a time.
      windows: isShort ? { warmUp: 200, compared: 400, deep: 600 } : { warmUp: 2000, compared: 6500, deep: 20_000 },
    }),
  variables: ({ sink, isShort }) =>
    measureVariables({
      sink,
      rounds: isShort ? 1 : 3,
      recipients: isShort ? 100 : 1000,
      notifications: isShort ? 1 : 5,
    }),
  idle: ({ sink, isShort }) => measureIdle(sink, isShort ? 1 : 3, isShort ? 200 : 10_000),
  backup: ({ sink, isShort }) =>
    measureBackup({
      sink,
      storeOctets: isShort ? 4_000_000 : 400_000_000,
      acceptsPerSecond: isShort ? 50 : 1000,
      backups: isShort ? 1 : 20,
      secondsBefore: isShort ? 1 : 20,
    }),
};

const PARTS_WITH_SERVERS: readonly Part[] = ['deliveries', 'priority', 'reach', 'console'];

process.exitCode = await bench(readBenchOptions(process.argv.slice(2)));

/** Measures everything in one run, and prints the tables. */
async function bench({ isShort, jsonPath, parts, ...sizes }: BenchOptions): Promise<number> {
  if (process.platform !== 'linux') {
    process.stderr.write('The benchmark reads processor time and memory from /proc, so it needs Linux.\n');
    return 1;
  }
  const sink = await startSink();
  let servers = PARTS_WITH_SERVERS.some((part) => parts.has(part)) ? await startServers() : null;
  try {
    const figures: Figures = { machine: machineOf() };
    for (const part of PARTS) {
      if (!parts.has(part)) continue;
      if (!PARTS_WITH_SERVERS.includes(part)) {
        await servers?.stop();
        servers = null;
      }
      say(`${part} …`);
      Object.assign(figures, { [part]: await MEASURE[part]({ sink, servers, isShort, ...sizes }) });
    }
    process.stdout.write(reportOf(figures));
    if (jsonPath !== null) writeFileSync(jsonPath, `${JSON.stringify(figures, null, 2)}\n`);
    return 0;
  } finally {
    await Promise.all([sink.stop(), servers?.stop()]);
  }
}

/** Null, and said so, where MongoDB or Redis is not to be had. */
async function startServers(): Promise<(BenchServers & { stop(): Promise<void> }) | null> {
  const missing = [await findMongod(), findRedisServer()].flatMap((found) => ('reason' in found ? [found.reason] : []));
  if (missing.length > 0) {
    say(`Without bee-queue and MongoDB: ${missing.join(' ')}`);
    return null;
  }
  const [redis, mongod] = await Promise.all([startRedisServer(), startMongod()]);
  let databases = 0;
  return {
    mongodbUrl: () => `${mongod.url.replace(/\/?$/, '/')}bench-${databases++}`,
    mongodPid: mongod.pid,
    redisPid: redis.pid,
    freshRedis: async () => {
      await redis.restart();
      return redis.url;
    },
    stop: async () => void (await Promise.all([redis.stop(), mongod.stop()])),
  };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
