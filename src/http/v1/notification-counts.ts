import { z } from '@hono/zod-openapi';
import { DELIVERY_STATES, type DeliveryState } from '../../domain/delivery/delivery.ts';
import type { Counted } from '../../intake/counting.ts';
import { answerBody } from '../kit/answer-schema.ts';
import { instant, isoOf } from '../kit/wire-fields.ts';

const count = z.int();
const counts = answerBody('DeliveryCounts', {
  pending: count,
  held: count,
  sending: count,
  retrying: count,
  delivered: count,
  pruned: count,
  failed: count,
  expired: count,
  cancelled: count,
  total: count,
} satisfies Record<DeliveryState | 'total', z.ZodType>);

/** How far a notification has come, in numbers. */
export const countFields = {
  counts,
  suppressed: z
    .record(z.string(), z.int())
    .openapi({ description: 'How many users got nothing, by reason. The others have deliveries.' }),
  counts_are_at_least: z.boolean().openapi({
    description: 'There are many, which are being counted: `counts` and `suppressed` are at least so high.',
  }),
  counted_at: instant.openapi({
    description:
      'When `counts` and `suppressed` were so. Some ten thousand of a kind are counted as you ask; of more, it may be some seconds ago.',
  }),
};

export function countsWire({ deliveries, suppressed, isAtLeast, countedAtMs }: Counted) {
  const total = DELIVERY_STATES.reduce((sum, state) => sum + deliveries[state], 0);
  return {
    counts: { ...deliveries, total },
    suppressed,
    counts_are_at_least: isAtLeast,
    counted_at: isoOf(countedAtMs),
  };
}
