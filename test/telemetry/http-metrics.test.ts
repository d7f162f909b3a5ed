import { expect, it } from 'vitest';
import { createHttpMetrics } from '../../src/telemetry/http-metrics.ts';

const metricsOf = (routes: readonly string[]) => {
  const metrics = createHttpMetrics();
  metrics.know(routes);
  return metrics;
};
const linesOf = async (metrics: ReturnType<typeof createHttpMetrics>) => (await metrics.text()).split('\n');

it('has every route from the start', async () => {
  const lines = await linesOf(metricsOf(['/v1/users', '/v1/users/:user_id', '/v1/users']));
  const requests = lines.filter((line) => line.startsWith('bellhop_http_requests_total'));
  expect(requests).toHaveLength(3 * 4);
  expect(requests.every((line) => line.endsWith(' 0'))).toBe(true);
  expect(lines).toContain('bellhop_http_request_duration_seconds_count{route="/v1/users/:user_id"} 0');
});

it('counts by route and class of status, and measures in seconds', async () => {
  const metrics = metricsOf(['/v1/users']);
  metrics.count({ route: '/v1/users', status: 200, latency_ms: 30 });
  metrics.count({ route: '/v1/users', status: 204, latency_ms: 1 });
  metrics.count({ route: '/v1/users', status: 503, latency_ms: 1 });
  const lines = await linesOf(metrics);
  expect(lines).toContain('bellhop_http_requests_total{route="/v1/users",status="2xx"} 2');
  expect(lines).toContain('bellhop_http_requests_total{route="/v1/users",status="5xx"} 1');
  expect(lines).toContain('bellhop_http_request_duration_seconds_bucket{le="0.005",route="/v1/users"} 2');
  expect(lines).toContain('bellhop_http_request_duration_seconds_sum{route="/v1/users"} 0.032');
});

it('shows no path that a caller thought of, however many there are', async () => {
  const metrics = metricsOf(['/v1/users']);
  for (const route of [null, '/S3CRET', '/v1/users/S3CRET']) metrics.count({ route, status: 404, latency_ms: 1 });
  const lines = await linesOf(metrics);
  expect(lines.join()).not.toContain('S3CRET');
  expect(lines).toContain('bellhop_http_requests_total{route="other",status="4xx"} 3');
});
