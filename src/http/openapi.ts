import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { problemSchema } from './kit/problem.ts';
import type { ApiEnv } from './kit/request-context.ts';
import { defineRoute } from './kit/route.ts';
import type { Router } from './kit/router.ts';
import { fileAnswerer, fileAnswers, fileHeaders, staticFile } from './kit/static-files.ts';
import { TAGS } from './kit/tags.ts';
import { SUBSCRIBER_TOKENS_PATH } from './v1/subscriber-tokens.ts';

export const OPENAPI_PATH = '/openapi.json';

const openApiRoute = defineRoute({
  method: 'get',
  path: OPENAPI_PATH,
  operationId: 'getOpenApi',
  tag: 'Documentation',
  summary: 'This document',
  access: 'open',
  headers: fileHeaders,
  answers: fileAnswers(
    z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }).openapi('OpenApiDocument'),
    'application/json',
  ),
  errors: [],
});

/** Asked for anew each time, answered with 304: it changes with an update alone. */
const HEADERS = { 'Cache-Control': 'no-cache' };

const SECURITY_SCHEMES = {
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Signature',
    description:
      'Lower-case hex of HMAC-SHA256, keyed with the secret, over seven lines joined by line feeds: `v2`, `X-Timestamp`, ' +
      '`X-Nonce` (an empty line without one), the method, the path with its query as sent, `Idempotency-Key` (an empty ' +
      'line without one), and the SHA-256 of the raw body in lower-case hex. `X-Key-Id` names the key where it is not ' +
      '`default`.',
  },
  timestamp: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Timestamp',
    description: 'Unix seconds, at most 300 off.',
  },
  bearer: { type: 'http', scheme: 'bearer', description: 'Any live secret.' },
  subscriber: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      `For pages: a token of one user, from \`POST ${SUBSCRIBER_TOKENS_PATH}\` or made by the back end itself. Good only ` +
      'for that user’s own subscriptions and preferences.',
  },
} as const;

/** Serves the description of all routes that were added before the first request for it. */
export function addOpenApiRoute(router: Router, app: OpenAPIHono<ApiEnv>, options: { readonly version: string }): void {
  const { openAPIRegistry: registry } = app;
  registry.register('Problem', problemSchema);
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES))
    registry.registerComponent('securitySchemes', name, scheme);
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Bellhop',
        version: options.version,
        license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
        description:
          'Self-hosted Web Push delivery. Errors are RFC 9457 problems with a stable `code`. Other methods on a known ' +
          'path give `method_not_allowed` with `Allow`; unknown paths give `route_not_found`.',
      },
      servers: [{ url: '/' }],
      tags: Object.entries(TAGS).map(([name, about]) => ({ name, description: about })),
    });
  let answerWithFile: ReturnType<typeof fileAnswerer> | null = null;
  router.add(openApiRoute, ({ headers }) => {
    answerWithFile ??= fileAnswerer(staticFile('openapi.json', JSON.stringify(describe())), HEADERS);
    return answerWithFile(headers);
  });
}
