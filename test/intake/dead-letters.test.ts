import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeadLetters } from '../../src/intake/dead-letters.ts';
import type { DeliveryStore } from '../../src/store/delivery-store.ts';
import { type Api, startApi } from '../support/api.ts';
import { end } from '../support/deliver.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

/** The real store, with something happening just before each settlement. */
function deadLettersWith(meanwhile: (id: string) => Promise<unknown>) {
  const { deliveries, subscriptions, notifications } = api.store;
  const racing: DeliveryStore = Object.assign(Object.create(deliveries), {
    async settleMany(settlements: Parameters<DeliveryStore['settleMany']>[0]) {
      for (const { after } of settlements) await meanwhile(after.id);
      return deliveries.settleMany(settlements);
    },
  });
  return createDeadLetters({
    store: { deliveries: racing, subscriptions, notifications },
    queue: { enqueueMany: async () => {} },
    events: { publish: () => {} },
    clock: api.clock,
  });
}

async function failed(): Promise<string> {
  const subscription = await api.register('u1');
  const notification = await api.notify(['u1']);
  return (await api.deliver(notification.id, subscription, 'failed')).id;
}

const replayedByAnother = (id: string) => api.call('POST', `/v1/deliveries/${id}/replay`);

describe('a replay that loses the race', () => {
  it('reads again and tells the state as it is now', async () => {
    const id = await failed();
    const losing = deadLettersWith(replayedByAnother).replay(id, { ttlSeconds: null });
    await expect(losing).rejects.toMatchObject({ code: 'delivery_not_replayable', details: { state: 'pending' } });
    expect((await api.store.deliveries.get(id))?.replays).toHaveLength(1);
  });

  it('wins the second time when the other one failed again already', async () => {
    const id = await failed();
    let races = 0;
    const deadLetters = deadLettersWith(async () => {
      races += 1;
      if (races > 1) return;
      await replayedByAnother(id);
      await end(api.store, api.clock, id, 'failed');
    });
    const delivery = await deadLetters.replay(id, { ttlSeconds: null });
    expect(delivery).toEqual(await api.store.deliveries.get(id));
    expect(delivery.replays).toHaveLength(2);
  });

  it('gives up when others never stop', async () => {
    const id = await failed();
    const deadLetters = deadLettersWith(async () => {
      await replayedByAnother(id);
      await end(api.store, api.clock, id, 'failed');
    });
    await expect(deadLetters.replay(id, { ttlSeconds: null })).rejects.toMatchObject({
      code: 'delivery_not_replayable',
    });
  });
});
