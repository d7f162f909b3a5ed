import { expect, it } from 'vitest';
import type { Delivery } from '../../../../src/domain/delivery/delivery.ts';
import { claimAll } from '../../../../src/store/mongodb/delivery/claims.ts';
import { Leases } from '../../../../src/store/mongodb/delivery/leases.ts';
import { leaseIn } from '../../../contract/fresh-store.ts';
import { commitPage } from '../../../support/fan-out-page.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import {
  NOW_MS,
  sampleAcceptance,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../../support/samples.ts';

/** A process that claims, and does the next thing to the database only when it is told to. */
type Claimant = { step(): Promise<void>; readonly result: Promise<boolean> };

/** Every order in which two that each do `steps` things can do them. */
function orders(a: number, b: number): readonly (readonly ('a' | 'b')[])[] {
  if (a === 0 && b === 0) return [[]];
  const first = a === 0 ? [] : orders(a - 1, b).map((rest) => ['a' as const, ...rest]);
  const second = b === 0 ? [] : orders(a, b - 1).map((rest) => ['b' as const, ...rest]);
  return [...first, ...second];
}

describeWithMongod('claims of two processes for one subscription', () => {
  const mongo = mongoForSuite();

  const toOne = async (count: number): Promise<readonly Delivery[]> => {
    const subscription = sampleSubscription();
    const deliveries = Array.from({ length: count }, () => sampleDelivery(sampleNotification(), subscription));
    for (const delivery of deliveries) {
      const notification = sampleNotification({ id: delivery.notificationId });
      await mongo.store.notifications.accept(sampleAcceptance(notification, [subscription.userId]));
      await commitPage(mongo.store, notification, [delivery]);
    }
    return deliveries;
  };

  /** Marks and looks; each of them waits for a `step`. A look that sees another is followed by giving back, in the same step. */
  const claimant = ({ id: deliveryId }: Delivery): Claimant => {
    let proceed: () => void = () => {};
    let reached: () => void = () => {};
    const gate = async (): Promise<void> => {
      const opened = new Promise<void>((resolve) => {
        proceed = resolve;
      });
      reached();
      await opened;
    };
    let marks = 0;
    const gated = new Proxy(mongo.collections.deliveries, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        if (name === 'bulkWrite') {
          return async (...args: never[]) => {
            marks += 1;
            if (marks === 1) await gate();
            return value.apply(target, args) as unknown;
          };
        }
        if (name !== 'find') return value.bind(target) as unknown;
        return (filter: object, options: object) => {
          const cursor = target.find(filter, options);
          return 'state' in filter ? { toArray: async () => gate().then(() => cursor.toArray()) } : cursor;
        };
      },
    });
    const claim = { deliveryId, attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 60_000 };
    const atFirst = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const claiming = claimAll({ ...mongo.collections, deliveries: gated }, new Leases(), [claim]);
    return {
      result: claiming.then(([result = null]) => leaseIn(result) !== null),
      async step() {
        await atFirst;
        const next = new Promise<void>((resolve) => {
          reached = resolve;
        });
        proceed();
        await Promise.race([next, claiming]);
      },
    };
  };

  it.each(orders(2, 2))('never both go: %s %s %s %s', async (...order) => {
    const [one, two] = (await toOne(2)) as [Delivery, Delivery];
    const claimants = { a: claimant(one), b: claimant(two) };
    for (const name of order) await claimants[name].step();
    const won = await Promise.all([claimants.a.result, claimants.b.result]);
    expect(won.filter(Boolean).length).toBeLessThanOrEqual(1);
    // Whoever looks before the other has marked goes.
    if (order[0] === order[1]) expect(won[order[0] === 'a' ? 0 : 1]).toBe(true);
    const states = await Promise.all([one, two].map(async ({ id }) => mongo.store.deliveries.get(id)));
    expect(states.map((delivery) => delivery?.state)).toEqual(won.map((isWon) => (isWon ? 'sending' : 'pending')));
    expect(states.map((delivery) => delivery?.attemptCount)).toEqual(won.map(Number));
  });

  it('never do two of six that race', async () => {
    for (let round = 0; round < 25; round += 1) {
      const deliveries = await toOne(6);
      const claims = deliveries.map(({ id: deliveryId }) =>
        claimAll(mongo.collections, new Leases(), [
          { deliveryId, attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 60_000 },
        ]),
      );
      const leases = (await Promise.all(claims)).flat().map(leaseIn);
      expect(leases.filter((lease) => lease !== null).length).toBeLessThanOrEqual(1);
      const after = await Promise.all(deliveries.map(({ id }) => mongo.store.deliveries.get(id)));
      expect(after.map((delivery) => delivery?.state)).toEqual(
        leases.map((lease) => (lease === null ? 'pending' : 'sending')),
      );
    }
  }, 60_000);
});
