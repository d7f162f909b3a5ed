import { z } from '@hono/zod-openapi';
import { AppError } from '../../domain/app-error.ts';
import { MAX_TAGS } from '../../domain/user/user.ts';
import type { Imported, ImportRequest, PersonRequest, SubscriptionImport } from '../../intake/subscription-import.ts';
import { answerBody, answerWord, answerWordOrNull } from '../kit/answer-schema.ts';
import type { Issue } from '../kit/json-body.ts';
import { ERROR_CODES } from '../kit/problem.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { validate } from '../kit/validation.ts';
import { instantOrEpochMs, timeZone, userId } from '../kit/wire-fields.ts';
import { atMsOf, ofBrowsers, registerExample, registerFields, undocumentedFields } from './subscription-schema.ts';
import { tag, userPatchBody, userPatchOf } from './user-schema.ts';

/** As many as a body of the largest size has room for, and as are done within a second or two. */
const MAX_LINES = 1000;

const { replaces_id: _, ...browserFields } = registerFields;

const lineFields = {
  ...browserFields,
  user_id: userId,
  time_zone: timeZone.nullish(),
  vapid_public_key: z.string().min(1).max(500).openapi({
    description:
      'The key that the browser subscribed with: its pair must be held here. Other spellings are understood.',
  }),
  created_at: instantOrEpochMs.nullish().openapi({
    type: ['string', 'null'],
    description: 'When the other system made it. Epoch milliseconds are understood, too.',
  }),
  updated_at: instantOrEpochMs.nullish().openapi({
    type: ['string', 'null'],
    description: 'When it last wrote it, or saw the browser. Only what is newer than what is known here changes that.',
  }),
  tags: z.array(tag).max(MAX_TAGS).nullish().openapi({ description: 'Given to the user, beside those there are.' }),
  user: userPatchBody
    .omit({ tags: true })
    .nullish()
    .openapi({ description: 'What is said of the user, where nothing was said before.' }),
};

const personFields = { user_id: userId, tags: lineFields.tags, user: userPatchBody.omit({ tags: true }) };
const personLine = ofBrowsers(personFields);

export const importLine = ofBrowsers({ ...lineFields, ...undocumentedFields });

/** Each line is read by itself, so that one that cannot be read is refused in its place alone. */
const importBody = bodyOf(z.unknown());
const documentedBody = bodyOf(
  ofBrowsers({
    ...lineFields,
    endpoint: lineFields.endpoint.optional(),
    keys: lineFields.keys.optional(),
    vapid_public_key: lineFields.vapid_public_key.optional(),
  }).openapi('SubscriptionImportLine', {
    description:
      'Of a subscription, which needs `endpoint`, `keys` and `vapid_public_key`; or of a user who has none, with `user` alone.',
  }),
).openapi('SubscriptionImport');

function bodyOf<Line extends z.ZodType>(line: Line) {
  return z.strictObject({
    subscriptions: z.array(line).min(1).max(MAX_LINES),
    dry_run: z.boolean().optional().openapi({ description: 'Writes nothing, and answers what would come of it.' }),
  });
}

const example: z.input<typeof documentedBody> = {
  subscriptions: [
    {
      ...registerExample,
      user_id: 'user-42',
      vapid_public_key: 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs',
      created_at: '2025-12-01T08:00:00Z',
    },
  ],
  dry_run: true,
};

export const importedSchema = answerBody('ImportedSubscription', {
  index: z.int().openapi({ description: 'Which of the subscriptions that were sent, from 0.' }),
  result: answerWord('ImportResult', ['added', 'updated', 'moved', 'unchanged', 'refused'], 'What became of it.'),
  subscription_id: z.string().nullable(),
  code: answerWordOrNull(ERROR_CODES, 'Why it was refused.'),
  reason: z.string().nullable().openapi({ description: 'What to know about it.' }),
});

const importRoute = defineRoute({
  method: 'post',
  path: '/v1/subscriptions/import',
  operationId: 'importSubscriptions',
  tag: 'Subscriptions',
  summary: 'Take over subscriptions of another push system',
  description:
    'Each is registered as its browser would do it, where nothing newer is known of its endpoint, and answered on its own. ' +
    'Sent again, it changes nothing. A line with a `user` and nothing of a subscription is of a user who has none.',
  access: 'key',
  scope: 'manage',
  body: { schema: importBody, documented: documentedBody, example, required: true },
  answers: {
    200: {
      description: 'What became of each, in the order sent.',
      body: answerBody('ImportedSubscriptions', { items: z.array(importedSchema) }),
    },
  },
  errors: [],
});

/** Taking over what another push system kept. */
export function addSubscriptionImportRoute(router: Router, { importMany }: SubscriptionImport): void {
  router.add(importRoute, async ({ body }) => {
    const imported = await importMany(body.subscriptions.map(requestOf), { isDryRun: body.dry_run ?? false });
    return answer(200, { items: imported.map(importedWire) });
  });
}

function requestOf(given: unknown): ImportRequest | PersonRequest | AppError {
  if (isOfUserAlone(given)) {
    const { value: person, issues } = validate(personLine, given);
    if (person === null) return refusalOf(issues);
    return { userId: person.user_id, tags: person.tags ?? [], userPatch: userPatchOf(person.user) };
  }
  const { value: line, issues } = validate(importLine, given);
  if (line === null) return refusalOf(issues);
  return {
    userId: line.user_id,
    endpoint: line.endpoint,
    keys: line.keys,
    expirationAtMs: atMsOf(line.expiration_time ?? line.expirationTime),
    vapidPublicKey: line.vapid_public_key,
    locale: line.locale ?? null,
    timeZone: line.time_zone ?? null,
    userAgent: line.user_agent ?? null,
    createdAtMs: atMsOf(line.created_at),
    updatedAtMs: atMsOf(line.updated_at),
    tags: line.tags ?? [],
    userPatch: line.user ? userPatchOf(line.user) : null,
  };
}

/** With anything of a subscription it is one, and is told what it lacks. */
function isOfUserAlone(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { user, endpoint, keys, vapid_public_key } = given as Readonly<Record<string, unknown>>;
  return user !== undefined && user !== null && [endpoint, keys, vapid_public_key].every((one) => one === undefined);
}

function refusalOf(issues: readonly Issue[]): AppError {
  const sentences = issues.map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`);
  return new AppError('invalid_request', `${sentences.slice(0, 5).join('; ')}.`);
}

function importedWire(from: Imported, index: number): z.output<typeof importedSchema> {
  const { result, subscriptionId, code, reason } = from;
  return { index, result, subscription_id: subscriptionId, code, reason };
}
