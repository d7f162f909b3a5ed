import { z } from '@hono/zod-openapi';
import { RECEIPT_EVENTS, type Receipt, type ReceiptCounts } from '../../domain/receipt/receipt.ts';
import { answerBody, answerWord } from '../kit/answer-schema.ts';
import { instant, isoOf } from '../kit/wire-fields.ts';

/** What devices shall tell. */
export const tracking = z.array(z.enum(RECEIPT_EVENTS)).max(RECEIPT_EVENTS.length);

export const receiptEvent = answerWord('ReceiptEvent', RECEIPT_EVENTS, 'What a device told.');

const count = z.int();

export const receiptCountsSchema = answerBody('ReceiptCounts', {
  shown: count.openapi({ description: 'Deliveries that a device showed, as far as devices told.' }),
  clicked: count.openapi({ description: 'Deliveries that somebody clicked, whatever of them.' }),
  closed: count.openapi({ description: 'Deliveries that somebody closed without a click.' }),
  actions: z
    .record(z.string(), z.int())
    .openapi({ description: 'Of those clicked, how many by which button, by its `action`.' }),
  is_counting: z.boolean().openapi({
    description: 'These are the counts so far, and more that devices told is being counted: look again in a moment.',
  }),
});

export const receiptSchema = answerBody('Receipt', {
  event: receiptEvent,
  action: z.string().nullable().openapi({ description: 'Of the button that was clicked.' }),
  at: instant,
});

export function receiptCountsWire({ shown, clicked, closed, actions }: ReceiptCounts, isCounting: boolean) {
  return { shown, clicked, closed, actions: Object.fromEntries(actions), is_counting: isCounting };
}

/** What a device told, as callers see it. */
export function receiptWire({ event, action, atMs }: Receipt): z.output<typeof receiptSchema> {
  return { event, action: action === '' ? null : action, at: isoOf(atMs) };
}
