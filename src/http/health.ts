import { z } from '@hono/zod-openapi';
import type { Clock } from '../clock.ts';
import { answerBody, answerWord } from './kit/answer-schema.ts';
import { answer, defineRoute } from './kit/route.ts';
import type { Router } from './kit/router.ts';

/** One check for each part. A check rejects, or never answers, where its part cannot be used now. */
export type Readiness = { readonly store: () => Promise<void>; readonly queue: () => Promise<void> };

export type HealthOptions = {
  readonly version: string;
  readonly readiness: Readiness;
  readonly isStopping: () => boolean;
  readonly clock: Clock;
};

/** Shorter than the usual timeout of a probe: a probe that times out learns nothing. */
export const READINESS_LIMIT_MS = 2000;

const check = answerWord('CheckResult', ['ok', 'failing'], 'Whether this part can be used now.');
const readiness = answerBody('Readiness', {
  status: answerWord('ReadinessStatus', ['ready', 'degraded', 'not_ready'], 'All checks together.'),
  checks: answerBody('ReadinessChecks', { store: check, queue: check }),
});

const liveRoute = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tag: 'Health',
  summary: 'Whether the process is alive',
  access: 'open',
  isServedWhileStopping: true,
  answers: {
    200: {
      description: 'Alive.',
      body: answerBody('Health', { status: answerWord('HealthStatus', ['ok'], 'Alive.'), version: z.string() }),
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
  isServedWhileStopping: true,
  answers: {
    200: {
      description:
        'Requests can be served. `degraded`: they are accepted and kept, and are sent once the queue is back.',
      body: readiness,
    },
    503: { description: 'The store fails, or the server is shutting down.', body: readiness },
  },
  errors: [],
});

/** For load balancers and containers. Served while shutting down, too. */
export function addHealthRoutes(router: Router, options: HealthOptions): void {
  router.add(liveRoute, async () => answer(200, { status: 'ok' as const, version: options.version }));
  router.add(readyRoute, async () => {
    const { readiness, clock } = options;
    const [store, queue] = await Promise.all([passes(readiness.store, clock), passes(readiness.queue, clock)]);
    const checks = { store: wordFor(store), queue: wordFor(queue) };
    if (!store || options.isStopping()) return answer(503, { status: 'not_ready' as const, checks });
    return answer(200, { status: queue ? ('ready' as const) : ('degraded' as const), checks });
  });
}

/** False where the check fails, or has not passed in time. */
function passes(check: () => Promise<void>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.wakeAt(clock.now() + READINESS_LIMIT_MS, () => resolve(false));
    check().then(
      () => {
        cancel();
        resolve(true);
      },
      () => {
        cancel();
        resolve(false);
      },
    );
  });
}

function wordFor(isOk: boolean): 'ok' | 'failing' {
  return isOk ? 'ok' : 'failing';
}
