import { z } from '@hono/zod-openapi';
import {
  DEFAULT_TOKEN_SECONDS,
  LONGEST_TOKEN_SECONDS,
  SHORTEST_TOKEN_SECONDS,
  type SubscriberTokens,
} from '../../access/subscriber-tokens.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf, userId } from '../kit/wire-fields.ts';

export const SUBSCRIBER_TOKENS_PATH = '/v1/subscriber-tokens';

const mintRoute = defineRoute({
  method: 'post',
  path: SUBSCRIBER_TOKENS_PATH,
  operationId: 'mintSubscriberToken',
  isUnaudited: 'reads',
  tag: 'Subscriptions',
  summary: 'Make a token with which a page manages one user’s subscriptions',
  description:
    'Call it from your back end for the user who is signed in, and give the token to the page. It is a JWT (HS256), ' +
    'signed with the secret of the calling key; a back end can make the same by itself.',
  access: 'key',
  scope: 'send',
  body: {
    required: true,
    example: { user_id: 'user-42', ttl_seconds: DEFAULT_TOKEN_SECONDS },
    schema: z
      .strictObject({
        user_id: userId,
        ttl_seconds: z
          .int()
          .min(SHORTEST_TOKEN_SECONDS)
          .max(LONGEST_TOKEN_SECONDS)
          .optional()
          .openapi({ description: `How long it is good for. Left out, it is ${DEFAULT_TOKEN_SECONDS}.` }),
      })
      .openapi('SubscriberTokenInput'),
  },
  answers: {
    201: {
      description: 'The token. Nothing of it is kept here.',
      body: answerBody('SubscriberToken', { token: z.string(), user_id: z.string(), expires_at: instant }),
    },
  },
  errors: [],
});

/** Makes the tokens that pages use in place of an API key, which no page can keep secret. */
export function addSubscriberTokenRoutes(router: Router, tokens: SubscriberTokens): void {
  router.add(mintRoute, async ({ body }, c) => {
    const keyId = c.get('caller')?.keyId ?? '';
    const { token, expiresAtMs } = tokens.mint({
      keyId,
      userId: body.user_id,
      ttlSeconds: body.ttl_seconds ?? DEFAULT_TOKEN_SECONDS,
    });
    return answer(201, { token, user_id: body.user_id, expires_at: isoOf(expiresAtMs) });
  });
}
