import { z } from '@hono/zod-openapi';
import { exportLine } from '../../intake/export-line.ts';
import type { Exports, UserExport } from '../../intake/exports.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf, USER_ID_SEGMENT, userId } from '../kit/wire-fields.ts';
import { suppressionSchema, suppressionWire } from './explanations.ts';
import { receiptSchema, receiptWire } from './receipt-schema.ts';
import { subscriptionSchema, subscriptionWire } from './subscription-schema.ts';
import { userDeliveryFields, userDeliveryWire } from './user-deliveries.ts';
import { userSchema, userWire } from './user-schema.ts';

const exportedDeliverySchema = answerBody(
  'UserExportDelivery',
  { ...userDeliveryFields, receipts: z.array(receiptSchema) },
  'Before the first attempt there is no `last_attempt`.',
);

const userExportSchema = answerBody(
  'UserExport',
  {
    user_id: z.string(),
    exported_at: instant,
    user: userSchema.optional(),
    subscriptions: z.array(subscriptionSchema),
    deliveries: z.array(exportedDeliverySchema),
    suppressions: z.array(suppressionSchema).openapi({ description: 'But for what came while there was no device.' }),
    experiments: z
      .array(answerBody('UserExportExperiment', { key: z.string(), variant: z.string(), stages: z.array(z.string()) }))
      .openapi({ description: 'Which variants the person had, and how far they came with them.' }),
    schedules: z.array(z.string()).openapi({ description: 'Keys of those that name the person.' }),
    audit: z.array(answerBody('UserExportAudit', { at: instant, action: z.string() })),
  },
  'Where nothing was said of the person there is no `user`.',
);

const ofUserRoute = defineRoute({
  method: 'get',
  path: '/v1/users/{user_id}/export',
  operationId: 'exportUser',
  tag: 'Privacy',
  summary: 'All that is known of a person',
  description: 'One JSON document, which streams. Endpoints are shortened, as everywhere.',
  access: 'key',
  scope: 'read',
  params: z.object({
    user_id: userId.openapi({ pattern: USER_ID_SEGMENT, description: 'As notifications and subscriptions have it.' }),
  }),
  answers: { 200: { description: 'All of it.', body: userExportSchema } },
  errors: [],
});

const everythingBody = z
  .strictObject({
    with_keys: z
      .boolean()
      .optional()
      .openapi({ description: 'With whole endpoints and their keys: who has them can push.' }),
  })
  .openapi('ExportInput');

const everythingRoute = defineRoute({
  method: 'post',
  path: '/v1/export',
  operationId: 'exportEverything',
  tag: 'Privacy',
  summary: 'All active subscriptions and users as NDJSON',
  description:
    'One a line, as `POST /v1/subscriptions/import` takes it where it is asked for with keys; then users without a subscription of whom ' +
    'something was said.',
  access: 'key',
  scope: 'manage',
  body: { schema: everythingBody, example: { with_keys: false }, required: true },
  answers: {
    200: {
      description: 'The subscriptions, the newest first, and then the users.',
      body: z.custom<ReadableStream<Uint8Array>>().openapi({ type: 'string' }),
      mediaType: 'application/x-ndjson',
    },
  },
  errors: [],
});

/** What is known, handed out. */
export function addExportRoutes(router: Router, exports: Exports): void {
  router.add(ofUserRoute, async ({ params }) => {
    const stream = userExportStream(await exports.ofUser(params.user_id));
    // The text of what the schema says: a document as large as somebody's history is never in the memory as a whole.
    return answer(200, stream as unknown as z.output<typeof userExportSchema>);
  });
  router.add(everythingRoute, async ({ body }) => answer(200, streamOf(linesOf(exports, body.with_keys === true))));
}

/** All that is known of a person, as JSON. */
export function userExportStream(known: UserExport): ReadableStream<Uint8Array> {
  return streamOf(userExportText(known));
}

async function* linesOf(exports: Exports, withKeys: boolean): AsyncGenerator<string> {
  for await (const piece of exports.everything()) {
    yield piece.map((one) => `${JSON.stringify(exportLine(one, withKeys))}\n`).join('');
  }
}

async function* userExportText(known: UserExport): AsyncGenerator<string> {
  const { user } = known;
  const head = { user_id: known.userId, exported_at: isoOf(known.exportedAtMs), ...(user && { user: userWire(user) }) };
  yield JSON.stringify(head).slice(0, -1);
  yield* listText('subscriptions', known.subscriptions, subscriptionWire);
  yield* listText('deliveries', known.deliveries, ({ receipts, ...one }) => ({
    ...userDeliveryWire(one),
    receipts: receipts.map(receiptWire),
  }));
  yield* listText('suppressions', known.suppressions, suppressionWire);
  yield `,"experiments":${JSON.stringify(known.experiments)}`;
  yield* listText('schedules', known.scheduleKeys, (key) => key);
  yield* listText('audit', known.audit, ({ atMs, action }) => ({ at: isoOf(atMs), action }));
  yield '}';
}

async function* listText<Item>(
  name: string,
  items: AsyncIterable<Item>,
  wire: (item: Item) => unknown,
): AsyncGenerator<string> {
  yield `,"${name}":[`;
  let isFirst = true;
  for await (const item of items) {
    yield `${isFirst ? '' : ','}${JSON.stringify(wire(item))}`;
    isFirst = false;
  }
  yield ']';
}

/** Read as fast as it is taken. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await pieces.return(undefined)),
  });
}
