import { z } from '@hono/zod-openapi';
import { answer, defineRoute } from './kit/route.ts';
import type { Router } from './kit/router.ts';

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

const metricsRoute = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tag: 'Health',
  summary: 'Counts of this process since its start, and how everything stands, for Prometheus',
  description: 'The token in `METRICS_TOKEN`, where it is set, opens this as a Bearer token.',
  access: 'metrics',
  scope: 'read',
  isServedWhileStopping: true,
  answers: { 200: { description: 'Text exposition format.', body: z.string(), mediaType: PROMETHEUS_TEXT } },
  errors: [],
});

/** Every process serves metrics, whatever its roles: a process counts only what it does itself. */
export function addMetricsRoute(router: Router, options: { readonly metrics: () => Promise<string> }): void {
  router.add(metricsRoute, async () => answer(200, await options.metrics()));
}
