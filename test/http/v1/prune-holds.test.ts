import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PruneHold } from '../../../src/domain/pruning/prune-hold.ts';
import { type Api, startApi } from '../../support/api.ts';
import { goneChange, NOW_MS } from '../../support/samples.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const openHold = (overrides: Partial<PruneHold> = {}): Promise<PruneHold> =>
  api.store.pruneHolds.open({
    id: 'hld_01kdz9f1v6v6j0q2y3w4x5z6a7',
    scope: 'origin',
    subject: 'https://push.example.net',
    state: 'open',
    goneCount: 60,
    answerCount: 200,
    retiredIds: [],
    openedAtMs: NOW_MS,
    decidedAtMs: null,
    ...overrides,
  });

const suspect = (subscriptionId: string, holdId: string) =>
  api.store.subscriptions.change([{ kind: 'suspect', holdId, subscriptionId, notUpdatedSinceMs: 9e15 }]);

describe('holds on pruning', () => {
  it('are listed, by state too, and read', async () => {
    const { id } = await openHold({ retiredIds: ['sub_1', 'sub_2'] });
    const expected = { id, state: 'open', gone_count: 60, answer_count: 200, retired_count: 2, decided_at: null };
    expect((await api.call('GET', '/v1/prune-holds')).body.items).toMatchObject([expected]);
    expect((await api.call('GET', '/v1/prune-holds?state=open')).body.items).toHaveLength(1);
    expect((await api.call('GET', '/v1/prune-holds?state=dismissed')).body.items).toEqual([]);
    expect((await api.call('GET', `/v1/prune-holds/${id}`)).body).toMatchObject(expected);
    expect((await api.call('GET', '/v1/prune-holds?state=odd')).body.code).toBe('invalid_request');
    expect((await api.call('GET', '/v1/prune-holds/hld_none')).body.code).toBe('prune_hold_not_found');
  });

  it('confirmed, retire whom they kept', async () => {
    const { id } = await openHold();
    const [gone, spared] = [await api.register('ada'), await api.register('grace')];
    await suspect(gone.id, id);
    const shown = await api.call('GET', `/v1/subscriptions/${gone.id}`);
    expect(shown.body).toMatchObject({ active: true, suspected_by: id });
    const answer = await api.call('POST', `/v1/prune-holds/${id}/confirm`);
    expect(answer.body).toMatchObject({ state: 'confirmed', subscriptions: 1 });
    expect((await api.call('GET', `/v1/subscriptions/${gone.id}`)).body).toMatchObject({
      active: false,
      retired_reason: 'gone',
      suspected_by: null,
    });
    expect((await api.call('GET', `/v1/subscriptions/${spared.id}`)).body.active).toBe(true);
    expect(api.told.slice(-2)).toMatchObject([
      { type: 'subscription.retired', subscriptionId: gone.id },
      { type: 'prune_hold.decided', holdId: id, state: 'confirmed', subscriptions: 1 },
    ]);
    expect((await api.call('POST', `/v1/prune-holds/${id}/confirm`)).body).toMatchObject({ subscriptions: 0 });
  });

  it('dismissed, keep them all and restore whom they came too late for', async () => {
    const early = await api.register('ada');
    const [first, second] = [await api.register('grace'), await api.register('hedy')];
    const { id } = await openHold({ retiredIds: [early.id, 'sub_deleted_since'] });
    await api.store.subscriptions.change([goneChange(early.id, { deliveryId: 'dlv_1' })]);
    for (const one of [first, second]) await suspect(one.id, id);
    const answer = await api.call('POST', `/v1/prune-holds/${id}/dismiss`);
    expect(answer.body).toMatchObject({ state: 'dismissed', subscriptions: 1 });
    for (const one of [early, first, second]) {
      const { body } = await api.call('GET', `/v1/subscriptions/${one.id}`);
      expect(body).toMatchObject({ active: true, suspected_by: null });
    }
  });

  it('are decided once', async () => {
    const { id } = await openHold();
    await api.call('POST', `/v1/prune-holds/${id}/dismiss`);
    const answer = await api.call('POST', `/v1/prune-holds/${id}/confirm`);
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'prune_hold_decided', state: 'dismissed' });
    expect((await api.call('POST', '/v1/prune-holds/hld_none/confirm')).status).toBe(404);
  });

  it('of more subscriptions than one page are decided whole', async () => {
    const { id } = await openHold();
    for (let made = 0; made < 230; made += 1) await suspect((await api.register(`user-${made}`)).id, id);
    const answer = await api.call('POST', `/v1/prune-holds/${id}/confirm`);
    expect(answer.body.subscriptions).toBe(230);
  });
});

describe('POST /v1/subscriptions/{id}/restore', () => {
  it('brings a retired subscription back, with its lineage gone', async () => {
    const one = await api.register('ada');
    await api.store.subscriptions.change([goneChange(one.id, { deliveryId: 'dlv_1' })]);
    const shown = await api.call('GET', `/v1/subscriptions/${one.id}`);
    expect(shown.body).toMatchObject({ active: false, retired_reason: 'gone', retired_by: 'dlv_1' });
    const answer = await api.call('POST', `/v1/subscriptions/${one.id}/restore`);
    expect(answer.body).toMatchObject({ id: one.id, active: true, retired_reason: null, retired_by: null });
    expect(api.told.at(-1)).toMatchObject({ type: 'subscription.restored', subscriptionId: one.id });
    expect((await api.call('POST', `/v1/subscriptions/${one.id}/restore`)).status).toBe(200);
  });

  it('refuses one whose browser belongs to another row', async () => {
    const one = await api.register('ada');
    const kept = await api.store.subscriptions.get(one.id);
    const { endpoint, keys } = kept!;
    await api.call('POST', '/v1/subscriptions', { json: { user_id: 'grace', endpoint, keys } });
    const answer = await api.call('POST', `/v1/subscriptions/${one.id}/restore`);
    expect(answer.body.code).toBe('endpoint_taken');
    expect((await api.call('POST', '/v1/subscriptions/sub_none/restore')).body.code).toBe('subscription_not_found');
  });
});
