import { expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { SUPPRESSION_REASONS } from '../../src/domain/audience/release.ts';
import { newUser, patched, type UserPatch } from '../../src/domain/user/user.ts';
import { sendAt } from '../support/fan-out-at.ts';
import { NOW_MS, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

const ODD_IDS = ['nul\0', '\ud800', '\u0001"a"', 'a/b', "'"];
const ALWAYS_QUIET = { fromMinute: 0, untilMinute: 23 * 60 + 59, days: null };

/** Who got nothing of which notification, and why. */
export function suppressionContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const say = (id: string, patch: UserPatch) =>
    fresh.store.users.change(newUser(id, NOW_MS), (user) => patched(user, patch, NOW_MS));
  const withDevice = (userId: string) => fresh.store.subscriptions.register(sampleSubscription({ userId }));

  /** One of each kind, with odd ids among those with a device and those without. */
  const mixed = async () => {
    const outs = ['out', ...ODD_IDS.map((id) => `out ${id}`)];
    const unreached = ['nobody', ...ODD_IDS, ...Array.from({ length: 7 }, (_, index) => `z-${index}`)];
    for (const id of [...outs, 'quiet', 'paused', 'reached']) await withDevice(id);
    for (const id of outs) await say(id, { preferences: { 'digest.*': false } });
    await say('quiet', { quietHours: ALWAYS_QUIET });
    await say('paused', { pausedUntilMs: NOW_MS + 86_400_000 });
    const userIds = [...outs, ...unreached, 'quiet', 'paused', 'reached'];
    return { outs, unreached, userIds, suppressed: userIds.filter((id) => id !== 'reached') };
  };
  const CONTENT = { content: { type: 'digest.daily', title: 'x' } };

  it.each([2, 500])(
    'lists each user once, all or by reason, at any page size; fanned out %i at a time',
    async (pageSize) => {
      const { store } = fresh;
      const { outs, unreached, userIds, suppressed } = await mixed();
      const { id: notificationId } = await sendAt(store, usersNamed(userIds), { nowMs: NOW_MS, pageSize }, CONTENT);
      for (const limit of [1, 2, 3, 7, 100]) {
        const of = async (reason: (typeof SUPPRESSION_REASONS)[number] | null) => {
          const list = (cursor: string | null) => store.suppressions.list({ notificationId, reason, cursor, limit });
          return (await everyPage(list)).items.map(({ userId }) => userId).toSorted();
        };
        expect(await of(null), `${limit}`).toEqual(suppressed.toSorted());
        expect(await of('opted_out')).toEqual(outs.toSorted());
        expect(await of('no_subscription')).toEqual(unreached.toSorted());
        expect(await of('paused')).toEqual(['paused']);
        expect(await of('quiet_hours_past_deadline')).toEqual(['quiet']);
        expect(await of('capped')).toEqual([]);
      }
      expect(await store.suppressions.countByReason(notificationId)).toEqual({
        cancelled: 0,
        local_time_passed: 0,
        missed: 0,
        no_subscription: unreached.length,
        opted_out: outs.length,
        paused: 1,
        quiet_hours: 0,
        quiet_hours_past_deadline: 1,
        capped: 0,
        holdout: 0,
        experiment_inconclusive: 0,
        render_failed: 0,
      });
    },
  );

  it('finds each by notification and user, with what a person on call is told', async () => {
    const { store } = fresh;
    const { userIds, suppressed } = await mixed();
    const { id } = await sendAt(store, usersNamed(userIds), { nowMs: NOW_MS + 5 }, CONTENT);
    for (const userId of suppressed) {
      const found = await store.suppressions.get(id, userId);
      expect(found, JSON.stringify(userId)).toMatchObject({ notificationId: id, userId, atMs: NOW_MS + 5 });
    }
    expect(await store.suppressions.get(id, 'out')).toMatchObject({
      reason: 'opted_out',
      detail: { pattern: 'digest.*', sinceMs: NOW_MS },
    });
    expect(await store.suppressions.get(id, 'nobody')).toMatchObject({ reason: 'no_subscription', detail: {} });
    for (const userId of ['reached', 'nul', 'unknown']) expect(await store.suppressions.get(id, userId)).toBeNull();
    expect(await store.suppressions.get(sampleNotification().id, 'out')).toBeNull();
    expect(await (await fresh.reopen()).suppressions.get(id, 'paused')).toMatchObject({ reason: 'paused' });
  });

  it('lists one user’s, newest notification first, but for those who had no device', async () => {
    const { store } = fresh;
    const { userIds } = await mixed();
    const sent: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const at = { nowMs: NOW_MS + index, pageSize: 4 };
      sent.unshift((await sendAt(store, usersNamed(userIds), at, CONTENT)).id);
    }
    for (const userId of ['out', 'out nul\0', 'out \ud800'])
      for (const limit of [1, 2, 100]) {
        const list = (cursor: string | null) => store.suppressions.listOfUser({ userId, cursor, limit });
        const { items } = await everyPage(list);
        expect(items.map((one) => one.notificationId)).toEqual(sent);
        expect(items.every((one) => one.userId === userId && one.reason === 'opted_out')).toBe(true);
      }
    for (const userId of ['nobody', 'reached'])
      expect(await store.suppressions.listOfUser({ userId, cursor: null, limit: 5 })).toEqual({
        items: [],
        next: null,
      });
  });

  it.each([1, 3, 500])('loses nobody of an audience that is found when it is sent, %i at a time', async (pageSize) => {
    const { store } = fresh;
    const { outs } = await mixed();
    const excludedIds = ['quiet', 'out /'];
    const everyone = { kind: 'everyone', excludedIds } as const;
    const { id } = await sendAt(store, everyone, { nowMs: NOW_MS, pageSize }, CONTENT);
    expect(await store.notifications.get(id)).toMatchObject({ userCount: outs.length + 2, status: 'sending' });
    const counts = await store.suppressions.countByReason(id);
    expect(counts).toMatchObject({ opted_out: outs.length, paused: 1, no_subscription: 0 });
    expect((await store.deliveries.countByState(id)).pending).toBe(1);
  });

  it('knows nothing of a notification that suppressed nobody', async () => {
    const { store } = fresh;
    await withDevice('a');
    const { id: notificationId } = await sendAt(store, usersNamed(['a']), { nowMs: NOW_MS });
    const list = store.suppressions.list({ notificationId, reason: null, cursor: null, limit: 5 });
    expect(await list).toEqual({ items: [], next: null });
    expect(new Set(Object.values(await store.suppressions.countByReason(notificationId)))).toEqual(new Set([0]));
  });

  it.each<[string, unknown]>([
    ['a number', [1]],
    ['two texts', ['a', 'b']],
    ['a number that is none', ['a', 1.5]],
    ['more than a place has', ['a', 1, 2]],
    ['no list', { list: 1, index: 2 }],
    ['nothing', null],
  ])('refuses %s as a cursor', async (_, parts) => {
    const { id: notificationId } = sampleNotification();
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
    const list = fresh.store.suppressions.list({ notificationId, reason: null, cursor, limit: 5 });
    await expect(list).rejects.toMatchObject({ code: 'invalid_cursor' });
    const ofUser = fresh.store.suppressions.listOfUser({ userId: 'a', cursor, limit: 5 });
    await expect(ofUser).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
}
