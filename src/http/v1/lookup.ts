import { z } from '@hono/zod-openapi';
import { FOUND_BY, FOUND_KINDS, type LookUp } from '../../intake/lookup.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { plainText } from '../kit/wire-fields.ts';

export const foundSchema = answerBody('Found', {
  kind: answerWord('FoundKind', FOUND_KINDS, 'What it is.'),
  id: z.string(),
  by: answerWord('FoundBy', FOUND_BY, 'What the text is of it.'),
});

const lookUpRoute = defineRoute({
  method: 'get',
  path: '/v1/lookup',
  operationId: 'lookUp',
  tag: 'Overview',
  summary: 'Find what a text names',
  description:
    'An id leads to what it is the id of, whether that is there or not. Any other text to the notifications that were sent with it as ' +
    '`Idempotency-Key`, under any API key, within the 24 hours that keys are kept, or as `X-Request-Id`, 50 at most; and to the user of ' +
    'that id, if one is known.',
  access: 'key',
  scope: 'read',
  query: z.object({
    q: plainText(255).openapi({ description: 'The text.', example: 'order-42' }),
  }),
  answers: {
    200: {
      description: 'What was found, perhaps nothing.',
      body: answerBody('FoundList', { items: z.array(foundSchema) }),
    },
  },
  errors: [],
});

/** One box for whatever somebody has at hand. */
export function addLookUpRoute(router: Router, lookUp: LookUp): void {
  router.add(lookUpRoute, async ({ query }) =>
    answer(200, { items: (await lookUp(query.q)).map((found) => ({ ...found })) }),
  );
}
