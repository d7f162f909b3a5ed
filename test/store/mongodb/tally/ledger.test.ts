import { expect, it } from 'vitest';
import type { Delivery } from '../../../../src/domain/delivery/delivery.ts';
import { talliesFrom } from '../../../../src/domain/tally/tally.ts';
import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { claimAll } from '../../../../src/store/mongodb/delivery/claims.ts';
import { Leases } from '../../../../src/store/mongodb/delivery/leases.ts';
import { Ledger } from '../../../../src/store/mongodb/tally/ledger.ts';
import { readKept, sumOf } from '../../../../src/store/mongodb/tally/recount.ts';
import { fannedOut } from '../../../contract/fresh-store.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { NOW_MS } from '../../../support/samples.ts';

const LONG_AFTER_MS = Date.now() + 3_600_000;

describeWithMongod('what processes count on MongoDB', () => {
  const mongo = mongoForSuite();
  const failed = async () => (await mongo.store.tallies.read()).tallies['ended failed'];
  const another = () => new Ledger(mongo.collections);
  /** What a process has on record that counted so many dead letters. */
  const processOf = async (count: number): Promise<Ledger> => {
    const ledger = another();
    ledger.book.add('ended failed', count);
    await ledger.keep(Date.now());
    return ledger;
  };

  it('adds up, and a write that is repeated counts once', async () => {
    const before = await failed();
    const one = await processOf(2);
    await processOf(3);
    await one.keep(Date.now());
    expect(await failed()).toBe(before + 5);
    one.book.add('ended failed', -2);
    await one.keep(Date.now());
    expect(await failed()).toBe(before + 3);
  });

  it('keeps what could not be written, until it can', async () => {
    const before = await failed();
    let isAway = true;
    const tallies = new Proxy(mongo.collections.tallies, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: never[]) => {
          if (isAway && name === 'updateOne') return Promise.reject(new Error('away'));
          return value.apply(target, args) as unknown;
        };
      },
    });
    const ledger = new Ledger({ ...mongo.collections, tallies } as Collections);
    ledger.book.add('ended failed', 4);
    await expect(ledger.keep(Date.now())).rejects.toThrow('away');
    ledger.book.add('ended failed', 1);
    isAway = false;
    await ledger.keep(Date.now());
    expect(await failed()).toBe(before + 5);
  });

  it('counts rows again once a process was killed, which takes what it had not kept with it', async () => {
    await mongo.store.tallies.recount(Date.now());
    const { deliveries } = await fannedOut(mongo.store, 3);
    const killed = { ...mongo.collections };
    const claim = { deliveryId: deliveries[0]!.id, attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 60_000 };
    await claimAll(killed, new Leases(), [claim]);
    // It had said that it lives, and never that it ends.
    await another().keep(Date.now());
    expect(await mongo.store.tallies.isRecountDue(Date.now())).toBe(false);
    expect(await mongo.store.tallies.isRecountDue(LONG_AFTER_MS)).toBe(true);
    const wrong = await mongo.store.tallies.recount(LONG_AFTER_MS);
    expect(wrong.map(({ name, had, found }) => [name, found - had]).sort()).toEqual([
      ['open normal pending', -1],
      ['open normal sending', 1],
    ]);
    expect(await mongo.store.tallies.recount(LONG_AFTER_MS)).toEqual([]);
    expect(await mongo.store.tallies.isRecountDue(LONG_AFTER_MS)).toBe(false);
    const { tallies } = await mongo.store.tallies.read();
    expect([tallies['open normal pending'], tallies['open normal sending']]).toEqual([2, 1]);
  });

  const steps: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
    ['it is marked', (_id) => mongo.collections.tallies.updateOne({ _id }, { $set: { isFolded: true } })],
    [
      'it is added',
      (_id) =>
        mongo.collections.tallies.updateOne(
          { _id: 'base', folded: { $ne: _id } },
          { $inc: { 'counts.ended failed': 7, version: 1 }, $push: { folded: _id } as never },
        ),
    ],
    ['it is deleted', (_id) => mongo.collections.tallies.deleteOne({ _id })],
  ];

  it.each([0, 1, 2, 3])('is taken over by others, whoever dies after step %d of it', async (done) => {
    await mongo.store.tallies.recount(LONG_AFTER_MS);
    const sum = async () => sumOf(mongo.collections, await readKept(mongo.collections))['ended failed'];
    const before = await sum();
    const gone = await processOf(7);
    expect(await sum()).toBe(before + 7);
    for (const [, step] of steps.slice(0, done)) {
      await step(gone.id);
      expect(await sum()).toBe(before + 7);
    }
    // No row is there for the seven, so that they are corrected once they are taken over.
    await mongo.store.tallies.recount(LONG_AFTER_MS);
    expect(await sum()).toBe(0);
    const left = await mongo.collections.tallies.find({}).toArray();
    expect(left.map(({ _id }) => _id)).not.toContain(gone.id);
    expect(left.find(({ _id }) => _id === 'base')?.folded ?? []).toEqual([]);
  });

  it('goes on under another name where it was taken for gone while it stood still', async () => {
    await mongo.store.tallies.recount(LONG_AFTER_MS);
    const slow = await processOf(5);
    const name = slow.id;
    await mongo.store.tallies.recount(LONG_AFTER_MS);
    const before = await failed();
    slow.book.add('ended failed', 2);
    await slow.keep(LONG_AFTER_MS);
    expect(slow.id).not.toBe(name);
    expect(await failed()).toBe(before + 2);
  });

  it('counts rows that were there before there were counts, and says so until then', async () => {
    const fanned = await fannedOut(mongo.store, 2);
    expect(fanned.deliveries.map((delivery: Delivery) => delivery.state)).toEqual(['pending', 'pending']);
    const rows = await mongo.collections.deliveries.countDocuments({ state: 'pending' });
    await mongo.collections.tallies.deleteMany({});
    expect(await mongo.store.tallies.isRecountDue(Date.now())).toBe(true);
    expect((await mongo.store.tallies.read()).isCounted).toBe(false);
    await mongo.store.tallies.recount(Date.now());
    const { tallies, isCounted } = await mongo.store.tallies.read();
    expect([tallies['open normal pending'], isCounted]).toEqual([rows, true]);
    expect(talliesFrom(new Map())['ended failed']).toBe(0);
  });
});
