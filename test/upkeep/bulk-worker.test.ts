import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BulkAction, BulkActionKind } from '../../src/domain/bulk-action/bulk-action.ts';
import type { Store } from '../../src/store/store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { type BulkWorkerOptions, createBulkWorker } from '../../src/upkeep/bulk-worker.ts';
import { type Api, startApi } from '../support/api.ts';
import { end } from '../support/deliver.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const quiet = () =>
  createEvents((error) => {
    throw error;
  });

/** A process that looks for bulk actions. Its store may do something of its own. */
const worker = (
  store: BulkWorkerOptions['store'] = api.store,
  events = quiet(),
  more: Pick<BulkWorkerOptions, 'leads'> = {},
) => createBulkWorker({ store, queue: { enqueueMany: async () => {} }, events, clock: api.clock, ...more });

const work = async (store?: BulkWorkerOptions['store'], events = quiet()): Promise<void> => {
  const one = worker(store, events);
  await one.start();
  await one.stop();
};

async function deadLetters(count: number, overrides: Record<string, unknown> = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const subscription = await api.register(`user-${index}`);
    const notification = await api.notify([`user-${index}`], overrides);
    ids.push((await api.deliver(notification.id, subscription, 'failed')).id);
  }
  api.clock.advance(1000);
  return ids;
}

const begin = async (action: BulkActionKind, more = {}): Promise<string> => {
  const json = { action, filter: {}, ...more };
  return (await api.call('POST', '/v1/bulk-actions', { json })).body.id;
};
const read = (id: string) => api.store.bulkActions.get(id) as Promise<BulkAction>;
const delivery = async (id: string) => (await api.store.deliveries.get(id))!;

/** The real store, until this write of a part: then the process is dead, with the write done or not. */
function dying(part: 'bulkActions' | 'deliveries', method: string, at: number, isDone: boolean): Store {
  let [count, isDead] = [0, false];
  const mortal = <Part extends object>(real: Part, name: string): Part =>
    new Proxy(real, {
      get(target, key) {
        const call = Reflect.get(target, key) as (...given: unknown[]) => Promise<unknown>;
        return async (...given: unknown[]) => {
          if (isDead) throw new Error('dead');
          if (name !== part || key !== method) return call.apply(target, given);
          count += 1;
          if (count !== at) return call.apply(target, given);
          if (isDone) await call.apply(target, given);
          isDead = true;
          throw new Error('dead');
        };
      },
    });
  const { bulkActions, deliveries, subscriptions, notifications } = api.store;
  return {
    ...api.store,
    bulkActions: mortal(bulkActions, 'bulkActions'),
    deliveries: mortal(deliveries, 'deliveries'),
    subscriptions: mortal(subscriptions, 'subscriptions'),
    notifications: mortal(notifications, 'notifications'),
  };
}

describe('a bulk action', () => {
  it('replays what failed before it was asked for, and says so', async () => {
    const ids = await deadLetters(3);
    const id = await begin('replay');
    const events = quiet();
    const told: string[] = [];
    events.subscribe((event) => told.push(event.type));
    await work(api.store, events);
    expect(await read(id)).toMatchObject({ state: 'completed', counts: { replayed: 3 }, page: [] });
    for (const one of ids) expect(await delivery(one)).toMatchObject({ state: 'pending', replays: [{ byAction: id }] });
    expect(told).toEqual(['delivery.replayed', 'delivery.replayed', 'delivery.replayed', 'bulk_action.ended']);
  });

  it('discards: off the list, and on record', async () => {
    const [one] = await deadLetters(2);
    const id = await begin('discard');
    await work();
    expect(await read(id)).toMatchObject({ state: 'completed', counts: { discarded: 2, replayed: 0 } });
    expect((await api.call('GET', '/v1/dead-letters')).body.items).toEqual([]);
    const shown = (await api.call('GET', `/v1/deliveries/${one}`)).body;
    expect(shown).toMatchObject({ state: 'cancelled', reason: 'discarded' });
    expect(shown.states.map(({ state }: { state: string }) => state)).toEqual([
      'pending',
      'sending',
      'failed',
      'cancelled',
    ]);
  });

  it('leaves alone what the rule of replay refuses, with a count of each', async () => {
    const [late] = await deadLetters(1, { ttl_seconds: 1 });
    const [gone] = await deadLetters(1);
    await api.call('DELETE', `/v1/subscriptions/${(await delivery(gone!)).subscriptionId}`);
    // Only what is not completed can be called off: another user’s delivery is still to come.
    const [ada, bob] = [await api.register('ada'), await api.register('bob')];
    const both = await api.notify(['ada', 'bob']);
    await api.deliver(both.id, bob);
    const called = await api.deliver(both.id, ada, 'failed');
    const calledOff = await api.call('POST', `/v1/notifications/${both.id}/cancel`);
    expect(calledOff.status).toBe(200);
    api.clock.advance(1000);
    const id = await begin('replay');
    await work();
    const { counts } = await read(id);
    expect(counts).toMatchObject({
      replayed: 0,
      deadline_passed: 1,
      subscription_inactive: 1,
      notification_cancelled: 1,
      not_failed: 0,
    });
    for (const one of [late!, gone!, called.id]) expect((await delivery(one)).state).toBe('failed');
    const again = await begin('replay', { ttl_seconds: 60 });
    await work();
    expect((await read(again)).counts).toMatchObject({ replayed: 1 });
  });

  it('called off before it began, does nothing', async () => {
    const [one] = await deadLetters(1);
    const id = await begin('replay');
    expect((await api.call('POST', `/v1/bulk-actions/${id}/cancel`)).body.state).toBe('cancelling');
    await work();
    expect(await read(id)).toMatchObject({ state: 'cancelled', counts: { replayed: 0 } });
    expect((await delivery(one!)).state).toBe('failed');
  });

  it('called off while a page is worked on, counts what was done and begins no more', async () => {
    const ids = await deadLetters(3);
    const id = await begin('replay');
    const { deliveries } = api.store;
    const settleMany: Store['deliveries']['settleMany'] = async (settlements) => {
      await api.call('POST', `/v1/bulk-actions/${id}/cancel`);
      // The first alone is written, and then the process dies.
      await deliveries.settleMany(settlements.slice(0, 1));
      throw new Error('dead');
    };
    await work({ ...api.store, deliveries: Object.assign(Object.create(deliveries), { settleMany }) });
    await work();
    expect(await read(id)).toMatchObject({ state: 'cancelled', counts: { replayed: 1 } });
    const states = await Promise.all(ids.map(async (one) => (await delivery(one)).state));
    expect(states.toSorted()).toEqual(['failed', 'failed', 'pending']);
  });
});

describe('after a process died', () => {
  const steps = [
    ['bulkActions', 'update', 1],
    ['bulkActions', 'update', 2],
    ['deliveries', 'settleMany', 1],
  ] as const;
  for (const [part, method, at] of steps)
    for (const isDone of [false, true])
      for (const action of ['replay', 'discard'] as const)
        it(`${isDone ? 'after' : 'before'} ${part}.${method} ${at}, ${action} is finished by another, nothing twice`, async () => {
          const ids = await deadLetters(3);
          const id = await begin(action);
          await work(dying(part, method, at, isDone));
          // What was replayed fails again before anybody goes on: a mark tells that its turn is over.
          for (const one of ids)
            if ((await delivery(one)).state === 'pending') await end(api.store, api.clock, one, 'failed');
          await work();
          const { counts, state } = await read(id);
          expect(state).toBe('completed');
          expect(counts).toMatchObject(
            action === 'replay' ? { replayed: 3, discarded: 0 } : { replayed: 0, discarded: 3 },
          );
          for (const one of ids) expect((await delivery(one)).replays).toHaveLength(action === 'replay' ? 1 : 0);
        });
});

describe('several processes at once', () => {
  it('do each once, and count each once', async () => {
    const ids = await deadLetters(12);
    const id = await begin('replay');
    await Promise.all([work(), work(), work()]);
    const { counts, state } = await read(id);
    expect([state, counts.replayed]).toEqual(['completed', 12]);
    for (const one of ids) expect((await delivery(one)).replays).toHaveLength(1);
  });

  it('ask for each page who is to do it: an action may last longer than a lease', async () => {
    const [one] = await deadLetters(1);
    const id = await begin('replay');
    const answers = [true, false];
    const leads = async () => answers.shift() ?? false;
    const first = worker(api.store, quiet(), { leads });
    await first.start();
    await first.stop();
    expect(await read(id)).toMatchObject({ state: 'running', page: [one], counts: { replayed: 0 } });
    expect(answers).toEqual([]);
    await work();
    expect(await read(id)).toMatchObject({ state: 'completed', counts: { replayed: 1 } });
  });
});
