import { describe, expect, it } from 'vitest';
import { retiredKept } from '../../src/domain/subscription/crowding.ts';
import type { Registered } from '../../src/domain/subscription/registration.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { NOW_MS, sampleSubscription } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

/** A user whose pages register more browsers than are allowed. */
export function crowdingContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const at = (atMs: number, overrides: Partial<Subscription> = {}): Subscription =>
    sampleSubscription({ userId: 'ada', createdAtMs: NOW_MS + atMs, ...overrides });
  const register = (draft: Subscription, maxActive: number | null = 3, formerId: string | null = null) =>
    fresh.store.subscriptions.register(draft, { isVapidKeyGiven: false, maxActive, formerId });
  const rowsOf = async (userId = 'ada'): Promise<readonly Subscription[]> => {
    const query = { userId, includeRetired: true, limit: 200 };
    return (await everyPage((cursor) => fresh.store.subscriptions.list({ ...query, cursor }))).items;
  };
  const activeIds = async (userId = 'ada'): Promise<string[]> =>
    (await rowsOf(userId))
      .filter(({ retired }) => retired === null)
      .map(({ id }) => id)
      .sort();
  const idsOf = (rows: readonly Subscription[]): string[] => rows.map(({ id }) => id).sort();
  /** The browser of this row on another visit. */
  const again = ({ endpoint, endpointHash, keys, userId }: Subscription, atMs: number): Subscription =>
    at(atMs, { endpoint, endpointHash, keys, userId });

  it('retires the longest idle, and says which', async () => {
    const rows = [at(1), at(2), at(3), at(4)];
    for (const row of rows.slice(0, 3)) expect(await register(row)).not.toHaveProperty('crowdedOutIds');
    expect(await register(rows[3]!)).toEqual({
      kind: 'created',
      subscription: rows[3],
      crowdedOutIds: [rows[0]!.id],
    });
    expect(await activeIds()).toEqual(idsOf(rows.slice(1)));
    expect(await fresh.store.subscriptions.get(rows[0]!.id)).toEqual({
      ...rows[0],
      retired: { reason: 'crowded_out', atMs: NOW_MS + 4, deliveryId: null },
    });
  });

  it('goes by the last visit, and a visit of one that is there retires nothing', async () => {
    const rows = [at(1), at(2), at(3)];
    for (const row of rows) await register(row);
    expect(await register(again(rows[0]!, 10))).toMatchObject({ kind: 'updated', subscription: { id: rows[0]!.id } });
    expect(await register(at(11))).toMatchObject({ crowdedOutIds: [rows[1]!.id] });
    expect(await activeIds()).toContain(rows[0]!.id);
  });

  it('lets one come back with its next visit, or be restored', async () => {
    const rows = [at(1), at(2), at(3), at(4), at(5)];
    for (const row of rows) await register(row);
    expect(await register(again(rows[0]!, 10))).toMatchObject({
      kind: 'updated',
      subscription: { id: rows[0]!.id, retired: null },
      crowdedOutIds: [rows[2]!.id],
    });
    expect(await fresh.store.subscriptions.restore(rows[1]!.id, NOW_MS + 11)).toMatchObject({ kind: 'restored' });
    expect(await activeIds()).toEqual(idsOf([rows[0]!, rows[1]!, rows[3]!, rows[4]!]));
  });

  it('retires no other user’s, and none where no most is named', async () => {
    const mine = [at(1), at(2), at(3)];
    const theirs = Array.from({ length: 5 }, (_, index) => at(index, { userId: 'ben' }));
    for (const row of [...mine, ...theirs]) await register(row, null);
    expect(await activeIds('ben')).toHaveLength(5);
    await register(at(20));
    expect(await activeIds('ben')).toHaveLength(5);
    expect(await activeIds()).toHaveLength(3);
  });

  it('brings a user down who has far more, a hundred with each registration', async () => {
    const rows = Array.from({ length: 150 }, (_, index) => at(index));
    for (const row of rows) await register(row, null);
    const crowded = (await register(at(500))) as Registered;
    expect(crowded.crowdedOutIds?.toSorted()).toEqual(idsOf(rows.slice(0, 100)));
    await register(at(501));
    const active = (await rowsOf()).filter(({ retired }) => retired === null);
    expect(active.map(({ createdAtMs }) => createdAtMs - NOW_MS).sort()).toEqual([149, 500, 501]);
  });

  it('counts a moved endpoint, and a device’s former row, for what they are afterwards', async () => {
    const rows = [at(1), at(2), at(3)];
    for (const row of rows) await register(row);
    const theirs = at(4, { userId: 'ben' });
    await register(theirs);
    const moved = await register({ ...again(theirs, 5), userId: 'ada' });
    expect(moved).toMatchObject({ kind: 'moved', crowdedOutIds: [rows[0]!.id] });
    const renamed = await register(at(6), 3, rows[1]!.id);
    expect(renamed).toMatchObject({ kind: 'updated', subscription: { id: rows[1]!.id } });
    expect(renamed).not.toHaveProperty('crowdedOutIds');
    expect(await activeIds()).toHaveLength(3);
  });

  it.each(['same', 'different'])('leaves no more when many register at the %s time', async (time) => {
    const drafts = Array.from({ length: 30 }, (_, index) => at(time === 'same' ? 7 : index));
    const results = await Promise.all(drafts.map((draft) => register(draft, 5)));
    expect(results.every(({ kind }) => kind === 'created')).toBe(true);
    const active = await activeIds();
    expect(active.length).toBeLessThanOrEqual(5);
    expect(active.length).toBeGreaterThanOrEqual(4);
    if (time === 'different') expect(active).toContain(drafts.at(-1)!.id);
  });

  describe('keeps a bounded number of retired rows', () => {
    const most = 3 + retiredKept(3);

    it('whatever many endpoints a page registers', async () => {
      const rows = Array.from({ length: 60 }, (_, index) => at(index));
      for (const row of rows) await register(row);
      expect(idsOf(await rowsOf())).toEqual(idsOf(rows.slice(-most)));
    });

    it('whatever many it names as its former ones', async () => {
      const first = at(0);
      await register(first);
      for (let index = 1; index < 120; index += 2) {
        const other = at(index);
        await register(other);
        // The endpoint is known, so the former row is retired as replaced.
        await register(again(first, index + 1), 3, other.id);
      }
      expect((await rowsOf()).length).toBeLessThanOrEqual(most);
      expect(await activeIds()).toContain(first.id);
    });

    it('whatever many endpoints two users hand to and fro', async () => {
      for (let index = 0; index < 120; index += 2) {
        const row = at(index);
        await register(row);
        await register({ ...again(row, index + 1), userId: 'ben' });
      }
      for (const user of ['ada', 'ben']) expect((await rowsOf(user)).length).toBeLessThanOrEqual(most + 1);
    });

    it('and deletes none where no most is named', async () => {
      const rows = Array.from({ length: 40 }, (_, index) => at(index));
      for (const row of rows) await register(row);
      const before = await rowsOf();
      await register(at(100), null);
      expect(await rowsOf()).toHaveLength(before.length + 1);
    });
  });
}
