import { z } from '@hono/zod-openapi';
import { PAUSE_CAUSES, type Sending, WAITING_CHOICES } from '../../domain/sending/sending.ts';
import type { SendingControl } from '../../intake/sending.ts';
import { answerBody, answerWord, answerWordOrNull } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf } from '../kit/wire-fields.ts';

const SENDING_PATH = '/v1/sending';

const sendingSchema = answerBody('Sending', {
  state: answerWord(
    'SendingState',
    ['on', 'paused'],
    'Whether anything is sent. Either way, what is sent in is accepted and kept.',
  ),
  cause: answerWordOrNull(PAUSE_CAUSES, 'Why it is paused: a backup was started, or a person asked for it.'),
  paused_since: instant.nullable(),
});

const readRoute = defineRoute({
  method: 'get',
  path: SENDING_PATH,
  operationId: 'getSending',
  tag: 'Sending',
  summary: 'Whether anything is sent',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'As it is now.', body: sendingSchema } },
  errors: [],
});

const pauseRoute = defineRoute({
  method: 'post',
  path: `${SENDING_PATH}/pause`,
  operationId: 'pauseSending',
  tag: 'Sending',
  summary: 'Send nothing more, until somebody resumes',
  description:
    'Notifications are accepted and kept. It holds through restarts; other processes follow within two seconds.',
  access: 'key',
  scope: 'manage',
  answers: { 200: { description: 'Paused.', body: sendingSchema } },
  errors: [],
});

const resumeRoute = defineRoute({
  method: 'post',
  path: `${SENDING_PATH}/resume`,
  operationId: 'resumeSending',
  tag: 'Sending',
  summary: 'Send again, and say what becomes of what waited',
  access: 'key',
  scope: 'manage',
  body: {
    required: true,
    example: { waiting: 'send' },
    schema: z
      .strictObject({
        waiting: z.enum(WAITING_CHOICES).openapi({
          description:
            'What becomes of what was accepted before the pause. `send`: it is sent, unless its deadline has passed. ' +
            '`drop`: it ends as `cancelled`, with the reason `dropped`.',
        }),
      })
      .openapi('ResumeRequest'),
  },
  answers: { 200: { description: 'On.', body: sendingSchema } },
  errors: ['invalid_request'],
});

/** Lets a person hold everything back, and decide what becomes of it. */
export function addSendingRoutes(router: Router, sending: SendingControl): void {
  router.add(readRoute, async () => answer(200, sendingWire(await sending.current())));
  router.add(pauseRoute, async () => answer(200, sendingWire(await sending.pause())));
  router.add(resumeRoute, async ({ body }) => answer(200, sendingWire(await sending.resume(body.waiting))));
}

function sendingWire(sending: Sending): z.output<typeof sendingSchema> {
  const { state } = sending;
  if (state === 'on') return { state, cause: null, paused_since: null };
  return { state, cause: sending.cause, paused_since: isoOf(sending.sinceMs) };
}
