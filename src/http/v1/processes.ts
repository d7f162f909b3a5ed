import { z } from '@hono/zod-openapi';
import { PROCESS_ROLES, type ProcessView } from '../../domain/process/process-view.ts';
import type { Processes } from '../../intake/processes.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf } from '../kit/wire-fields.ts';

export const processSchema = answerBody('Process', {
  id: z.string().openapi({ description: 'A new one with each start.' }),
  host: z.string().openapi({ description: 'The machine or container, as it calls itself.' }),
  pid: z.int(),
  version: z.string(),
  roles: z.array(answerWord('ProcessRole', PROCESS_ROLES, 'To take requests, or to send.')),
  started_at: instant,
});

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/processes',
  operationId: 'listProcesses',
  tag: 'Overview',
  summary: 'List the processes of this installation that are there',
  description:
    'The one that answers comes first. One that was killed is gone from the list within ten seconds. Without Redis there is one alone.',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'All of them.', body: answerBody('ProcessList', { items: z.array(processSchema) }) } },
  errors: [],
});

/** The processes that share the work. */
export function addProcessRoutes(router: Router, processes: Pick<Processes, 'list'>): void {
  router.add(listRoute, async () => answer(200, { items: (await processes.list()).map(processWire) }));
}

function processWire({ id, host, pid, version, roles, startedAtMs }: ProcessView): z.output<typeof processSchema> {
  return { id, host, pid, version, roles: [...roles], started_at: isoOf(startedAtMs) };
}
