import { expect, it } from 'vitest';
import { pruneHoldId } from '../../src/domain/ids.ts';
import type { PruneHold } from '../../src/domain/pruning/prune-hold.ts';
import { NOW_MS } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

let made = 0;

function sampleHold(overrides: Partial<PruneHold> = {}): PruneHold {
  made += 1;
  return {
    id: pruneHoldId(NOW_MS + made, Math.random),
    scope: 'origin',
    subject: 'https://fcm.googleapis.com',
    state: 'open',
    goneCount: 60,
    answerCount: 200,
    retiredIds: ['sub_1', 'sub_2'],
    openedAtMs: NOW_MS + made,
    decidedAtMs: null,
    ...overrides,
  };
}

/** Holds on pruning, and what people decide about them. */
export function pruneHoldContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('has one open hold for an origin or key, however many open one', async () => {
    const { pruneHolds } = fresh.store;
    const drafts = [sampleHold(), sampleHold(), sampleHold()];
    const kept = await Promise.all(drafts.map((hold) => pruneHolds.open(hold)));
    expect(new Set(kept.map(({ id }) => id)).size).toBe(1);
    const winner = drafts.find(({ id }) => id === kept[0]!.id);
    expect(await pruneHolds.get(kept[0]!.id)).toEqual(winner);
    const other = sampleHold({ scope: 'vapid_key', subject: 'B1' });
    expect(await pruneHolds.open(other)).toEqual(other);
    expect(await pruneHolds.list(null)).toEqual([other, winner]);
  });

  it('is decided once, and then another may be opened', async () => {
    const { pruneHolds } = fresh.store;
    const first = await pruneHolds.open(sampleHold());
    const decided = { ...first, state: 'confirmed', decidedAtMs: NOW_MS + 500 };
    expect(await pruneHolds.decide(first.id, 'confirmed', NOW_MS + 500)).toEqual(decided);
    expect(await pruneHolds.decide(first.id, 'dismissed', NOW_MS + 900)).toEqual(decided);
    const second = sampleHold();
    expect(await pruneHolds.open(second)).toEqual(second);
    expect(await pruneHolds.list('open')).toEqual([second]);
    expect(await pruneHolds.list('confirmed')).toEqual([decided]);
    expect(await pruneHolds.list('dismissed')).toEqual([]);
  });

  it('tells those open, and those decided of late', async () => {
    const { pruneHolds } = fresh.store;
    const subjects = ['a', 'b', 'c'].map((subject) => sampleHold({ subject }));
    for (const hold of subjects) await pruneHolds.open(hold);
    await pruneHolds.decide(subjects[0]!.id, 'confirmed', NOW_MS);
    await pruneHolds.decide(subjects[1]!.id, 'dismissed', NOW_MS + 1000);
    const current = await pruneHolds.current(NOW_MS + 1000);
    expect(current.map(({ subject }) => subject).sort()).toEqual(['b', 'c']);
  });

  it('knows nothing of one that never was', async () => {
    const { pruneHolds } = fresh.store;
    expect(await pruneHolds.get('hld_none')).toBeNull();
    expect(await pruneHolds.decide('hld_none', 'dismissed', NOW_MS)).toBeNull();
  });
}
