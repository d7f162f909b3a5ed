import { z } from '@hono/zod-openapi';
import { eventWire } from '../../domain/event/event-wire.ts';
import { EVENT_TYPES } from '../../domain/event/outbox-event.ts';
import type { EventReader, EventReading, EventStart, Followed } from '../../intake/event-reading.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { instant, pageQuery } from '../kit/wire-fields.ts';

const EVENT_STREAM = 'text/event-stream';

const sequence = z
  .int()
  .min(1)
  .openapi({ format: 'int64', description: 'Its place among all events; none is left out.' });

const eventSchema = answerBody('Event', {
  sequence,
  id: z.string().openapi({ example: 'evt_01kdz9f1v6v6j0q2y3w4x5z6a7' }),
  type: answerWord('EventType', EVENT_TYPES, 'What happened.'),
  at: instant,
  data: z
    .record(z.string(), z.unknown())
    .openapi({ description: 'Ids, counts and words, by type: docs/events.md shows each.' }),
});

export const eventPage = answerBody('EventPage', {
  items: z.array(eventSchema),
  next_after: z.int().min(0).openapi({ format: 'int64', description: 'Give it back as `after` to go on.' }),
  has_more: z.boolean().openapi({ description: 'Whether there is more right now.' }),
  resync: z.boolean().openapi({
    description:
      'True where events after the one you gave are no longer kept, or the store is a backup of before it: read anew what you hold, and ' +
      'go on from here. `items` begin with the oldest that is kept.',
  }),
});

const NUMBER = /^\d{1,15}$/;

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/events',
  operationId: 'listEvents',
  tag: 'Events',
  summary: 'What happened, in one order',
  description:
    'Whoever goes on from `next_after` misses nothing and gets nothing twice. With `Accept: text/event-stream` the same as server-sent events, ' +
    'which go on with what comes: the id of each is its `sequence`, a `resync` event stands for `resync` here. `limit` is then of no account.',
  access: 'key',
  scope: 'read',
  query: z.object({
    limit: pageQuery.shape.limit,
    after: z
      .string()
      .regex(/^(latest|\d{1,15})$/, 'must be a sequence, or latest')
      .optional()
      .openapi({
        description:
          'Only those after this `sequence`; `latest`: only what comes. Left out: from the oldest that is kept.',
        example: '0',
      }),
  }),
  headers: z.object({
    'Last-Event-ID': z
      .string()
      .regex(NUMBER, 'must be the id of an event of this stream')
      .optional()
      .openapi({ description: 'What browsers send when they connect to the stream again. Goes before `after`.' }),
  }),
  answers: {
    200: {
      description: 'One page, or the stream.',
      body: eventPage,
      streamedAs: EVENT_STREAM,
    },
  },
  errors: ['invalid_request'],
});

export type EventRouteParts = {
  readonly eventReader: EventReader;
  /** Aborted when the service stops. */
  readonly stopping?: AbortSignal;
};

/** What was announced, by number. */
export function addEventRoutes(router: Router, { eventReader, stopping }: EventRouteParts): void {
  router.add(listRoute, async ({ query: { after, limit }, headers }, c) => {
    const start = startOf(headers['Last-Event-ID'] ?? after);
    if (!wantsStream(c)) return answer(200, pageWire(await eventReader.read(start, limit)));
    const headersOfStream = { 'Content-Type': EVENT_STREAM, 'X-Accel-Buffering': 'no' };
    return answer(200, streamOf(eventReader, start, stopping), headersOfStream);
  });
}

function startOf(text: string | undefined): EventStart {
  return text === 'latest' ? 'latest' : Number(text ?? 0);
}

/** Only where it is asked for: whoever takes anything gets JSON. */
function wantsStream(c: ApiContext): boolean {
  return (c.req.header('Accept') ?? '').toLowerCase().includes(EVENT_STREAM);
}

function pageWire({ events, nextAfter, hasMore, isResync }: EventReading): z.output<typeof eventPage> {
  return { items: events.map(eventWire), next_after: nextAfter, has_more: hasMore, resync: isResync };
}

/** Read as it is taken: one reading waits for a slow reader, and nothing else. */
function streamOf(reader: EventReader, start: EventStart, stopping?: AbortSignal): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const ended = stopping === undefined ? gone.signal : AbortSignal.any([gone.signal, stopping]);
  const followed = reader.follow(start, ended);
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      // So that whoever connects knows at once that it is connected.
      start: (controller) => controller.enqueue(encoder.encode(': here\n\n')),
      async pull(controller) {
        const { value, done } = await followed.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(blockOf(value)));
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  );
}

function blockOf(followed: Followed): string {
  if (followed === 'still_here') return ': still here\n\n';
  const { events, isResync, nextAfter } = followed;
  const from = (events[0]?.sequence ?? nextAfter + 1) - 1;
  const resync = isResync ? `id: ${from}\nevent: resync\ndata: ${JSON.stringify({ after: from })}\n\n` : '';
  const blocks = events.map((event) => {
    return `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(eventWire(event))}\n\n`;
  });
  return resync + blocks.join('');
}
