import { z } from '@hono/zod-openapi';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { SendingControl } from '../intake/sending.ts';
import { answerBody, answerWord } from './kit/answer-schema.ts';
import type { LogError } from './kit/problem.ts';
import { answer, defineRoute } from './kit/route.ts';
import type { Router } from './kit/router.ts';
import { createProbe, type Probe } from './probe.ts';

/** A write to each part. It rejects with what to do, or never answers, where its part cannot be used now. */
export type Readiness = { readonly store: () => Promise<void>; readonly queue: () => Promise<void> };

export type HealthOptions = {
  readonly version: string;
  readonly readiness: Readiness;
  readonly sending: Pick<SendingControl, 'current'>;
  readonly isStopping: () => boolean;
  readonly clock: Clock;
  readonly logError: LogError;
};

const PAUSED =
  'Sending is paused: what comes is accepted and kept. POST /v1/sending/resume (bellhop resume) says what becomes of it.';

const check = answerWord('CheckResult', ['ok', 'failing'], 'Whether this part can be used now.');
const problem = z.string().nullable().openapi({ description: 'What is wrong, and what to do. Null where nothing is.' });
const readiness = answerBody('Readiness', {
  status: answerWord('ReadinessStatus', ['ready', 'paused', 'degraded', 'not_ready'], 'All checks together.'),
  checks: answerBody('ReadinessChecks', { store: check, queue: check }),
  problems: answerBody('ReadinessProblems', { store: problem, queue: problem, sending: problem }),
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
        'A write to the store works. `degraded`: requests are accepted and kept, and sent once the queue takes writes again. ' +
        '`paused`: they are accepted and kept, and nothing is sent before a person resumes.',
      body: readiness,
    },
    503: { description: 'The store takes no writes, or the server is shutting down.', body: readiness },
  },
  errors: [],
});

/** For load balancers and containers. Served while shutting down, too. */
export function addHealthRoutes(router: Router, options: HealthOptions): void {
  router.add(liveRoute, async () => answer(200, { status: 'ok' as const, version: options.version }));
  const probes = probesOf(options);
  router.add(readyRoute, async () => {
    const [store, queue, sending] = await Promise.all([probes.store(), probes.queue(), probes.sending()]);
    const checks = { store: wordFor(store), queue: wordFor(queue) };
    const found = { checks, problems: { store, queue, sending } };
    if (store !== null || options.isStopping()) return answer(503, { status: 'not_ready' as const, ...found });
    const whileOn = sending === null ? ('ready' as const) : ('paused' as const);
    return answer(200, { status: queue === null ? whileOn : ('degraded' as const), ...found });
  });
}

type Probes = { readonly store: Probe; readonly queue: Probe; readonly sending: Probe };

function probesOf({ readiness, sending, clock, logError }: HealthOptions): Probes {
  const onDefect = (error: unknown): void =>
    logError(new AppError('internal_error', 'a readiness check failed', {}, error), 'readyz');
  return {
    store: createProbe({ check: readiness.store, part: 'The store', clock, onDefect }),
    sending: createProbe({ check: () => refuseWhilePaused(sending), part: 'The store', clock, onDefect }),
    queue: createProbe({ check: readiness.queue, part: 'The queue', clock, onDefect }),
  };
}

async function refuseWhilePaused(sending: Pick<SendingControl, 'current'>): Promise<void> {
  if ((await sending.current()).state === 'paused') throw new AppError('store_unavailable', PAUSED);
}

function wordFor(problem: string | null): 'ok' | 'failing' {
  return problem === null ? 'ok' : 'failing';
}
