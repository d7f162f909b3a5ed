import { writeFileSync } from 'node:fs';
import { startMongod } from '../servers/mongod.ts';
import { findMongod } from '../servers/mongod-binary.ts';
import { findRedisServer, startRedisServer } from '../servers/redis-server.ts';
import { measureApi } from './api.ts';
import { type BenchOptions, readBenchOptions } from './bench-options.ts';
import { type BenchServers, measureDeliveries } from './deliveries.ts';
import { measureIdle } from './idle.ts';
import { type Figures, machineOf, reportOf } from './report.ts';
import { startSink } from './sink.ts';

process.exitCode = await bench(readBenchOptions(process.argv.slice(2)));

/** Measures everything in one run, interleaved, and prints the tables. */
async function bench({ isShort, jsonPath }: BenchOptions): Promise<number> {
  if (process.platform !== 'linux') {
    process.stderr.write('The benchmark reads processor time and memory from /proc, so it needs Linux.\n');
    return 1;
  }
  const rounds = isShort ? 1 : 5;
  const sink = await startSink();
  const servers = await startServers();
  try {
    say('Deliveries …');
    const deliveries = await measureDeliveries({ sink, rounds, count: isShort ? 200 : 10_000, servers });
    say('API …');
    const api = await measureApi({ sink, rounds: isShort ? 1 : 3, secondsEach: isShort ? 0.3 : 4 });
    say('Idle …');
    const idle = await measureIdle(sink, isShort ? 1 : 3);
    const figures: Figures = { machine: machineOf(), deliveries, api, idle };
    process.stdout.write(reportOf(figures));
    if (jsonPath !== null) writeFileSync(jsonPath, `${JSON.stringify(jsonOf(figures), null, 2)}\n`);
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
    freshRedis: async () => {
      await redis.restart();
      return redis.url;
    },
    stop: async () => void (await Promise.all([redis.stop(), mongod.stop()])),
  };
}

function jsonOf({ deliveries, ...rest }: Figures): object {
  return { ...rest, deliveries: Object.fromEntries(deliveries) };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
