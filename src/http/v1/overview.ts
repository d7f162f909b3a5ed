import { z } from '@hono/zod-openapi';
import { ATTENTION_KINDS } from '../../domain/attention/attention.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { LANE_STANDINGS } from '../../domain/push-service/lane-view.ts';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import { PERIODS, type Period, type Settled } from '../../domain/tally/settled.ts';
import type { Overview, OverviewReader } from '../../intake/overview.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf, isoOrNull } from '../kit/wire-fields.ts';

const service = answerWord(
  'PushServiceName',
  PUSH_SERVICES,
  'The push service. `other` is any without ways of its own.',
);

const ended = {
  delivered: z.int().openapi({ description: 'Accepted by the push service.' }),
  pruned: z.int().openapi({ description: 'The subscription is gone.' }),
  failed: z.int().openapi({ description: 'Dead letters.' }),
  expired: z.int(),
  cancelled: z.int(),
};
const settled = {
  ...ended,
  retrying: z.int().openapi({ description: 'Times that an attempt failed and is to be repeated.' }),
};
const settledSchema = answerBody('SettledCounts', settled, 'What came of deliveries within a time.');

const attentionSchema = answerBody('Attention', {
  kind: answerWord('AttentionKind', ATTENTION_KINDS, 'What somebody has to look at.'),
  says: z.string().openapi({ description: 'One sentence for people.' }),
  subject: z.string().nullable().openapi({ description: 'The id of the hold, or the origin of the lane.' }),
  count: z.int().nullable(),
  since: instant.nullable(),
});

const waitingSchema = answerBody('WaitingCounts', {
  priority: answerWord('WaitingPriority', PRIORITIES, 'Of deliveries that have not ended.'),
  pending: z.int(),
  held: z.int(),
  sending: z.int(),
  retrying: z.int(),
  oldest_due_at: instant
    .nullable()
    .openapi({ description: 'Since when the most overdue has been due; null: none is.' }),
});

const standingSchema = answerBody('PushServiceStanding', {
  push_service: service,
  lane: answerWord('LaneStanding', LANE_STANDINGS, 'The way there. The worst of all its hosts counts.'),
  until: instant.nullable().openapi({ description: 'Nothing goes there before.' }),
  in_flight: z.int(),
  active_subscriptions: z.int(),
  quarantined_subscriptions: z.int(),
  attempts_per_second: z.number().openapi({ description: 'Over the last five minutes.' }),
  mean_latency_ms: z
    .number()
    .nullable()
    .openapi({ description: 'Over the last five minutes; null: nothing was sent.' }),
});

export const overviewSchema = answerBody('Overview', {
  at: instant,
  is_counted: z.boolean().openapi({
    description: 'False for a while after an upgrade on MongoDB: what was there before is not in the counts yet.',
  }),
  attention: z.array(attentionSchema).openapi({ description: 'What needs a person now, the most pressing first.' }),
  ended: answerBody('EndedCounts', ended, 'All deliveries that are kept and have ended.'),
  settled: answerBody('SettledPeriods', { hour: settledSchema, day: settledSchema, week: settledSchema }),
  waiting: z.array(waitingSchema),
  push_services: z.array(standingSchema),
});

export const stretchSchema = answerBody('OverviewStretch', {
  at: instant.openapi({ description: 'When the minute or hour begins.' }),
  push_service: service,
  ...settled,
  attempts: z.int(),
  mean_latency_ms: z.number().nullable(),
});
const stretchesSchema = answerBody('OverviewStretchList', { items: z.array(stretchSchema) });

const OVERVIEW_PATH = '/v1/overview';

const overviewRoute = defineRoute({
  method: 'get',
  path: OVERVIEW_PATH,
  operationId: 'getOverview',
  tag: 'Overview',
  summary: 'How everything stands: what needs a person, what waits, and the way to each push service',
  description: 'Counts are kept as things change, so this costs the same however much there is.',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'As it is now.', body: overviewSchema } },
  errors: [],
});

const stretchesRoute = defineRoute({
  method: 'get',
  path: `${OVERVIEW_PATH}/deliveries`,
  operationId: 'listOverviewDeliveries',
  tag: 'Overview',
  summary: 'What came of deliveries over time, by push service',
  description: 'By minute for an hour, by hour for a day or a week. Where nothing happened there is no entry.',
  access: 'key',
  scope: 'read',
  query: z.object({
    period: z
      .enum(Object.keys(PERIODS) as [Period, ...Period[]])
      .optional()
      .openapi({ description: 'How far back. An hour unless given.' }),
  }),
  answers: { 200: { description: 'In order of time.', body: stretchesSchema } },
  errors: [],
});

/** What an operator sees first. */
export function addOverviewRoutes(router: Router, overview: OverviewReader): void {
  router.add(overviewRoute, async () => answer(200, overviewWire(await overview.read())));
  router.add(stretchesRoute, async ({ query }) => {
    const stretches = await overview.stretches(query.period ?? 'hour');
    return answer(200, {
      items: stretches.map((stretch) => ({
        at: isoOf(stretch.atMs),
        push_service: stretch.service,
        ...settledWire(stretch),
        attempts: stretch.attempts,
        mean_latency_ms: stretch.meanLatencyMs,
      })),
    });
  });
}

function overviewWire(overview: Overview): z.output<typeof overviewSchema> {
  const { hour, day, week } = overview.settled;
  return {
    at: isoOf(overview.atMs),
    is_counted: overview.isCounted,
    attention: overview.attention.map(({ sinceMs, ...rest }) => ({ ...rest, since: isoOrNull(sinceMs) })),
    ended: overview.ended,
    settled: { hour: settledWire(hour), day: settledWire(day), week: settledWire(week) },
    waiting: overview.waiting.map(({ oldestDueAtMs, ...rest }) => ({
      ...rest,
      oldest_due_at: isoOrNull(oldestDueAtMs),
    })),
    push_services: overview.services.map((one) => ({
      push_service: one.service,
      lane: one.standing,
      until: isoOrNull(one.untilMs),
      in_flight: one.inFlight,
      active_subscriptions: one.activeSubscriptions,
      quarantined_subscriptions: one.quarantinedSubscriptions,
      attempts_per_second: one.attemptsPerSecond,
      mean_latency_ms: one.meanLatencyMs,
    })),
  };
}

function settledWire({ delivered, pruned, failed, expired, cancelled, retrying }: Settled): Settled {
  return { delivered, pruned, failed, expired, cancelled, retrying };
}
