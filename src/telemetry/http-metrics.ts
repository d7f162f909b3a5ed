import { Histogram, Registry } from 'prom-client';
import type { MetricText } from './metrics.ts';
import { configOf, counterFromZero, type MetricInfo } from './series.ts';

const STATUSES = ['2xx', '3xx', '4xx', '5xx'] as const;
/** Of what no route is known for: a path that is not there, a file of the console or the SDK. */
const OTHER = 'other';

/** Calls of the API. Routes are patterns, such as `/v1/notifications/:id`: a closed set. */
export const HTTP_METRICS = {
  requests: {
    name: 'bellhop_http_requests_total',
    kind: 'counter',
    help: 'Requests answered, by route and class of status.',
    labels: { route: 'route', status: STATUSES },
    expected: [],
  },
  duration: {
    name: 'bellhop_http_request_duration_seconds',
    kind: 'histogram',
    help: 'How long requests took until their answer began.',
    labels: { route: 'route' },
  },
} as const satisfies Record<string, MetricInfo>;

const BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5];

export type HttpMetrics = MetricText & {
  /** The routes that there are: each has its series from now on. */
  know(routes: readonly string[]): void;
  count(line: { readonly route: string | null; readonly status: number; readonly latency_ms: number }): void;
};

export function createHttpMetrics(): HttpMetrics {
  const registry = new Registry();
  const requests = counterFromZero(HTTP_METRICS.requests, registry);
  const duration = new Histogram({ ...configOf(HTTP_METRICS.duration, registry), buckets: BUCKETS_SECONDS });
  const known = new Set<string>();
  const know = (routes: readonly string[]): void => {
    for (const route of routes) {
      if (known.has(route)) continue;
      known.add(route);
      duration.zero({ route });
      for (const status of STATUSES) requests.inc({ route, status }, 0);
    }
  };
  know([OTHER]);
  return {
    know,
    count({ route: asked, status, latency_ms }) {
      const route = asked !== null && known.has(asked) ? asked : OTHER;
      requests.inc({ route, status: `${Math.floor(status / 100)}xx` });
      duration.observe({ route }, latency_ms / 1000);
    },
    text: () => registry.metrics(),
  };
}
