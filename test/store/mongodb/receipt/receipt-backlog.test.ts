import { expect, it } from 'vitest';
import type { ReceiptMark } from '../../../../src/domain/receipt/receipt.ts';
import { mongoReceipts } from '../../../../src/store/mongodb/receipt/receipts.ts';
import { trackOperations } from '../../../../src/store/mongodb/server/operations.ts';
import { fannedOut } from '../../../contract/fresh-store.ts';
import { atFullSize } from '../../../support/full-size.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { NOW_MS } from '../../../support/samples.ts';
import { until } from '../../../support/until.ts';

const DELIVERIES = atFullSize(10_000, 100);
const NAMES = Array.from({ length: 100 }, (_, index) => `clicked ${index}`);
const AT_ONCE = 5000;
/** As an operation of a process may take, at the full size and at this one. */
const LIMIT_MS = atFullSize(5000, 300);

describeWithMongod('a great many receipts at once', () => {
  const suite = mongoForSuite();
  const sumOf = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const timed = async <Value>(work: () => Promise<Value>): Promise<readonly [number, Value]> => {
    const startMs = performance.now();
    const value = await work();
    return [performance.now() - startMs, value];
  };

  it('are kept in batches, answered with what is counted so far, and all counted by themselves', async () => {
    const { notification, deliveries } = await fannedOut(suite.store, DELIVERIES);
    const marks = deliveries.flatMap(({ id: deliveryId }) =>
      NAMES.map((name): ReceiptMark => ({ deliveryId, name, atMs: NOW_MS })),
    );
    // A process that dies before it comes to counting.
    const dying = mongoReceipts(suite.collections, {
      ...trackOperations(600_000),
      runLong: () => new Promise(() => {}),
    });
    const [keptMs] = await timed(async () => {
      for (let from = 0; from < marks.length; from += AT_ONCE) await dying.keep(marks.slice(from, from + AT_ONCE));
    });
    const reader = mongoReceipts(suite.collections, trackOperations(LIMIT_MS));
    const [firstMs, first] = await timed(() => reader.countsWithin(notification.id, 20));
    expect(first.isWhole).toBe(false);
    expect(sumOf(first.counts)).toBeLessThan(marks.length);
    const [countedMs] = await timed(() =>
      until('all are counted, by nobody who asks', async () => uncounted(notification.id), 240_000),
    );
    const readMs: number[] = [];
    for (let read = 0; read < 20; read += 1) {
      const [ms, { counts, isWhole }] = await timed(() => reader.countsWithin(notification.id, 20));
      expect([sumOf(counts), isWhole]).toEqual([marks.length, true]);
      readMs.push(ms);
    }
    const told = { receipts: marks.length, keptMs, firstMs, countedMs, readMs: readMs.sort((a, b) => a - b)[10] };
    if (atFullSize(1, 0) === 1) process.stdout.write(`${JSON.stringify(told)}\n`);
  }, 600_000);

  const uncounted = async (notificationId: string): Promise<boolean> =>
    (await suite.collections.receipts.findOne({ notificationId, isUncounted: true })) === null;
});
