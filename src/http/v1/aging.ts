import { z } from '@hono/zod-openapi';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import { STALE_AFTER_DAYS } from '../../domain/subscription/aging.ts';
import type { AgingReader } from '../../intake/aging.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOrNull } from '../kit/wire-fields.ts';

const agingOfService = answerBody('AgingOfPushService', {
  push_service: answerWord('AgingPushService', PUSH_SERVICES, 'The push service.'),
  overdue: z.int().openapi({ description: 'Not registered again for longer: a push may find them gone.' }),
  within_30_days: z.int(),
  within_90_days: z.int().openapi({ description: 'Later than within 30 days.' }),
  within_180_days: z.int().openapi({ description: 'Later than within 90 days.' }),
  later: z.int(),
});

export const agingSchema = answerBody('AgingForecast', {
  counted_at: instant.nullable().openapi({
    description: 'Once a day, or each hour where there are few; null before the first time, with no items.',
  }),
  stale_after_days: z.int(),
  items: z.array(agingOfService),
});

const agingRoute = defineRoute({
  method: 'get',
  path: '/v1/push/aging',
  operationId: 'getAgingForecast',
  tag: 'Subscriptions',
  summary: 'How many active subscriptions will go stale, and when',
  description:
    `A push service forgets devices that it has not seen for long; Google says ${STALE_AFTER_DAYS} days. Counted from the last time that a ` +
    'browser registered, or to the end that a subscription names: at most so many go, unless they register again.',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'As it was counted last.', body: agingSchema } },
  errors: [],
});

/** What of the subscriptions will be gone one day. */
export function addAgingRoute(router: Router, readAging: AgingReader): void {
  router.add(agingRoute, async () => {
    const forecast = await readAging();
    const items = PUSH_SERVICES.flatMap((push_service) =>
      forecast === null ? [] : [{ push_service, ...forecast.services[push_service] }],
    );
    return answer(200, {
      counted_at: isoOrNull(forecast?.countedAtMs ?? null),
      stale_after_days: STALE_AFTER_DAYS,
      items,
    });
  });
}
