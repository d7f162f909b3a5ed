import { createRoute, type RouteConfig } from '@hono/zod-openapi';
import type { AppErrorCode } from '../../domain/app-error.ts';
import { PROBLEM_MEDIA_TYPE, PROBLEMS } from './problem.ts';
import { errorsOf, type RouteSpec } from './route.ts';

/** Not registered with IANA, and what everybody writes. */
export const LINES_MEDIA_TYPE = 'application/x-ndjson';

const REQUEST_ID = 'The id of this request, also in the log.';

/** Any one of these opens a route. */
const WITH_KEY = [{ signature: [], timestamp: [] }, { bearer: [] }];
const SECURITY = { open: [], key: WITH_KEY, metrics: WITH_KEY, subscriber: [...WITH_KEY, { subscriber: [] }] };

/** The OpenAPI description of a route, from the schemas that also validate its requests. */
export function describeRoute(route: RouteSpec): RouteConfig {
  const { method, path, operationId, summary, description, params, query, headers, body, lines } = route;
  return createRoute({
    method,
    path,
    operationId,
    summary,
    ...describeText(description, scopeNote(route)),
    tags: [route.tag],
    security: SECURITY[route.access],
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined
        ? {}
        : {
            body: {
              required: body.required,
              content: { 'application/json': { schema: body.documented ?? body.schema, example: body.example } },
            },
          }),
      ...(lines === undefined ? {} : { body: { required: true, content: contentOfLines(lines.taken, lines.example) } }),
    },
    responses: responsesOf(route),
  });
}

/**
 * For clients they are octets, which some make no program for but with `format`: OpenAPI 3.1 has no words for lines. What each line
 * holds is said as OpenAPI 3.2 sees lines, as an array.
 */
export function linesSchema(name: string) {
  const contentSchema = { type: 'array' as const, items: { $ref: `#/components/schemas/${name}` } };
  return { type: 'string' as const, format: 'binary', contentMediaType: LINES_MEDIA_TYPE, contentSchema };
}

function contentOfLines({ name }: { readonly name: string }, example?: string) {
  const schema = linesSchema(name);
  return { [LINES_MEDIA_TYPE]: { schema, ...(example === undefined ? {} : { example }) } };
}

function scopeNote(route: RouteSpec): string | null {
  return route.access === 'open' ? null : `An API key needs the scope \`${route.scope}\`.`;
}

function describeText(...parts: readonly (string | null | undefined)[]): { readonly description?: string } {
  const given = parts.filter((part) => part !== null && part !== undefined);
  return given.length === 0 ? {} : { description: given.join(' ') };
}

function responsesOf(route: RouteSpec): RouteConfig['responses'] {
  const responses: RouteConfig['responses'] = {};
  const errors = errorsOf(route);
  for (const status of new Set(errors.map((code) => PROBLEMS[code].status))) {
    const codes = errors.filter((code) => PROBLEMS[code].status === status);
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join('\n\n'),
      headers: describeHeaders(headersOf(codes)),
      // One type for every error: of a narrower one for each route and status, generators make hundreds, or none.
      content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      ...extension('x-error-codes', codes),
    };
  }
  for (const [status, answer] of Object.entries(route.answers)) {
    if (answer.isUndocumented) continue;
    responses[status] = {
      ...responses[status],
      description: answer.description,
      headers: describeHeaders(answer.headers ?? {}),
      ...(answer.leadsTo === undefined ? {} : { links: Object.fromEntries(answer.leadsTo.map(linkTo)) }),
      ...contentOf(route, answer),
    };
  }
  return responses;
}

function contentOf({ lines }: RouteSpec, given: RouteSpec['answers'][number]) {
  const { body, mediaType = 'application/json', streamedAs } = given;
  if (body === null) return {};
  if (lines !== undefined) return { content: contentOfLines(lines.given) };
  const stream = streamedAs === undefined ? {} : { [streamedAs]: { schema: { type: 'string' as const } } };
  return { content: { [mediaType]: { schema: body }, ...stream } };
}

/** The type of a response knows no extensions, which OpenAPI allows everywhere. */
function extension(name: `x-${string}`, value: unknown): Record<string, unknown> {
  return { [name]: value };
}

function linkTo(operationId: string) {
  return [operationId, { operationId, parameters: { id: '$response.body#/id' } }] as const;
}

function headersOf(codes: readonly AppErrorCode[]): Record<string, string> {
  const names = codes.flatMap((code) => {
    const kind = PROBLEMS[code];
    return 'headers' in kind ? Object.entries(kind.headers) : [];
  });
  return Object.fromEntries(names.map(([name, value]) => [name, `For example \`${value}\`.`]));
}

function describeHeaders(headers: Readonly<Record<string, string>>) {
  const all = Object.entries({ ...headers, 'X-Request-Id': REQUEST_ID });
  return Object.fromEntries(
    all.map(([name, description]) => [name, { description, schema: { type: 'string' as const } }]),
  );
}
