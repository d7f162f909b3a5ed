import { z } from '@hono/zod-openapi';
import { ERASED_KINDS, type ErasedCounts } from '../../domain/erasure/erasure.ts';
import type { ErasureReceipt, Erasures, ErasureView } from '../../intake/erasures.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { answer, defineRoute, resourcePath } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import {
  ANY_TEXT,
  idParams,
  instant,
  instantText,
  isoOf,
  pageQuery,
  pageRequest,
  USER_ID_SEGMENT,
  userId,
} from '../kit/wire-fields.ts';

/** As many as a body has room for. */
const MAX_LISTED = 1000;

const digest = z.string().min(1).max(100).openapi({ pattern: ANY_TEXT });
const count = z.int().min(0).openapi({ format: 'int64', maximum: Number.MAX_SAFE_INTEGER });

const counts = (of: z.ZodType<number>) =>
  Object.fromEntries(ERASED_KINDS.map((kind) => [kind, of])) as Record<
    (typeof ERASED_KINDS)[number],
    z.ZodType<number>
  >;

const erasureReceiptSchema = answerBody('ErasureReceipt', {
  erasure_id: z.string(),
  user_digest: z.string().openapi({ description: 'A keyed digest of the user id: it names nobody.' }),
  erased_at: instant.openapi({ description: 'All that there was up to this instant is erased.' }),
  completed_at: instant,
  counts: answerBody('ErasureCounts', counts(z.int().openapi({ format: 'int64' }))),
  signature: z
    .string()
    .openapi({ description: 'HMAC-SHA256 over all of it, in base64url: `POST /v1/erasures/verify`.' }),
});

export const erasureSchema = answerBody(
  'Erasure',
  {
    id: z.string(),
    state: answerWord('ErasureState', ['running', 'completed'], 'Whether something is left to do.'),
    receipt: erasureReceiptSchema.optional(),
  },
  'Before the first end there is no `receipt`.',
);

const verificationBody = z
  .strictObject({
    receipt: z
      .strictObject({
        erasure_id: z.string().min(1).max(100).openapi({ pattern: ANY_TEXT }),
        user_digest: digest,
        erased_at: instantText.openapi({ format: 'date-time' }),
        completed_at: instantText.openapi({ format: 'date-time' }),
        counts: z.strictObject(counts(count)).openapi('ErasureCountsInput'),
        signature: digest,
      })
      .openapi('ErasureReceiptInput', { description: 'As it was answered.' }),
    user_id: userId.optional().openapi({ description: 'Whether it is the receipt of this user.' }),
  })
  .openapi('ErasureVerificationInput');

export const verificationSchema = answerBody(
  'ErasureVerification',
  {
    is_genuine: z.boolean().openapi({ description: 'This installation signed it, as it is.' }),
    is_of_user: z.boolean().optional(),
  },
  'Where no user is named, there is no `is_of_user`.',
);

const listedSchema = answerBody('ListedErasure', { id: z.string(), user_digest: z.string(), erased_at: instant });
const erasureListSchema = answerBody('ErasureList', {
  key_id: z.string().openapi({ description: 'Which key made the digests.' }),
  items: z.array(listedSchema),
  next_cursor: z.string().nullable(),
});

const appliedBody = z
  .strictObject({
    key_id: z.string().min(1).max(100).openapi({ pattern: ANY_TEXT }),
    erasures: z
      .array(
        z.strictObject({
          id: z.string().regex(/^era_[0-9a-hjkmnp-tv-z]{26}$/, 'must be the id of an erasure'),
          user_digest: digest,
          erased_at: instantText.openapi({ format: 'date-time' }),
        }),
      )
      .max(MAX_LISTED),
  })
  .openapi('ErasureListInput');

const ERASURES_PATH = '/v1/erasures';
const ERASURE_PATH = `${ERASURES_PATH}/{id}` as const;

const ERASING = {
  method: 'delete',
  tag: 'Privacy',
  access: 'key',
  scope: 'manage',
  auditNamesNobody: true,
  answers: {
    200: { description: 'Nothing is left.', body: erasureSchema },
    202: {
      description: 'There is much: it goes on, also over a restart.',
      body: erasureSchema,
      headers: { Location: 'The path of the erasure.' },
      leadsTo: ['getErasure'],
    },
  },
  errors: [],
} as const;

const eraseRoute = defineRoute({
  ...ERASING,
  path: '/v1/users/{user_id}',
  operationId: 'eraseUser',
  summary: 'Erase a person, for good',
  description:
    'Subscriptions, what waits to be sent, what was said of the person, and their name wherever it stands. Attempts stay without it. ' +
    'Called again, it answers the same, and counts what came since. A user of whom nothing is known is no error.',
  params: z.object({
    user_id: userId.openapi({ pattern: USER_ID_SEGMENT, description: 'As notifications and subscriptions have it.' }),
  }),
});

const eraseNamedRoute = defineRoute({
  ...ERASING,
  path: '/v1/users',
  operationId: 'eraseNamedUser',
  summary: 'Erase a person, whatever the user id',
  description:
    'As `DELETE /v1/users/{user_id}`, for the ids `.` and `..`, too, which no path can hold. Never all users.',
  query: z.object({ user_id: userId.openapi({ description: 'As notifications and subscriptions have it.' }) }),
});

const getRoute = defineRoute({
  method: 'get',
  path: ERASURE_PATH,
  operationId: 'getErasure',
  tag: 'Privacy',
  summary: 'Read whether an erasure is done, and its receipt',
  access: 'key',
  scope: 'read',
  params: idParams('erasure'),
  answers: { 200: { description: 'The erasure.', body: erasureSchema } },
  errors: ['erasure_not_found'],
});

const verifyRoute = defineRoute({
  method: 'post',
  path: `${ERASURES_PATH}/verify`,
  operationId: 'verifyErasureReceipt',
  tag: 'Privacy',
  summary: 'Check a receipt',
  access: 'key',
  scope: 'read',
  isUnaudited: 'reads',
  body: {
    schema: verificationBody,
    example: {
      receipt: {
        erasure_id: 'era_01kdz9f1v6v6j0q2y3w4x5z6a7',
        user_digest: 'x5Hf2m0o0X5Qw0GmXv0c3pJt1y2z8yq0m1b3n5k7p9r',
        erased_at: '2026-01-31T12:00:00.000Z',
        completed_at: '2026-01-31T12:00:00.120Z',
        counts: Object.fromEntries(ERASED_KINDS.map((kind) => [kind, 0])),
        signature: 'b0Q3m0o0X5Qw0GmXv0c3pJt1y2z8yq0m1b3n5k7p9rA',
      },
      user_id: 'user-42',
    },
    required: true,
  },
  answers: { 200: { description: 'Whether it is what this installation signed.', body: verificationSchema } },
  errors: [],
});

const listRoute = defineRoute({
  method: 'get',
  path: ERASURES_PATH,
  operationId: 'listErasures',
  tag: 'Privacy',
  summary: 'List all erasures, to keep apart from the store',
  description:
    'They name nobody. A store that is restored from a backup is told of later ones by `POST /v1/erasures/apply`.',
  access: 'key',
  scope: 'read',
  query: pageQuery,
  answers: { 200: { description: 'One page.', body: erasureListSchema } },
  errors: ['invalid_cursor'],
});

const applyRoute = defineRoute({
  method: 'post',
  path: `${ERASURES_PATH}/apply`,
  operationId: 'applyErasures',
  tag: 'Privacy',
  summary: 'Erase again who is in a list of erasures',
  description:
    'For a store that was restored from a backup. It is done in the background. What is known already is left alone.',
  access: 'key',
  scope: 'manage',
  body: {
    schema: appliedBody,
    example: { key_id: 'k3Jm0o0X5Qw0GmXv', erasures: [] },
    required: true,
    mostValues: 5 * MAX_LISTED,
  },
  answers: { 200: { description: 'Taken.', body: answerBody('AppliedErasures', { added: z.int() }) } },
  errors: ['erasure_key_unknown'],
});

/** Erasing people. */
export function addErasureRoutes(router: Router, erasures: Erasures): void {
  const erase = async (user: string) => {
    const view = await erasures.erase(user);
    const { run, id } = view.erasure;
    const wire = erasureWire(view);
    return run === null ? answer(200, wire) : answer(202, wire, { Location: resourcePath(ERASURE_PATH, id) });
  };
  router.add(eraseRoute, ({ params }) => erase(params.user_id));
  router.add(eraseNamedRoute, ({ query }) => erase(query.user_id));
  router.add(getRoute, async ({ params }) => answer(200, erasureWire(await erasures.get(params.id))));
  router.add(verifyRoute, async ({ body }) => {
    const { isGenuine, isOfUser } = await erasures.verify(erasureReceiptOf(body.receipt), body.user_id ?? null);
    return answer(200, { is_genuine: isGenuine, ...(isOfUser !== null && { is_of_user: isOfUser }) });
  });
  router.add(listRoute, async ({ query }) => {
    const [page, keyId] = await Promise.all([erasures.list(pageRequest(query)), erasures.keyId()]);
    const items = page.items.map(({ id, userDigest, untilMs }) => ({
      id,
      user_digest: userDigest,
      erased_at: isoOf(untilMs),
    }));
    return answer(200, { key_id: keyId, items, next_cursor: page.next });
  });
  router.add(applyRoute, async ({ body }) => {
    const list = body.erasures.map(({ id, user_digest, erased_at }) => ({
      id,
      userDigest: user_digest,
      untilMs: Date.parse(erased_at),
    }));
    return answer(200, { added: await erasures.apply(list, body.key_id) });
  });
}

function erasureWire({ erasure, receipt }: ErasureView): z.output<typeof erasureSchema> {
  const state = erasure.run === null && !erasure.isToFind ? 'completed' : 'running';
  return { id: erasure.id, state, ...(receipt !== null && { receipt: erasureReceiptWire(receipt) }) };
}

/** A receipt as callers see it. */
export function erasureReceiptWire(receipt: ErasureReceipt): z.output<typeof erasureReceiptSchema> {
  return {
    erasure_id: receipt.id,
    user_digest: receipt.userDigest,
    erased_at: isoOf(receipt.erasedAtMs),
    completed_at: isoOf(receipt.completedAtMs),
    counts: { ...receipt.counts },
    signature: receipt.signature,
  };
}

function erasureReceiptOf(given: z.output<typeof verificationBody>['receipt']): ErasureReceipt {
  return {
    id: given.erasure_id,
    userDigest: given.user_digest,
    erasedAtMs: Date.parse(given.erased_at),
    completedAtMs: Date.parse(given.completed_at),
    counts: given.counts as ErasedCounts,
    signature: given.signature,
  };
}
