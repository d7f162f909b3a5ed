import { expect, it } from 'vitest';
import { type BulkAction, newBulkAction, pageDone, pageTaken } from '../../src/domain/bulk-action/bulk-action.ts';
import { bulkActionId } from '../../src/domain/ids.ts';
import { MOST_BULK_ACTIONS_LISTED } from '../../src/store/bulk-action-store.ts';
import { NOW_MS } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

let made = 0;

/** A bulk action that was just asked for, later than those before. */
export function sampleBulkAction(overrides: Partial<BulkAction> = {}): BulkAction {
  made += 1;
  const filter = { userId: null, reason: null, service: null, fromMs: null, untilMs: null };
  const total = { count: 3, isAtLeast: false };
  const id = bulkActionId(NOW_MS + made, Math.random);
  return { ...newBulkAction({ id, action: 'replay', filter, ttlSeconds: null, total }, NOW_MS), ...overrides };
}

/** Actions on many dead letters. */
export function bulkActionContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('are kept as they are, over a restart', async () => {
    const filter = { userId: 'da$.n\0a', reason: 'rejected', service: 'fcm', fromMs: 1, untilMs: 2 } as const;
    const action = sampleBulkAction({
      action: 'discard',
      filter,
      ttlSeconds: 60,
      total: { count: 7, isAtLeast: true },
    });
    await fresh.store.bulkActions.add(action);
    const store = await fresh.reopen();
    expect(await store.bulkActions.get(action.id)).toEqual(action);
    expect(await store.bulkActions.get('bla_none')).toBeNull();
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
