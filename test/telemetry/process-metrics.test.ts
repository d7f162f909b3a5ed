import { expect, it } from 'vitest';
import { createProcessMetrics, PROCESS_METRICS } from '../../src/telemetry/process-metrics.ts';
import { NOW_MS } from '../support/samples.ts';

it('tells of the process', async () => {
  const metrics = createProcessMetrics('1.2.3', NOW_MS);
  const value = async (name: string) =>
    Number(
      (await metrics.text())
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  expect(await metrics.text()).toContain('bellhop_info{version="1.2.3"} 1');
  expect(await value('process_start_time_seconds')).toBe(NOW_MS / 1000);
  const before = await value('process_cpu_seconds_total');
  expect(before).toBeGreaterThan(0);
  expect(await value('process_cpu_seconds_total')).toBeGreaterThanOrEqual(before);
  expect(await value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(await value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
  expect(await value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
});

it('has each metric of its table', async () => {
  const text = await createProcessMetrics('1.2.3', NOW_MS).text();
  for (const { name, kind, help } of Object.values(PROCESS_METRICS)) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}`);
  }
});
