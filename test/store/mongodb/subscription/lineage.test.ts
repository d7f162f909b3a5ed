import { describe, expect, it } from 'vitest';
import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { register } from '../../../../src/store/mongodb/subscription/registration.ts';
import { devicesOfUsers } from '../../../support/audience-pages.ts';
import { describeWithMongod, mongoForSuite } from '../../../support/mongodb.ts';
import { LATER_MS, sampleSubscription } from '../../../support/samples.ts';

/** The process dies right before its next write, once this many were made. */
function dyingAfter(writes: number, collections: Collections): Collections {
  let made = 0;
  const subscriptions = new Proxy(collections.subscriptions, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (/^(update|insert|findOneAnd)/.test(String(name)) && made++ >= writes) throw new Error('the process died');
        return value.apply(target, given);
      };
    },
  });
  return { ...collections, subscriptions };
}

describeWithMongod('a registration that names the former row, cut short between its writes', () => {
  const mongo = mongoForSuite();

  const activeIds = async (userId: string) => (await devicesOfUsers(mongo.store, [userId])).map(({ id }) => id);

  /** The device's row, one that has the new endpoint, and what the device registers. */
  const rows = async (userId: string, holder: string) => {
    const [former, other] = [sampleSubscription({ userId }), sampleSubscription({ userId: holder })];
    await mongo.store.subscriptions.register(former);
    await mongo.store.subscriptions.register(other);
    const { endpoint, endpointHash, keys } = other;
    const draft = sampleSubscription({ userId, endpoint, endpointHash, keys, createdAtMs: LATER_MS });
    return { former, other, draft, options: { isVapidKeyGiven: false, formerId: former.id } };
  };

  describe('where the endpoint has a row of the user', () => {
    it.each([0, 1])('after %i of 2 writes leaves the device reachable, and a repetition ends it', async (writes) => {
      const userId = `own-${writes}`;
      const { former, other, draft, options } = await rows(userId, userId);
      await expect(register(dyingAfter(writes, mongo.collections), draft, options)).rejects.toThrow('died');
      expect(await activeIds(userId)).toContain(other.id);
      expect(await mongo.store.subscriptions.register(draft, options)).toMatchObject({
        kind: 'updated',
        subscription: { id: other.id },
        replacedId: former.id,
      });
      expect(await activeIds(userId)).toEqual([other.id]);
    });
  });

  describe('where the endpoint is another user’s', () => {
    it.each([0, 1])('after %i of 2 writes loses no row, and a repetition ends it', async (writes) => {
      const userId = `moved-${writes}`;
      const { former, other, draft, options } = await rows(userId, `rival-${writes}`);
      await expect(register(dyingAfter(writes, mongo.collections), draft, options)).rejects.toThrow('died');
      expect(await activeIds(userId)).toEqual([former.id]);
      expect(await mongo.store.subscriptions.register(draft, options)).toMatchObject({
        kind: 'moved',
        subscription: { id: former.id, replacesId: other.id },
      });
      expect(await activeIds(userId)).toEqual([former.id]);
      expect(await mongo.store.subscriptions.get(other.id)).toMatchObject({ retired: { reason: 'moved' } });
    });
  });
});
