import { z } from '@hono/zod-openapi';
import { IF_PASSED, type SendAt } from '../../domain/notification/send-at.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { instant, instantText, isoOf, isoOrNull } from '../kit/wire-fields.ts';

const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;

/** A time on the wall, as though it were UTC. */
const localTime = z
  .string()
  .refine((text) => wallMsOf(text) !== null, 'must be a date and a time without a zone, such as 2026-03-29T09:00:00')
  .openapi({ maxLength: 19, pattern: LOCAL_TIME.source, example: '2026-03-29T09:00:00' });

const localInput = z
  .strictObject({
    local: localTime.openapi({ description: 'When clocks show this where the user lives.' }),
    if_passed: z.enum(IF_PASSED).optional().openapi({
      description:
        'What becomes of users whose time had passed when it was accepted. Left out, it is `skip`: they get nothing of it.',
    }),
  })
  .openapi('LocalSendAtInput');

/** What is documented of it. Beside the other form, generated clients would have a choice of types, which some cannot make. */
const sendAtDocs = {
  type: 'string',
  format: 'date-time',
  description:
    'When it is sent, up to 365 days ahead; left out, at once. What `send_at_local` takes is understood here, too.',
} as const;

/** When it is to be sent: an instant; or else a time by the clock of each user, which may stand under either name. */
export const sendAtFields = {
  send_at: z
    .union([instantText, localInput], {
      error: `must be an ISO 8601 instant with a zone, or an object with a \`local\` time and, if wanted, an \`if_passed\` of ${IF_PASSED.join(', ')}`,
    })
    .optional()
    .openapi(sendAtDocs),
  send_at_local: localInput
    .optional()
    .openapi({ description: 'When it is sent, by the clock of each user. Not with `send_at`.' }),
};

type SendAtInput = {
  readonly send_at?: string | z.output<typeof localInput> | undefined;
  readonly send_at_local?: z.output<typeof localInput> | undefined;
};

/** What a caller asks for, in domain terms. */
export function sendAtOf({ send_at: sendAt, send_at_local: local = undefined }: SendAtInput): SendAt | null {
  if (typeof sendAt === 'string') return { kind: 'instant', atMs: Date.parse(sendAt) };
  const asked = sendAt ?? local;
  if (asked === undefined) return null;
  return { kind: 'local', wallMs: wallMsOf(asked.local) ?? 0, ifPassed: asked.if_passed ?? 'skip' };
}

/** Null where there is no such day or time: 30 February is none. */
function wallMsOf(text: string): number | null {
  if (!LOCAL_TIME.test(text)) return null;
  const whole = text.length === 16 ? `${text}:00` : text;
  const wallMs = Date.parse(`${whole}Z`);
  return Number.isNaN(wallMs) || wallText(wallMs) !== whole ? null : wallMs;
}

function wallText(wallMs: number): string {
  return isoOf(wallMs).slice(0, 19);
}

const localSchema = answerBody('LocalSendAt', {
  local: z.string(),
  if_passed: answerWord('IfPassed', IF_PASSED, 'What becomes of users whose time had passed.'),
});

/** What a notification says of its time, as callers see it. */
export const timingFields = {
  send_at: instant
    .nullable()
    .openapi({ description: 'When it is sent. Null where it was at once, or goes by local time.' }),
  send_at_local: localSchema.nullable().openapi({ description: 'At which time by the clock of each user.' }),
  next_wave_at: instant.nullable().openapi({
    description: 'When users are looked for to whom it comes then. Null where none are left, or it is cancelled.',
  }),
  cancelled_at: instant.nullable(),
};

type TimingWire = { readonly [Field in keyof typeof timingFields]: z.output<(typeof timingFields)[Field]> };

export function timingWire({
  sendAt,
  dueAtMs,
  cancelledAtMs,
}: {
  readonly sendAt: SendAt | null;
  readonly dueAtMs: number | null;
  readonly cancelledAtMs: number | null;
}): TimingWire {
  return {
    send_at: sendAt?.kind === 'instant' ? isoOf(sendAt.atMs) : null,
    send_at_local: sendAt?.kind === 'local' ? { local: wallText(sendAt.wallMs), if_passed: sendAt.ifPassed } : null,
    next_wave_at: cancelledAtMs === null ? isoOrNull(dueAtMs) : null,
    cancelled_at: isoOrNull(cancelledAtMs),
  };
}
