import { z } from '@hono/zod-openapi';
import { IF_PASSED, type SendAt } from '../../domain/notification/send-at.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { instant, instantText, isoOf, isoOrNull } from '../kit/wire-fields.ts';

const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;

/** A time on the wall, as though it were UTC. */
const localTime = z
  .string()
  .max(19)
  .refine((text) => wallMsOf(text) !== null, 'must be a date and a time without a zone, such as 2026-03-29T09:00:00')
  .openapi({ pattern: LOCAL_TIME.source, example: '2026-03-29T09:00:00' });

const localInput = z
  .strictObject({
    local: localTime.openapi({ description: 'When clocks show this where the user lives.' }),
    if_passed: z.enum(IF_PASSED).optional().openapi({
      description:
        'What becomes of users whose time had passed when it was accepted. Left out, it is `skip`: they get nothing of it.',
    }),
  })
  .openapi('LocalSendAtInput');

/** When it is to be sent: an instant, or a time by the clock of each user. */
export const sendAtInput = z
  .union([instantText, localInput], {
    error: 'must be an ISO 8601 instant with a zone, or an object with a `local` time',
  })
  .openapi({ description: 'When it is sent; left out, at once. An instant, or a time by the clock of each user.' });

/** What a caller asks for, in domain terms. */
export function sendAtOf(input: z.output<typeof sendAtInput> | undefined): SendAt | null {
  if (input === undefined) return null;
  if (typeof input === 'string') return { kind: 'instant', atMs: Date.parse(input) };
  return { kind: 'local', wallMs: wallMsOf(input.local) ?? 0, ifPassed: input.if_passed ?? 'skip' };
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
