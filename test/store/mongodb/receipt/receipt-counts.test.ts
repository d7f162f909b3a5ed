import { expect, it } from 'vitest';
import type { ReceiptMark } from '../../../../src/domain/receipt/receipt.ts';
import { openOutbox } from '../../../../src/store/mongodb/event/outbox.ts';
import { mongoReceipts } from '../../../../src/store/mongodb/receipt/receipts.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import { fannedOut } from '../../../contract/fresh-store.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { collectionsWithStep } from '../../../support/mongodb-steps.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** At each write of keeping and counting, up to one that it never gets to. */
const STEPS = Array.from({ length: 6 }, (_, step) => step);

describeWithMongod('counts of receipts, by several processes', () => {
  const suite = mongoForSuite();
  const processOf = (step: number, atStep: () => Promise<void>) =>
    mongoReceipts(collectionsWithStep(suite.collections, step, atStep), trackOperations(5000));

  const scene = async (isCountedBefore: boolean) => {
    const { notification, deliveries } = await fannedOut(suite.store, 6);
    const marks = deliveries.map(({ id: deliveryId }): ReceiptMark => ({ deliveryId, name: 'shown', atMs: NOW_MS }));
    const { receipts } = suite.store;
    if (isCountedBefore) {
      await receipts.keep(marks.slice(0, 2));
      await receipts.counts(notification.id);
    }
    const told = [...marks, ...marks.map((mark) => ({ ...mark, name: 'clicked' }))];
    return { id: notification.id, told, receipts };
  };

  it.each(STEPS.flatMap((step) => [true, false].map((isCountedBefore) => ({ step, isCountedBefore }))))(
    'are right whoever dies before write $step, or is overtaken there; counted before: $isCountedBefore',
    async ({ step, isCountedBefore }) => {
      const dying = await scene(isCountedBefore);
      const dead = processOf(step, () => Promise.reject(new Error('killed')));
      await dead
        .keep(dying.told)
        .then(() => dead.counts(dying.id))
        .catch(() => null);
      // The device was not answered, and tells again.
      await dying.receipts.keep(dying.told);
      for (let read = 0; read < 2; read += 1)
        expect(Object.fromEntries(await dying.receipts.counts(dying.id))).toEqual({ shown: 6, clicked: 6 });

      const slow = await scene(isCountedBefore);
      const overtaken = processOf(step, async () => {
        await slow.receipts.keep(slow.told);
        await slow.receipts.counts(slow.id);
      });
      await overtaken.keep(slow.told);
      expect(Object.fromEntries(await overtaken.counts(slow.id))).toEqual({ shown: 6, clicked: 6 });
      expect(Object.fromEntries(await slow.receipts.counts(slow.id))).toEqual({ shown: 6, clicked: 6 });
    },
  );

  it('are announced, once each, where that is asked for', async () => {
    const collections = suite.collections;
    openOutbox(collections, { types: ['receipt.recorded'], clock: { now: () => NOW_MS } });
    const { deliveries } = await fannedOut(suite.store, 1);
    const deliveryId = deliveries[0]!.id;
    const marks = ['shown', 'clicked', 'clicked open'].map((name) => ({ deliveryId, name, atMs: NOW_MS }));
    const receipts = mongoReceipts(collections, trackOperations(5000));
    for (let told = 0; told < 2; told += 1) await receipts.keep(marks);
    while ((await suite.store.events.relay(100)) > 0);
    const events = await suite.store.events.after(0, 1000);
    const data = events.filter(({ type }) => type === 'receipt.recorded').map((event) => event.data);
    expect(data).toHaveLength(2);
    expect(data).toEqual(
      expect.arrayContaining([
        { deliveryId, event: 'shown', action: null },
        { deliveryId, event: 'clicked', action: 'open' },
      ]),
    );
  });

  it('are right while three processes keep and count more than one change of them takes', async () => {
    const { notification, deliveries } = await fannedOut(suite.store, 40);
    const names = Array.from({ length: 40 }, (_, index) => `clicked ${index}`);
    const marks = deliveries.flatMap(({ id: deliveryId }) => names.map((name) => ({ deliveryId, name, atMs: NOW_MS })));
    const processes = Array.from({ length: 3 }, () => processOf(-1, async () => {}));
    await Promise.all(
      processes.map(async (process, which) => {
        const own = which === 0 ? marks : which === 1 ? marks.toReversed() : marks.slice(800);
        for (let from = 0; from < own.length; from += 200) await process.keep(own.slice(from, from + 200));
        await process.counts(notification.id);
      }),
    );
    const counts = await suite.store.receipts.counts(notification.id);
    expect(counts.size).toBe(40);
    expect(new Set(counts.values())).toEqual(new Set([40]));
  });
});
