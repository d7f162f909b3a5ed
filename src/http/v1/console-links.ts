import { z } from '@hono/zod-openapi';
import { type Operators, roleOf } from '../../access/operators.ts';
import { AppError } from '../../domain/app-error.ts';
import { isOperatorName, OPERATOR_ROLES } from '../../domain/operator/operator.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf } from '../kit/wire-fields.ts';

const UNNAMED = 'operator';

/** ASCII that a name has nowhere. */
const NOWHERE = '\\x00-\\x1f!-&(-*,/:-?\\x5b-\\x5e\\x60\\x7b-\\x7f';
/** What every language can say of a name. Beyond ASCII it has letters, digits and marks alone, which many cannot say. */
const DOCUMENTED_NAME = `^[^\\x00-/:-@\\x5b-\\x60\\x7b-\\x7f]([^${NOWHERE}]*[^ ${NOWHERE}])?$`;

const linkRequest = z
  .strictObject({
    role: z
      .enum(OPERATOR_ROLES)
      .optional()
      .openapi({ description: 'What the session may do; `operator` where it is left out. A viewer changes nothing.' }),
    name: z
      .string()
      .refine(isOperatorName, {
        message: 'must be 1 to 64 letters, digits, spaces and . _ @ + - and begin with a letter or digit',
      })
      .optional()
      .openapi({ description: 'Who will look: it stands in the audit log.', maxLength: 64, pattern: DOCUMENTED_NAME }),
  })
  .openapi('ConsoleLinkRequest');

const createLinkRoute = defineRoute({
  method: 'post',
  path: '/v1/console-links',
  operationId: 'createConsoleLink',
  tag: 'Console',
  summary: 'Make a link that signs one person in to the console',
  description:
    'Good once, for five minutes. `bellhop console-link` prints it with the address. An operator’s link takes a key with every scope: it ' +
    'can do no more than whoever made it.',
  access: 'key',
  scope: 'manage',
  body: { required: true, example: { role: 'viewer', name: 'Ann' }, schema: linkRequest },
  answers: {
    201: {
      description: 'The link.',
      body: answerBody('ConsoleLink', {
        path: z
          .string()
          .openapi({ description: 'To be opened at the address of this service: `/console/sign-in?link=…`.' }),
        role: answerWord('OperatorRole', OPERATOR_ROLES, 'What the session may do.'),
        name: z.string(),
        expires_at: instant,
      }),
    },
  },
  errors: ['invalid_request'],
});

const revokeRoute = defineRoute({
  method: 'post',
  path: '/v1/console-sessions/revoke',
  operationId: 'revokeConsoleSessions',
  tag: 'Console',
  summary: 'Sign everybody out of the console',
  description: 'Links that were not used yet are taken back, too. It holds in every process at once.',
  access: 'key',
  scope: 'manage',
  answers: {
    200: {
      description: 'Everybody is signed out.',
      body: answerBody('RevokedConsoleSessions', {
        sessions: z.int().openapi({ description: 'How many sessions ended.' }),
      }),
    },
  },
  errors: [],
});

/** Who may look at the console. */
export function addConsoleLinkRoutes(router: Router, operators: Operators): void {
  router.add(createLinkRoute, async ({ body: { role = 'operator', name = UNNAMED } }, c) => {
    if (role === 'operator') demandEveryScope(c);
    const { token, expiresAtMs } = await operators.mintLink({ role, name });
    return answer(201, { path: `/console/sign-in?link=${token}`, role, name, expires_at: isoOf(expiresAtMs) });
  });
  router.add(revokeRoute, async () => answer(200, { sessions: await operators.revokeAll() }));
}

function demandEveryScope(c: ApiContext): void {
  const caller = c.get('caller');
  if (caller?.kind !== 'key' || roleOf(caller.scopes) === 'operator') return;
  throw new AppError(
    'insufficient_scope',
    `The key ${caller.keyId} has ${caller.scopes.join(' and ')}; a link for an operator takes a key with every scope. A viewer’s does not.`,
    { scopes: caller.scopes },
  );
}
