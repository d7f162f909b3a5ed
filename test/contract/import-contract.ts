import { describe, expect, it } from 'vitest';
import type { ImportedSubscription } from '../../src/domain/subscription/import.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { LATER_MS, NOW_MS, sampleSubscription } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const imported = (draft: Subscription, writtenAtMs: number | null = null): ImportedSubscription => ({
  draft: { ...draft, updatedAtMs: writtenAtMs ?? draft.updatedAtMs },
  writtenAtMs,
});
/** The same browser's subscription, as another line has it. */
const again = ({ endpoint, endpointHash, keys, userId }: Subscription, overrides: Partial<Subscription> = {}) =>
  sampleSubscription({ endpoint, endpointHash, keys, userId, ...overrides });

export function importContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const importMany = (lines: readonly ImportedSubscription[], isDryRun = false) =>
    fresh.store.subscriptions.importMany(lines, { isDryRun });
  const kindsOf = async (lines: readonly ImportedSubscription[], isDryRun = false) =>
    (await importMany(lines, isDryRun)).map(({ kind }) => kind);

  it('makes rows, answers in the order given, and changes nothing when asked again', async () => {
    const drafts = Array.from({ length: 150 }, () => sampleSubscription());
    const lines = drafts.map((draft) => imported(draft, NOW_MS - 1000));
    const made = await importMany(lines);
    expect(made).toEqual(lines.map(({ draft }) => ({ kind: 'created', subscription: draft })));
    expect(await fresh.store.subscriptions.get(drafts[149]!.id)).toEqual(lines[149]!.draft);
    const repeated = await importMany(drafts.map((draft) => imported(again(draft), NOW_MS)));
    expect(repeated).toEqual(lines.map(({ draft }) => ({ kind: 'unchanged', subscription: draft })));
    expect(await importMany([])).toEqual([]);
  });

  it('writes nothing in a dry run', async () => {
    const known = sampleSubscription({ userId: 'ada' });
    await fresh.store.subscriptions.register(known);
    const newer = imported(again(known, { keys: { p256dh: 'new', auth: 'new' } }), LATER_MS);
    const lines = [imported(sampleSubscription()), newer, imported(again(known, { userId: 'ben' }), LATER_MS)];
    expect(await kindsOf(lines, true)).toEqual(['created', 'updated', 'moved']);
    const listed = await fresh.store.subscriptions.list({ userId: null, includeRetired: true, cursor: null, limit: 9 });
    expect(listed.items).toEqual([known]);
  });

  describe('of an endpoint that is known', () => {
    it('leaves a row that is not older than the line', async () => {
      const known = sampleSubscription({ userId: 'ada', vapidPublicKey: 'B1' });
      await fresh.store.subscriptions.register(known);
      const other = { keys: { p256dh: 'x', auth: 'y' } };
      for (const writtenAtMs of [null, known.updatedAtMs - 1, known.updatedAtMs]) {
        expect(await kindsOf([imported(again(known, other), writtenAtMs)])).toEqual(['unchanged']);
        expect(await kindsOf([imported(again(known, { userId: 'ben' }), writtenAtMs)])).toEqual(['taken']);
      }
      expect(await fresh.store.subscriptions.get(known.id)).toEqual(known);
    });

    it('corrects an older one, under its old id', async () => {
      const known = sampleSubscription({ userId: 'ada', vapidPublicKey: 'B1' });
      await fresh.store.subscriptions.register(known);
      const line = imported(again(known, { vapidPublicKey: 'B2' }), known.updatedAtMs + 1);
      expect(await importMany([line])).toMatchObject([
        { kind: 'updated', subscription: { id: known.id, vapidPublicKey: 'B2', createdAtMs: known.createdAtMs } },
      ]);
      expect(await fresh.store.subscriptions.get(known.id)).toMatchObject({ vapidPublicKey: 'B2' });
    });

    it('moves an older one with both keys to another user, and no other', async () => {
      const known = sampleSubscription({ userId: 'ada' });
      await fresh.store.subscriptions.register(known);
      const guessed = imported(again(known, { userId: 'ben', keys: { ...known.keys, auth: 'guessed' } }), LATER_MS);
      expect(await kindsOf([guessed])).toEqual(['taken']);
      const line = imported(again(known, { userId: 'ben' }), LATER_MS);
      expect(await importMany([line])).toMatchObject([{ kind: 'moved', subscription: { replacesId: known.id } }]);
      expect(await fresh.store.subscriptions.get(known.id)).toMatchObject({ retired: { reason: 'moved' } });
      expect(await kindsOf([imported(again(known))])).toEqual(['unchanged']);
    });

    it('brings back none that was retired since', async () => {
      const known = sampleSubscription();
      await fresh.store.subscriptions.register(known);
      const retire = { kind: 'retire', reason: 'gone', atMs: LATER_MS, deliveryId: null } as const;
      await fresh.store.subscriptions.change([{ ...retire, subscriptionId: known.id, notUpdatedSinceMs: LATER_MS }]);
      expect(await kindsOf([imported(again(known)), imported(again(known), LATER_MS)])).toEqual([
        'unchanged',
        'unchanged',
      ]);
      expect(await kindsOf([imported(again(known), LATER_MS + 1)])).toEqual(['updated']);
    });
  });

  it('lets the order of the lines decide, however often an endpoint is among them', async () => {
    const first = sampleSubscription({ userId: 'ada' });
    const lines = [first, again(first), again(first, { userId: 'ben' })].map((draft) => imported(draft));
    expect(await kindsOf(lines)).toEqual(['created', 'unchanged', 'taken']);
  });

  it('keeps one active row when the same lines are imported many times at once', async () => {
    const drafts = Array.from({ length: 20 }, () => sampleSubscription());
    const lines = () => drafts.map((draft) => imported(again(draft)));
    const kinds = (await Promise.all([lines(), lines(), lines(), lines()].map((each) => kindsOf(each)))).flat();
    expect(kinds.filter((kind) => kind === 'created')).toHaveLength(20);
    expect(kinds.filter((kind) => kind === 'unchanged')).toHaveLength(60);
  });
}
