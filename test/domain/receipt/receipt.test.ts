import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  believedAtMs,
  marksOf,
  RECEIPT_EVENTS,
  type Receipt,
  receiptCountsOf,
  receiptsOf,
  type Tracking,
  trackingOf,
} from '../../../src/domain/receipt/receipt.ts';

const tracking = fc.subarray([...RECEIPT_EVENTS]);
const told = fc.record<Receipt>({
  deliveryId: fc.constantFrom('a', 'b'),
  event: fc.constantFrom(...RECEIPT_EVENTS),
  action: fc.constantFrom('', 'open', 'clicked ', '__proto__'),
  atMs: fc.nat(9),
});

/** Each as a store keeps it: the first of a delivery and name. */
function keptOf(receipts: readonly Receipt[], asked: Tracking) {
  const kept = new Map<string, ReturnType<typeof marksOf>[number]>();
  for (const mark of receipts.flatMap((one) => marksOf(one, asked))) {
    const key = `${mark.deliveryId} ${mark.name}`;
    if (!kept.has(key)) kept.set(key, mark);
  }
  return [...kept.values()];
}

describe('receipts', () => {
  it('ask for what all ask for, and for nothing where one asks for none', () => {
    expect(trackingOf(null, undefined)).toEqual(RECEIPT_EVENTS);
    expect(trackingOf(['closed', 'shown'], ['shown', 'clicked'])).toEqual(['shown']);
    fc.assert(fc.property(tracking, tracking, (one, two) => trackingOf(one, [], two).length === 0));
  });

  it('leave nothing of what is not asked for', () => {
    fc.assert(
      fc.property(fc.array(told), tracking, (receipts, asked) => {
        const seen = receiptsOf(keptOf(receipts, asked)).map(({ event }) => event);
        expect(seen.filter((event) => !asked.includes(event))).toEqual([]);
      }),
    );
  });

  it('count each delivery once for an event, and imply that what was clicked was shown', () => {
    fc.assert(
      fc.property(fc.array(told, { maxLength: 12 }), tracking, (receipts, asked) => {
        const sums = new Map<string, number>();
        for (const { name } of keptOf(receipts, asked)) sums.set(name, (sums.get(name) ?? 0) + 1);
        const counts = receiptCountsOf(sums);
        const of = (...events: string[]) =>
          new Set(receipts.filter(({ event }) => events.includes(event)).map(({ deliveryId }) => deliveryId)).size;
        const isAsked = (event: 'shown' | 'clicked' | 'closed') => Number(asked.includes(event));
        expect(counts.closed).toBe(isAsked('closed') * of('closed'));
        expect(counts.clicked).toBe(isAsked('clicked') * of('clicked'));
        const implied = asked.includes('clicked') ? of('shown', 'clicked') : of('shown');
        expect(counts.shown).toBe(isAsked('shown') * implied);
        expect([...counts.actions.keys()]).not.toContain('');
      }),
    );
  });

  it('are read back as they were told, but for repetitions', () => {
    const receipt: Receipt = { deliveryId: 'a', event: 'clicked', action: 'open', atMs: 3 };
    expect(receiptsOf(keptOf([receipt, { ...receipt, atMs: 9 }], RECEIPT_EVENTS))).toEqual([
      { deliveryId: 'a', event: 'shown', action: '', atMs: 3 },
      receipt,
    ]);
  });

  it('believe a clock between the acceptance and now', () => {
    expect([null, 1, 15, 99].map((toldMs) => believedAtMs(toldMs, 10, 20))).toEqual([20, 10, 15, 20]);
  });
});
