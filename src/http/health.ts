import { z } from '@hono/zod-openapi';
import type { Clock } from '../clock.ts';
import { answer, defineRoute } from './route.ts';
import type { Router } from './router.ts';

export type Readiness = { readonly store: boolean; readonly queue: boolean };

export type HealthOptions = {
  readonly version: string;
  readonly readiness: () => Promise<Readiness>;
  readonly isStopping: () => boolean;
  readonly clock: Clock;
};

/** Shorter than the usual probe's patience: a probe that runs into its own timeout learns nothing. */
export const READINESS_LIMIT_MS = 2000;

const check = z.enum(['ok', 'failing']);
const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  checks: z.strictObject({ store: check, queue: check }),
});

const liveRoute = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tag: 'Health',
  summary: 'Whether the process is alive',
  access: 'open',
  answers: {
    200: {
      description: 'Alive.',
      body: z.strictObject({ status: z.literal('ok'), version: z.string() }),
    },
  },
  errors: [],
});

const readyRoute = defineRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tag: 'Health',
  summary: 'Whether requests can be served',
  access: 'open',
  answers: {
    200: { description: 'Store and queue work.', body: readiness },
    503: { description: 'Something fails, or the server is shutting down.', body: readiness },
  },
  errors: [],
});

/** For load balancers and containers. Served while shutting down, too. */
export function addHealthRoutes(router: Router, options: HealthOptions): void {
  router.add(liveRoute, async () => answer(200, { status: 'ok' as const, version: options.version }));
  router.add(readyRoute, async () => {
    const { store, queue } = await boundedReadiness(options);
    const checks = { store: wordFor(store), queue: wordFor(queue) };
    if (store && queue && !options.isStopping()) return answer(200, { status: 'ready' as const, checks });
    return answer(503, { status: 'not_ready' as const, checks });
  });
}

function boundedReadiness({ readiness, clock }: HealthOptions): Promise<Readiness> {
  const failing = { store: false, queue: false };
  return new Promise((resolve) => {
    const cancel = clock.wakeAt(clock.now() + READINESS_LIMIT_MS, () => resolve(failing));
    readiness()
      .catch(() => failing)
      .then((found) => {
        cancel();
        resolve(found);
      });
  });
}

function wordFor(isOk: boolean): 'ok' | 'failing' {
  return isOk ? 'ok' : 'failing';
}
