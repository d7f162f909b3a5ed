import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Access } from '../../access/access.ts';
import { AppError } from '../../domain/app-error.ts';
import { isResourceId } from '../../domain/ids.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { demandScope, judgeCaller } from './authenticate.ts';
import { MAX_BODY_OCTETS, mayHaveBody, readRawBody } from './raw-body.ts';
import type { ApiContext, ApiEnv } from './request-context.ts';
import { readInput } from './request-input.ts';
import type { RouteHandler, RouteSpec } from './route.ts';
import { describeRoute } from './route-description.ts';

/** Takes the routes of every resource, and handles each request as the description of its route says. */
export type Router = {
  add<R extends RouteSpec>(route: R, handle: RouteHandler<R>): void;
  /** Answers the other methods of each known path. Call it once, after all routes were added. */
  closeMethods(): void;
};

/** Routes on this app. A route that needs a key asks `access` who calls. */
export function createRouter(app: OpenAPIHono<ApiEnv>, access: Access): Router {
  const methodsByPattern = new Map<string, string[]>();
  return {
    add(route, handle) {
      const pattern = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
      methodsByPattern.set(pattern, [...(methodsByPattern.get(pattern) ?? []), route.method.toUpperCase()]);
      app.openAPIRegistry.registerPath(describeRoute(route));
      // One handler, not a chain: each link would cost a promise and a closure for every request.
      app.on(route.method, pattern, async (c) => {
        c.set('route', pattern);
        const judged = route.access === 'open' ? null : judgeCaller(c, access, route);
        if (mayHaveBody(c)) await readRawBody(c, route.body === undefined ? 0 : MAX_BODY_OCTETS);
        if (judged?.kind === 'signed' && route.access !== 'open') {
          const caller = await access.verifyBody(judged.head, c.get('rawBody'));
          c.set('caller', caller);
          demandScope(caller, route.scope);
        }
        c.set('resourceId', ourId(c.req.param('id')));
        const { status, body, headers } = await handle(readInput(route, c), c);
        if (c.get('resourceId') === null) c.set('resourceId', ourId((body as { id?: unknown } | null)?.id));
        return responseOf(c, { status: status as number, body, headers }, route.answers[status as number]?.mediaType);
      });
    },
    closeMethods() {
      for (const [pattern, methods] of methodsByPattern) app.all(pattern, nameRoute(pattern), otherMethod(methods));
    },
  };
}

type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>> | undefined;
};

/** The headers are a plain object, which the server writes as it is: a Headers object would be built and taken apart again. */
function responseOf(c: ApiContext, { status, body, headers }: Answer, mediaType: string | undefined): Response {
  c.set('hasCommonHeaders', true);
  const all: Record<string, string> = { ...ANSWER_HEADERS, ...headers, 'X-Request-Id': c.get('requestId') };
  if (body === null) return new Response(null, { status, headers: all });
  all['Content-Type'] = mediaType ?? 'application/json';
  return new Response(mediaType === undefined ? JSON.stringify(body) : String(body), { status, headers: all });
}

/** The id where it has the form of our ids, else null: a path can hold anything, and the log must not. */
function ourId(id: unknown): string | null {
  return typeof id === 'string' && isResourceId(id) ? id : null;
}

function nameRoute(pattern: string) {
  return async (c: ApiContext, next: () => Promise<void>): Promise<void> => {
    c.set('route', pattern);
    await next();
  };
}

function otherMethod(methods: readonly string[]) {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (c: ApiContext): Response => {
    c.header('Allow', allow);
    if (c.req.method === 'OPTIONS') return c.body(null, 204);
    throw new AppError('method_not_allowed', `This route takes ${allow}.`, { allowed_methods: allow.split(', ') });
  };
}
