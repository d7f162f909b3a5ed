import type { Clock } from '../clock.ts';
import type { LaneView } from '../domain/push-service/lane-view.ts';
import { readStanding } from '../intake/standing.ts';
import type { Store } from '../store/store.ts';
import { createHttpMetrics, type HttpMetrics } from '../telemetry/http-metrics.ts';
import type { MetricText } from '../telemetry/metrics.ts';
import { createProcessMetrics } from '../telemetry/process-metrics.ts';
import { createStandingMetrics } from '../telemetry/standing-metrics.ts';

export type MetricParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly version: string;
  /** Of this process; none where it does not send. */
  readonly lanes: () => readonly LaneView[];
};

/** All metrics in one answer: those that count events from the first on, and those of store, lanes, HTTP and process. */
export function buildMetrics(
  counts: MetricText,
  parts: MetricParts,
): { readonly metrics: () => Promise<string>; readonly httpMetrics: HttpMetrics } {
  const httpMetrics = createHttpMetrics();
  const standing = createStandingMetrics({ read: () => readStanding(parts), lanes: parts.lanes });
  const all = [counts, standing, httpMetrics, createProcessMetrics(parts.version, parts.clock.now())];
  return { metrics: async () => (await Promise.all(all.map((one) => one.text()))).join('\n'), httpMetrics };
}
