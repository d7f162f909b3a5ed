import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Access, Judged } from '../../access/access.ts';
import { AppError } from '../../domain/app-error.ts';
import { isResourceId } from '../../domain/ids.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { type Audit, audited } from './audited.ts';
import { demandScope, judgeCaller } from './authenticate.ts';
import { type BodyReader, MAX_BODY_OCTETS, mayHaveBody, NO_BODY, sha256Of, wholeOf } from './raw-body.ts';
import type { ApiContext, ApiEnv } from './request-context.ts';
import { readInput } from './request-input.ts';
import type { RouteHandler, RouteSpec } from './route.ts';
import { describeRoute } from './route-description.ts';
import type { StreamedBodies } from './streamed-body.ts';

/** Takes the routes of every resource, and handles each request as the description of its route says. */
export type Router = {
  add<R extends RouteSpec>(route: R, handle: RouteHandler<R>): void;
  /** The patterns of all routes that were added, such as `/v1/notifications/:id`. */
  patterns(): readonly string[];
  /** Answers the other methods of each known path. Call it once, after all routes were added. */
  closeMethods(): void;
};

type RouterParts = {
  readonly access: Access;
  readonly bodies: BodyReader;
  readonly streamed: StreamedBodies;
  readonly audit: Audit;
};

/** Routes on this app. A route that needs a key asks `access` who calls; `audit` is told of what is about to change. */
export function createRouter(app: OpenAPIHono<ApiEnv>, { access, bodies, streamed, audit }: RouterParts): Router {
  const methodsByPattern = new Map<string, string[]>();
  return {
    add(route, handle) {
      const pattern = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
      methodsByPattern.set(pattern, [...(methodsByPattern.get(pattern) ?? []), route.method.toUpperCase()]);
      app.openAPIRegistry.registerPath(describeRoute(route));
      const { taken, given } = route.lines ?? {};
      for (const of of [taken, given]) if (of !== undefined) app.openAPIRegistry.register(of.name, of.schema);
      // One handler, not a chain: each link would cost a promise and a closure for every request.
      app.on(route.method, pattern, async (c) => {
        c.set('route', pattern);
        const judged = route.access === 'open' ? null : judgeCaller(c, access, route);
        if (route.lines !== undefined && judged !== null) c.set('bodyStream', await streamed.take(c, route, judged));
        else if (judged?.kind === 'signed' || mayHaveBody(c)) await takeBody(c, { route, judged, access, bodies });
        c.set('resourceId', ourId(c.req.param('id')));
        const input = readInput(route, c);
        const { status, body, headers } = await audited(audit, { route, body: input.body }, c, () => handle(input, c));
        if (c.get('resourceId') === null) c.set('resourceId', ourId((body as { id?: unknown } | null)?.id));
        const described = route.answers[status as number];
        const octets = body === null ? null : serialise(body, described);
        return responseOf(c, { status: status as number, octets, headers }, described?.mediaType);
      });
    },
    patterns: () => [...methodsByPattern.keys()],
    closeMethods() {
      // First those without a parameter: `/v1/subscriptions/import` is no id of a subscription.
      const patterns = [...methodsByPattern].sort(([one], [other]) => +one.includes(':') - +other.includes(':'));
      for (const [pattern, methods] of patterns) app.all(pattern, nameRoute(pattern), otherMethod(methods));
    },
  };
}

type Taking = {
  readonly route: RouteSpec;
  readonly judged: Judged | null;
  readonly access: Access;
  readonly bodies: BodyReader;
};

/** Takes the body, and judges the signature that covers it. Nothing of it is parsed before. */
async function takeBody(c: ApiContext, { route, judged, access, bodies }: Taking): Promise<void> {
  let body = NO_BODY;
  if (mayHaveBody(c)) {
    if (route.body === undefined) await bodies.refuse(c);
    else body = await bodies.receive(c, { mostOctets: MAX_BODY_OCTETS, isUnverified: judged?.kind !== 'key' });
  }
  try {
    if (judged?.kind === 'signed' && route.access !== 'open') {
      const caller = await access.verifyBody(judged.head, sha256Of(body));
      c.set('caller', caller);
      demandScope(caller, route.scope);
    }
    c.set('rawBody', wholeOf(body));
  } finally {
    body.letGo();
  }
}

type Octets = string | Uint8Array<ArrayBuffer> | ReadableStream;

type Answer = {
  readonly status: number;
  readonly octets: Octets | null;
  readonly headers: Readonly<Record<string, string>> | undefined;
};

/** The headers are a plain object, which the server writes as it is: a Headers object would be built and taken apart again. */
function responseOf(c: ApiContext, { status, octets, headers }: Answer, mediaType = 'application/json'): Response {
  c.set('hasCommonHeaders', true);
  const all: Record<string, string> = { ...ANSWER_HEADERS, ...headers, 'X-Request-Id': c.get('requestId') };
  if (octets !== null) all['Content-Type'] ??= mediaType;
  return new Response(octets, { status, headers: all });
}

function serialise(body: unknown, answer: RouteSpec['answers'][number] | undefined): Octets {
  if (body instanceof ReadableStream || body instanceof Uint8Array) return body as Octets;
  return answer?.mediaType === undefined ? JSON.stringify(body) : String(body);
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
