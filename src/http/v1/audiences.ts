import { z } from '@hono/zod-openapi';
import { SEGMENT_KEY } from '../../domain/audience/expression.ts';
import type { Audiences } from '../../intake/audiences.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { audienceInput, audienceOf, expression } from './audience-schema.ts';

export const audienceCountSchema = answerBody('AudienceCount', {
  users: z.int(),
  subscriptions: z.int(),
  subscriptions_by_service: z.record(z.string(), z.int()),
  is_at_least: z.boolean().openapi({ description: 'There are more: they could not all be counted within a second.' }),
});

const countRoute = defineRoute({
  method: 'post',
  path: '/v1/audiences/count',
  operationId: 'countAudience',
  isUnaudited: 'reads',
  tag: 'Audiences',
  summary: 'Count the users of an audience, and their devices',
  access: 'key',
  scope: 'read',
  body: { schema: audienceInput, example: { tags: 'beta && !(trial || churned)' }, required: true },
  answers: {
    200: {
      description: 'As it is at this moment.',
      body: audienceCountSchema,
    },
  },
  errors: ['invalid_audience'],
});

const SEGMENTS_PATH = '/v1/segments';
const SEGMENT_PATH = `${SEGMENTS_PATH}/{key}` as const;
const params = z.object({
  key: z.string().regex(SEGMENT_KEY, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . -').openapi({
    pattern: '^[A-Za-z0-9_.-]{0,31}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,31}$',
    description: 'The name of the segment.',
    example: 'vip',
  }),
});
export const segmentSchema = answerBody('Segment', { key: z.string(), tags: z.string() });

const listRoute = defineRoute({
  method: 'get',
  path: SEGMENTS_PATH,
  operationId: 'listSegments',
  tag: 'Audiences',
  summary: 'List segments',
  access: 'key',
  scope: 'read',
  answers: { 200: { description: 'All of them.', body: answerBody('SegmentList', { items: z.array(segmentSchema) }) } },
  errors: [],
});

const putRoute = defineRoute({
  method: 'put',
  path: SEGMENT_PATH,
  operationId: 'putSegment',
  tag: 'Audiences',
  summary: 'Give an expression a name',
  description: 'Where it is named, by `#key`, it is looked up when a notification is sent.',
  access: 'key',
  scope: 'manage',
  params,
  body: {
    schema: z.strictObject({ tags: expression }).openapi('SegmentInput'),
    example: { tags: 'plan:pro || staff' },
    required: true,
  },
  answers: { 200: { description: 'The segment as it is now.', body: segmentSchema } },
  errors: ['invalid_audience'],
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: SEGMENT_PATH,
  operationId: 'deleteSegment',
  tag: 'Audiences',
  summary: 'Delete a segment',
  description: 'Expressions that name it have nobody then, as far as they hang on it.',
  access: 'key',
  scope: 'manage',
  params,
  answers: { 204: { description: 'It is gone.', body: null } },
  errors: ['segment_not_found'],
});

/** Who an expression has. */
export function addAudienceRoutes(router: Router, audiences: Audiences): void {
  router.add(countRoute, async ({ body }) => {
    const { users, devices, isAtLeast } = await audiences.count(audienceOf(body));
    const subscriptions = Object.values(devices).reduce((sum, count) => sum + count, 0);
    return answer(200, { users, subscriptions, subscriptions_by_service: devices, is_at_least: isAtLeast });
  });
  router.add(listRoute, async () => {
    const all = await audiences.segments();
    return answer(200, { items: [...all].map(([key, tags]) => ({ key, tags })) });
  });
  router.add(putRoute, async ({ params: { key }, body: { tags } }) => {
    await audiences.putSegment(key, tags);
    return answer(200, { key, tags });
  });
  router.add(deleteRoute, async ({ params: { key } }) => {
    await audiences.deleteSegment(key);
    return answer(204, null);
  });
}
