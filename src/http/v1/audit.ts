import { z } from '@hono/zod-openapi';
import { AUDIT_AUTHORS, type AuditEntry, type Sealed } from '../../domain/audit/audit-entry.ts';
import type { AuditLog } from '../../intake/audit-log.ts';
import { answerBody, answerWord, pageOf } from '../kit/answer-schema.ts';
import { answer, defineRoute } from '../kit/route.ts';
import { LINES_MEDIA_TYPE, linesSchema } from '../kit/route-description.ts';
import type { Router } from '../kit/router.ts';
import { instant, isoOf, moment, pageQuery, pageRequest } from '../kit/wire-fields.ts';

const AUDIT_PATH = '/v1/audit';

const sealedSchema = answerBody('SealedName', {
  text: z.string().nullable().openapi({ description: 'Null where it was erased.' }),
  salt: z.string().nullable(),
  seal: z.string().openapi({ description: 'SHA-256 of salt, line feed and text, in base64url.' }),
});

export const auditEntrySchema = answerBody('AuditEntry', {
  seq: z.int().openapi({ format: 'int64', description: '1 for the first; none is left out.' }),
  at: instant,
  by: answerWord('AuditAuthor', AUDIT_AUTHORS, 'Whether a key, a person at the console or a command changed it.'),
  who: sealedSchema,
  action: z.string().openapi({ description: 'The operation, as this document names it.' }),
  target: sealedSchema,
  from: sealedSchema,
  request_id: z.string(),
  refusal: z
    .string()
    .nullable()
    .openapi({ description: 'Why nothing was changed after all; null in the entry before the change.' }),
  previous: z.string().openapi({ description: 'The hash of the entry before; empty in the first.' }),
  hash: z.string(),
});

const name = z.string().max(200).optional();

const listRoute = defineRoute({
  method: 'get',
  path: AUDIT_PATH,
  operationId: 'listAudit',
  tag: 'Audit',
  summary: 'List who changed what, newest first',
  access: 'key',
  scope: 'read',
  query: pageQuery.extend({
    who: name.openapi({ description: 'Of this key or operator.' }),
    action: name.openapi({ description: 'Of this operation.' }),
    target: name.openapi({ description: 'Done to this.' }),
    from: moment.optional().openapi({ description: 'At or after this instant.' }),
    until: moment.optional().openapi({ description: 'Before this instant.' }),
  }),
  answers: { 200: { description: 'One page.', body: pageOf('AuditPage', auditEntrySchema) } },
  errors: ['invalid_cursor'],
});

const exportRoute = defineRoute({
  method: 'get',
  path: `${AUDIT_PATH}/export`,
  operationId: 'exportAudit',
  tag: 'Audit',
  summary: 'The whole chain as NDJSON, oldest first',
  description: 'One entry a line, as the listing has them. `bellhop verify-audit FILE` checks such a file.',
  access: 'key',
  scope: 'read',
  query: z.object({
    after: z
      .string()
      .regex(/^\d{1,15}$/)
      .optional()
      .openapi({ description: 'Only those after this `seq`.' }),
  }),
  answers: {
    200: {
      description: 'The entries.',
      body: z.custom<ReadableStream<Uint8Array>>().openapi(linesSchema('AuditEntry')),
      mediaType: LINES_MEDIA_TYPE,
    },
  },
  errors: [],
});

/** Who changed what. */
export function addAuditRoutes(router: Router, audit: AuditLog): void {
  router.add(listRoute, async ({ query: { who, action, target, from = null, until = null, ...page } }) => {
    const filter = { who: who ?? null, action: action ?? null, target: target ?? null };
    const { items, next } = await audit.list({ ...pageRequest(page), filter, fromMs: from, untilMs: until });
    return answer(200, { items: items.map(auditWire), next_cursor: next });
  });
  router.add(exportRoute, async ({ query }) => answer(200, auditLines(audit, Number(query.after ?? 0))));
}

/** The chain as NDJSON, read as fast as it is taken. */
export function auditLines(audit: AuditLog, afterSeq: number): ReadableStream<Uint8Array> {
  const pieces = audit.pieces(afterSeq);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value.map((entry) => `${JSON.stringify(auditWire(entry))}\n`).join('')));
    },
    cancel: async () => void (await pieces.return(undefined)),
  });
}

function auditWire({ atMs, requestId, who, target, from, ...entry }: AuditEntry): z.output<typeof auditEntrySchema> {
  return {
    ...{ seq: entry.seq, at: isoOf(atMs), by: entry.by, who: plain(who), action: entry.action, target: plain(target) },
    ...{ from: plain(from), request_id: requestId, refusal: entry.refusal, previous: entry.previous, hash: entry.hash },
  };
}

function plain({ text, salt, seal }: Sealed): Sealed {
  return { text, salt, seal };
}
