import { setImmediate } from 'node:timers/promises';
import { z } from '@hono/zod-openapi';
import { AppError } from '../../domain/app-error.ts';
import type { IdempotencyClaim } from '../../intake/accepting.ts';
import type { Notifications } from '../../intake/notifications.ts';
import { createTurns } from '../../intake/turns.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { inOrder } from '../kit/in-order.ts';
import { type Line, type LineGroup, linesOf } from '../kit/lines.ts';
import { asAppError, isForOperators, type LogError, problemOf, problemSchema } from '../kit/problem.ts';
import { MAX_BODY_OCTETS } from '../kit/raw-body.ts';
import type { ApiContext } from '../kit/request-context.ts';
import { answer, defineRoute } from '../kit/route.ts';
import { LINES_MEDIA_TYPE } from '../kit/route-description.ts';
import type { Router } from '../kit/router.ts';
import { type BodyStream, streamOf, untilAborted } from '../kit/streams.ts';
import { lineSchema, readLine } from './bulk-line.ts';
import { acceptedWire } from './notification-answer.ts';
import { notificationExample } from './notification-schema.ts';

/**
 * Measured on SQLite with 8000 lines, medians of three on a busy machine: with 1, 2, 4, 8 and 16 groups at once they took 10.6, 7.2,
 * 7.4, 6.0 and 21 s, all for the same CPU, and a single call beside them waited 37, 61, 120, 207 and 1100 ms.
 */
const MOST_GROUPS_AT_ONCE = 2;

const RESULTS = ['accepted', 'repeated', 'refused', 'failed'] as const;

export const resultSchema = answerBody('BulkNotificationResult', {
  line: z.int().openapi({ description: 'Which line of the body, from 1; empty lines are counted, and get no result.' }),
  status: answerWord(
    'BulkNotificationStatus',
    RESULTS,
    '`repeated`: the same line came before. `refused`: mend the line. `failed`: send it again.',
  ),
  id: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  warnings: z.array(z.string()).openapi({ description: 'What may keep it from some devices. Empty, as a rule.' }),
  problem: problemSchema.optional(),
});

const bulkRoute = defineRoute({
  method: 'post',
  path: '/v1/notifications/bulk',
  operationId: 'sendManyNotifications',
  tag: 'Notifications',
  summary: 'Send many notifications: one a line, one result a line',
  description:
    'Lines stand alone: one that is refused costs only itself. Results come in the order of the lines, while further lines are still ' +
    'being sent. Where fewer results come than lines were sent, send the same again: what was accepted before is answered as `repeated`. ' +
    'A line has its key within; the header `Idempotency-Key` is refused.',
  access: 'key',
  scope: 'send',
  isUnaudited: 'on_record',
  lines: {
    taken: { name: 'BulkNotificationLine', schema: lineSchema },
    given: { name: 'BulkNotificationResult', schema: resultSchema },
    example: `${JSON.stringify({ idempotency_key: 'order-42-shipped', ...notificationExample })}\n`,
  },
  answers: {
    200: {
      description: 'One result a line.',
      body: z.custom<ReadableStream<Uint8Array>>(),
      mediaType: LINES_MEDIA_TYPE,
    },
  },
  errors: [],
});

type Result = z.input<typeof resultSchema>;

export type BulkParts = {
  readonly notifications: Pick<Notifications, 'accept'>;
  readonly logError: LogError;
  readonly stopping?: AbortSignal;
};

/** Many notifications in one call, streamed both ways. */
export function addBulkNotificationRoute(router: Router, parts: BulkParts): void {
  router.add(bulkRoute, async (_, c) => {
    const body = c.get('bodyStream');
    if (body === undefined) throw new Error('the router opens a stream for each route that takes lines');
    // nginx would keep results back until there are many.
    return answer(200, streamOf(resultsOf(parts, c, body), body), { 'X-Accel-Buffering': 'no' });
  });
}

/** The results as text, group by group. Ends early where the store is away or the server stops: the rest is to be sent again. */
async function* resultsOf(parts: BulkParts, c: ApiContext, { chunks }: BodyStream): AsyncGenerator<string> {
  const ending = new AbortController();
  const { signal } = ending;
  const end = (): void => ending.abort();
  if (parts.stopping?.aborted) end();
  parts.stopping?.addEventListener('abort', end);
  const acceptor = createAcceptor(parts, c);
  const work = async (group: LineGroup): Promise<readonly Result[]> => {
    // Else a body that is there at once would leave no turn to anything else.
    await setImmediate();
    return Promise.all(group.map(acceptor));
  };
  try {
    const groups = untilAborted(linesOf(chunks, MAX_BODY_OCTETS), signal);
    for await (const results of inOrder(groups, MOST_GROUPS_AT_ONCE, work)) {
      if (results.some(({ problem }) => problem?.status === 503)) end();
      yield results.map((result) => `${JSON.stringify(result)}\n`).join('');
    }
  } catch (error) {
    // The body broke off, and with it the connection: nobody is there to be told.
    if (!(error instanceof AppError)) throw error;
  } finally {
    parts.stopping?.removeEventListener('abort', end);
  }
}

/** Accepts lines of one call. Never rejects. */
function createAcceptor({ notifications, logError }: BulkParts, c: ApiContext): (line: Line) => Promise<Result> {
  const turns = createTurns();
  const requestId = c.get('requestId');
  const logged = new Set<string>();
  const problemFor = (thrown: unknown) => {
    const error = asAppError(thrown);
    // Once: what keeps one line out mostly keeps out thousands.
    if (isForOperators(error) && !logged.has(error.code)) logError(error, requestId);
    logged.add(error.code);
    return problemOf(error, requestId).body;
  };
  const refused = (thrown: unknown, common: Pick<Result, 'line' | 'idempotency_key'>): Result => {
    const problem = problemFor(thrown);
    return { ...common, status: problem.status >= 500 ? 'failed' : 'refused', id: null, warnings: [], problem };
  };
  return async (line) => {
    const read = readLine(line);
    const common = { line: line.number, idempotency_key: read.key };
    if ('error' in read) return refused(read.error, common);
    const { key, request, octets } = read;
    try {
      // Of two lines with one key, the first in the body is the first.
      const accepted = await turns(key, () =>
        notifications.accept({ ...request, trace: c.get('trace') }, claimOf(c, key, octets)),
      );
      const { id, warnings, replayed } = acceptedWire(accepted);
      return { ...common, status: replayed ? 'repeated' : 'accepted', id, warnings };
    } catch (thrown) {
      return refused(thrown, common);
    }
  };
}

function claimOf(c: ApiContext, key: string | null, rawBody: Uint8Array): IdempotencyClaim | null {
  const { method, path } = c.req;
  return key === null ? null : { keyId: c.get('caller')?.keyId ?? '', key, method, path, rawBody };
}
