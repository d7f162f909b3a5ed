import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReceiptMark } from '../../src/domain/receipt/receipt.ts';
import { endingAs, NOW_MS } from '../support/samples.ts';
import { claimed, fannedOut, freshStore, type OpenStore } from './fresh-store.ts';

const NAMES = ['shown', 'clicked', 'clicked ', 'clicked open', 'clicked \ud800 $a.b', 'closed'];

/** What devices told: once for each delivery and name, whatever is repeated, and counted. */
export function receiptContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('keeps the first of each delivery and name, and says which those were', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 2);
    const [one, two] = deliveries.map(({ id }) => id) as [string, string];
    const mark = (deliveryId: string, name: string, atMs: number): ReceiptMark => ({ deliveryId, name, atMs });
    expect(await store.receipts.keep([])).toEqual([]);
    const first = [mark(one, 'shown', NOW_MS + 5), mark(one, 'shown', NOW_MS), mark(two, 'shown', NOW_MS)];
    expect(await store.receipts.keep(first)).toEqual([true, false, true]);
    const second = [mark(one, 'shown', NOW_MS), mark(one, 'clicked open', NOW_MS + 7)];
    expect(await store.receipts.keep(second)).toEqual([false, true]);
    const kept = await (await fresh.reopen()).receipts.ofDelivery(one);
    expect(kept.toSorted((a, b) => a.atMs - b.atMs)).toEqual([first[0], second[1]]);
    const counts = await fresh.store.receipts.counts(notification.id);
    expect([...counts].sort()).toEqual([
      ['clicked open', 1],
      ['shown', 2],
    ]);
  });

  it('keeps nothing of a delivery that is not there', async () => {
    const { store } = fresh;
    const { deliveries } = await fannedOut(store, 1);
    const gone = `${deliveries[0]!.id.slice(0, -1)}x`;
    expect(await store.receipts.keep([{ deliveryId: gone, name: 'shown', atMs: NOW_MS }])).toEqual([false]);
    expect(await store.receipts.ofDelivery(gone)).toEqual([]);
    expect([...(await store.receipts.counts(deliveries[0]!.notificationId))]).toEqual([]);
  });

  it('counts once whatever is repeated, in whatever groups it comes', async () => {
    const { store } = fresh;
    const mark = fc.record({ delivery: fc.nat(3), name: fc.constantFrom(...NAMES), atMs: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(mark, { maxLength: 6 }), { maxLength: 6 }), async (calls) => {
        const { notification, deliveries } = await fannedOut(store, 4);
        const told = calls.map((call) =>
          call.map(({ delivery, name, atMs }) => ({ deliveryId: deliveries[delivery]!.id, name, atMs })),
        );
        const answers = await Promise.all(told.map((marks) => store.receipts.keep(marks)));
        const pairs = new Set(told.flat().map(({ deliveryId, name }) => `${deliveryId}\n${name}`));
        expect(answers.flat().filter(Boolean)).toHaveLength(pairs.size);
        const counts = await store.receipts.counts(notification.id);
        for (const name of NAMES) {
          const expected = [...pairs].filter((pair) => pair.endsWith(`\n${name}`)).length;
          expect(counts.get(name) ?? 0, JSON.stringify(name)).toBe(expected);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('keeps one of fifty that come at the same time', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 1);
    const marks = ['shown', 'clicked', 'clicked open'].map((name) => ({
      deliveryId: deliveries[0]!.id,
      name,
      atMs: NOW_MS,
    }));
    const answers = await Promise.all(Array.from({ length: 50 }, () => store.receipts.keep(marks)));
    expect(answers.flat().filter(Boolean)).toHaveLength(3);
    const reads = await Promise.all(Array.from({ length: 5 }, () => store.receipts.counts(notification.id)));
    for (const counts of reads) expect([...counts.values()]).toEqual([1, 1, 1]);
  });

  it('counts as long as a reader waits, and says whether that was all', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 40);
    const names = Array.from({ length: 60 }, (_, index) => `clicked ${index}`);
    const marks = deliveries.flatMap(({ id: deliveryId }) => names.map((name) => ({ deliveryId, name, atMs: NOW_MS })));
    await store.receipts.keep(marks);
    const read = () => store.receipts.countsWithin(notification.id, 0);
    let found = await read();
    const sum = () => [...found.counts.values()].reduce((all, count) => all + count, 0);
    for (; !found.isWhole; found = await read()) expect(sum()).toBeLessThanOrEqual(marks.length);
    expect(sum()).toBe(marks.length);
  });

  it('forgets them with their notification', async () => {
    const { store } = fresh;
    const { notification, deliveries } = await fannedOut(store, 3, { notification: { acceptedAtMs: NOW_MS - 2 } });
    const marks = deliveries.map(({ id: deliveryId }) => ({ deliveryId, name: 'shown', atMs: NOW_MS }));
    await store.receipts.keep(marks);
    const leases = await Promise.all(deliveries.map(({ id }) => claimed(store, id)));
    await store.deliveries.settleMany(leases.map((lease) => endingAs('delivered', lease)));
    expect([...(await store.receipts.counts(notification.id))]).toEqual([['shown', 3]]);
    expect(await store.retention.forget(NOW_MS, 10)).toBe(1);
    expect([...(await store.receipts.counts(notification.id))]).toEqual([]);
    for (const { id } of deliveries) expect(await store.receipts.ofDelivery(id)).toEqual([]);
    expect(await store.receipts.keep(marks)).toEqual([false, false, false]);
  });
}
