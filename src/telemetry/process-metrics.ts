import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { Registry } from 'prom-client';
import type { MetricText } from './metrics.ts';
import { counterFromZero, gaugeFromZero, type MetricInfo } from './series.ts';

/** The process itself, by the names that dashboards know from other programs. */
export const PROCESS_METRICS = {
  info: {
    name: 'bellhop_info',
    kind: 'gauge',
    help: 'Always 1: which version runs.',
    labels: { version: [] },
  },
  startTime: {
    name: 'process_start_time_seconds',
    kind: 'gauge',
    help: 'When the process began, since 1970.',
    labels: {},
  },
  cpu: { name: 'process_cpu_seconds_total', kind: 'counter', help: 'CPU time that the process took.', labels: {} },
  memory: {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    help: 'Memory that the process holds.',
    labels: {},
  },
  heap: {
    name: 'nodejs_heap_size_used_bytes',
    kind: 'gauge',
    help: 'Memory that objects of JavaScript take.',
    labels: {},
  },
  loopDelay: {
    name: 'nodejs_eventloop_lag_p99_seconds',
    kind: 'gauge',
    help: 'How late the event loop was, of 100 times all but one: since the metrics were last asked for.',
    labels: {},
  },
} as const satisfies Record<string, MetricInfo>;

const LOOP_RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/** Read whenever it is asked. The delay of the event loop is watched from then on. */
export function createProcessMetrics(version: string, startedAtMs: number): MetricText {
  const registry = new Registry();
  gaugeFromZero(PROCESS_METRICS.info, registry).set({ version }, 1);
  gaugeFromZero(PROCESS_METRICS.startTime, registry).set(startedAtMs / 1000);
  const cpu = counterFromZero(PROCESS_METRICS.cpu, registry);
  const memory = gaugeFromZero(PROCESS_METRICS.memory, registry);
  const heap = gaugeFromZero(PROCESS_METRICS.heap, registry);
  const loopDelay = gaugeFromZero(PROCESS_METRICS.loopDelay, registry);
  let delays: IntervalHistogram | null = null;
  let counted = 0;
  return {
    text() {
      const { user, system } = process.cpuUsage();
      const seconds = (user + system) / 1e6;
      cpu.inc(Math.max(0, seconds - counted));
      counted = seconds;
      const { rss, heapUsed } = process.memoryUsage();
      memory.set(rss);
      heap.set(heapUsed);
      // Nobody pays for it who never asks.
      delays ??= watchLoop();
      loopDelay.set(Math.max(0, (delays?.percentile(99) ?? 0) / NANOSECONDS - LOOP_RESOLUTION_MS / 1000));
      delays?.reset();
      return registry.metrics();
    },
  };
}

/** Null on a runtime that has none. */
function watchLoop(): IntervalHistogram | null {
  try {
    const delays = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    delays.enable();
    return delays;
  } catch {
    return null;
  }
}
