import type { DeadLetters } from '../../intake/dead-letters.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { pageOf, pageQuery, pageRequest } from '../kit/wire-fields.ts';
import { deliverySchema, deliveryWire } from './delivery-schema.ts';

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/dead-letters',
  operationId: 'listDeadLetters',
  tag: 'Deliveries',
  summary: 'List failed deliveries, newest first',
  description: 'Each one waits for a person: mend the cause, then replay it.',
  access: 'key',
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: pageOf(deliverySchema) } },
  errors: ['invalid_cursor'],
});

/** The deliveries that Bellhop gave up. */
export function addDeadLetterRoutes(router: Router, deadLetters: DeadLetters): void {
  router.add(listRoute, async ({ query }) => {
    const page = await deadLetters.list(pageRequest(query));
    return answer(200, { items: page.items.map(deliveryWire), next_cursor: page.next });
  });
}
