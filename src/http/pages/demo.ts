import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../domain/app-error.ts';
import type { Demo, DemoMessage } from '../../intake/demo.ts';
import type { RateLimiter } from '../../intake/rate-limiter.ts';
import { type BodyReader, mayHaveBody, wholeOf } from '../kit/raw-body.ts';
import type { ApiContext, ApiEnv } from '../kit/request-context.ts';
import { readJsonBody } from '../kit/request-input.ts';
import type { StaticFile } from '../kit/static-files.ts';
import { isoOf } from '../kit/wire-fields.ts';
import { link } from '../v1/content-schema.ts';
import { acceptedWire } from '../v1/notification-answer.ts';
import { createDemoLimits } from './demo-limits.ts';
import { streamViews } from './demo-stream.ts';
import { onlyLoopbackNames, onlySameOrigin, visitorOf, welcome } from './demo-visitor.ts';
import { PAGE_HEADERS } from './page-headers.ts';

export type DemoRoutesOptions = {
  readonly demo: Demo;
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly bodies: BodyReader;
  /** Aborted when the service stops, so that every stream ends. */
  readonly stopping: AbortSignal;
  /** Whether the page is for the browsers of this machine alone. */
  readonly isLocal: boolean;
  /** The page, `demo.html`, and all files that the page loads but the SDK. */
  readonly files: readonly StaticFile[];
};

/** The path of the page. Its files and its back end are below this path. */
export const DEMO_PATH = '/demo';
const TOKEN_PATH = `${DEMO_PATH}/token`;
const NOTIFICATIONS_PATH = `${DEMO_PATH}/notifications`;
const EVENTS_PATH = `${NOTIFICATIONS_PATH}/:id/events` as const;

/** A title, a text and a link, each character in as many octets as JSON can make of it. */
const MAX_MESSAGE_OCTETS = 32 * 1024;

const messageBody = z.strictObject({
  title: z.string().min(1).max(200),
  body: z.string().max(1000).optional(),
  url: link.optional(),
});

/**
 * The demo page with a small back end of its own, which `/openapi.json` leaves out. Each browser is a user of its own, and
 * only that browser can send to that user. Add these routes before CORS: no page of another origin may use them.
 */
export function addDemoRoutes(app: OpenAPIHono<ApiEnv>, options: DemoRoutesOptions): void {
  const { demo, bodies } = options;
  const limits = createDemoLimits(options.limiter);
  if (options.isLocal) app.use(`${DEMO_PATH}/*`, onlyLoopbackNames);
  for (const { name, text, mediaType } of options.files) {
    const isPage = name === 'demo.html';
    const path = isPage ? DEMO_PATH : `${DEMO_PATH}/${name}`;
    app.get(path, named(path), (c) => {
      if (isPage) welcome(demo, c, DEMO_PATH);
      return c.body(text, 200, { ...PAGE_HEADERS, 'Content-Type': mediaType });
    });
  }
  const post = (path: string, handle: (c: ApiContext, userId: string) => Promise<Response>) =>
    app.post(path, named(path), onlySameOrigin, async (c) => {
      const userId = welcome(demo, c, DEMO_PATH);
      await limits.spend(userId);
      if (mayHaveBody(c)) await takeBody(c, bodies);
      return handle(c, userId);
    });
  post(TOKEN_PATH, async (c, userId) => {
    const { token, expiresAtMs } = demo.mintToken(userId);
    return c.json({ token, user_id: userId, expires_at: isoOf(expiresAtMs) }, 201, { 'Cache-Control': 'no-store' });
  });
  post(NOTIFICATIONS_PATH, async (c, userId) => {
    const accepted = await demo.send(userId, messageOf(readJsonBody(messageBody, c)));
    c.set('resourceId', accepted.notification.id);
    return c.json({ ...acceptedWire({ ...accepted, isRepeated: false }), payload_octets: accepted.payloadOctets }, 202);
  });
  app.get(EVENTS_PATH, named(EVENTS_PATH), onlySameOrigin, async (c) => {
    const userId = visitorOf(demo, c);
    if (userId === null) throw new AppError('notification_not_found', 'There is no notification with this id.');
    const first = await demo.view(userId, c.req.param('id'));
    c.set('resourceId', first.notification.id);
    return streamViews(c, options, first, { userId, onEnd: limits.openStream(userId) });
  });
  // Preflights end here, too: CORS comes later and must not answer them.
  app.all(`${DEMO_PATH}/*`, () => {
    throw new AppError('route_not_found', 'There is nothing at this path of the demo page.');
  });
}

async function takeBody(c: ApiContext, bodies: BodyReader): Promise<void> {
  const body = await bodies.receive(c, { mostOctets: MAX_MESSAGE_OCTETS, isUnverified: true });
  c.set('rawBody', wholeOf(body));
  body.letGo();
}

function messageOf({ title, body, url }: z.output<typeof messageBody>): DemoMessage {
  return { title, ...(body === undefined ? {} : { body }), ...(url === undefined ? {} : { url }) };
}

function named(pattern: string) {
  return async (c: ApiContext, next: () => Promise<void>): Promise<void> => {
    c.set('route', pattern);
    await next();
  };
}
