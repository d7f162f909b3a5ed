import { expect, it } from 'vitest';
import { type BulkAction, newBulkAction, pageDone, pageTaken } from '../../src/domain/bulk-action/bulk-action.ts';
import { ANY_DEAD_LETTER } from '../../src/domain/delivery/dead-letter-filter.ts';
import { bulkActionId } from '../../src/domain/ids.ts';
import { MOST_BULK_ACTIONS_LISTED } from '../../src/store/bulk-action-store.ts';
import { NOW_MS } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

let made = 0;

/** A bulk action that was just asked for, later than those before. */
export function sampleBulkAction(overrides: Partial<BulkAction> = {}): BulkAction {
  made += 1;
  const total = { count: 3, isAtLeast: false };
  const id = bulkActionId(NOW_MS + made, Math.random);
  return {
    ...newBulkAction({ id, action: 'replay', filter: ANY_DEAD_LETTER, ttlSeconds: null, total, claim: null }, NOW_MS),
    ...overrides,
  };
}

/** Actions on many dead letters. */
export function bulkActionContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('are kept as they are, over a restart', async () => {
    const said = { userId: 'da$.n\0a', notificationId: 'ntf_1', type: '\u0001.$', remedy: '\ud800$\0' };
    const filter = { ...said, reason: 'rejected', service: 'fcm', fromMs: 1, untilMs: 2 } as const;
    const action = sampleBulkAction({
      action: 'discard',
      filter,
      ttlSeconds: 60,
      total: { count: 7, isAtLeast: true },
      claim: { key: 'shop:$k\0', bodyDigest: 'd' },
    });
    await fresh.store.bulkActions.add(action);
    const store = await fresh.reopen();
    expect(await store.bulkActions.get(action.id)).toEqual(action);
    expect(await store.bulkActions.get('bla_none')).toBeNull();
  });

  it('are added once for each key, whoever was first, until they are swept', async () => {
    const { bulkActions, retention } = fresh.store;
    const claimed = () => sampleBulkAction({ claim: { key: 'shop:1', bodyDigest: String(made) } });
    const kept = await Promise.all([claimed(), claimed(), claimed()].map((each) => bulkActions.add(each)));
    expect(new Set(kept.map(({ id }) => id)).size).toBe(1);
    const first = kept[0]!;
    expect(await bulkActions.get(first.id)).toEqual(first);
    const [bare, ended] = [sampleBulkAction(), { ...first, state: 'completed', endedAtMs: NOW_MS } as const];
    expect(await bulkActions.add(bare)).toEqual(bare);
    await bulkActions.update(ended);
    await retention.forget(NOW_MS, 10);
    expect(await bulkActions.add(claimed())).toMatchObject({ id: first.id, state: 'completed' });
    await retention.forget(NOW_MS + 1, 10);
    expect((await bulkActions.list()).map(({ id }) => id)).toEqual([bare.id]);
    const again = claimed();
    expect(await bulkActions.add(again)).toEqual(again);
  });

  it('are written on by one writer at each version', async () => {
    const { bulkActions } = fresh.store;
    const action = sampleBulkAction();
    await bulkActions.add(action);
    const taken = pageTaken(action, ['dlv_1', 'dlv_2'], 'next');
    const wins = await Promise.all([taken, taken, taken].map((one) => bulkActions.update(one)));
    expect(wins.filter(Boolean)).toHaveLength(1);
    const kept = { ...taken, version: 2 };
    expect(await bulkActions.get(action.id)).toEqual(kept);
    const done = pageDone({ ...kept, isLastPage: true }, ['replayed', 'deadline_passed'], NOW_MS + 5);
    expect(await bulkActions.update(done)).toBe(true);
    expect(await bulkActions.update(done)).toBe(false);
    expect(await bulkActions.get(action.id)).toEqual({ ...done, version: 3 });
    expect(await bulkActions.update(sampleBulkAction())).toBe(false);
  });

  it('have their turn one after another, and are listed newest first', async () => {
    const { bulkActions } = fresh.store;
    const [one, two] = [sampleBulkAction(), sampleBulkAction()];
    expect(await bulkActions.underWay()).toBeNull();
    await bulkActions.add(two);
    await bulkActions.add(one);
    expect(await bulkActions.underWay()).toEqual(one);
    await bulkActions.update({ ...one, state: 'cancelling' });
    expect(await bulkActions.underWay()).toMatchObject({ id: one.id });
    await bulkActions.update({ ...one, version: 2, state: 'cancelled', endedAtMs: NOW_MS });
    expect(await bulkActions.underWay()).toEqual(two);
    await bulkActions.update({ ...two, state: 'completed', endedAtMs: NOW_MS });
    expect(await bulkActions.underWay()).toBeNull();
    expect((await bulkActions.list()).map(({ id }) => id)).toEqual([two.id, one.id]);
    for (let more = 0; more < MOST_BULK_ACTIONS_LISTED; more += 1) await bulkActions.add(sampleBulkAction());
    const listed = (await bulkActions.list()).map(({ id }) => id);
    expect(listed).toHaveLength(MOST_BULK_ACTIONS_LISTED);
    expect(listed).toEqual(listed.toSorted().reverse());
  });
}
