import { expect, it } from 'vitest';
import { faultOf, NO_ENTRY } from '../../src/domain/audit/audit-entry.ts';
import { NOTHING_ERASED, wantedErasure } from '../../src/domain/erasure/erasure.ts';
import { erasureId } from '../../src/domain/ids.ts';
import { eraseDue, erasedOn } from '../../src/intake/erasing.ts';
import { sendWaves } from '../support/fan-out-at.ts';
import { LATER_MS, NOW_MS, sampleSubscription } from '../support/samples.ts';
import { deliveriesTo, digestOf, erasuresOn, leaveTraces, PERSON, pageReadBefore } from '../support/traces.ts';
import { claimed, freshStore, type OpenStore } from './fresh-store.ts';

/** What the traces come to, counted. */
const COUNTS = {
  users: 1,
  subscriptions: 2,
  waiting_deliveries: 3,
  deliveries: 4,
  contents: 1,
  suppressions: 2,
  lists: 2,
  cap_uses: 1,
  experiment_marks: 0,
  schedules: 2,
  bulk_actions: 1,
  audit_entries: 1,
};

/** A person goes, and what is counted stays. */
export function erasureContract(open: OpenStore): void {
  const fresh = freshStore(open);

  it('erases what there is of a person, counts it, and leaves the others alone', async () => {
    const { store } = fresh;
    const { ghostly, waiting, alone, suppressed, named, leftOut } = await leaveTraces(store);
    const { erasures } = erasuresOn(store);
    const { erasure, receipt } = await erasures.erase(PERSON);
    expect(receipt).toMatchObject({ id: erasure.id, erasedAtMs: LATER_MS, completedAtMs: LATER_MS });
    expect({ ...receipt?.counts }).toEqual(COUNTS);
    expect(await store.users.get(PERSON)).toBeNull();
    expect((await store.users.tags({ cursor: null, limit: 9 })).items).toEqual([{ tag: 'beta', userCount: 1 }]);
    expect(await deliveriesTo(store, PERSON)).toEqual([]);
    expect(await deliveriesTo(store, 'bob-who-stays')).toHaveLength(2);
    expect(await store.deliveries.countByState(waiting.id)).toMatchObject({ pending: 1, cancelled: 2 });
    expect(await store.deliveries.countByState(alone.id)).toMatchObject({ delivered: 1, cancelled: 1 });
    expect((await store.notifications.get(alone.id))?.content).toEqual({ type: 'digest', title: '' });
    for (const { id } of [ghostly, suppressed]) expect(await store.suppressions.get(id, PERSON)).toBeNull();
    expect(await store.suppressions.countByReason(ghostly.id)).toMatchObject({ no_subscription: 2 });
    expect(await store.suppressions.countByReason(suppressed.id)).toMatchObject({ opted_out: 1 });
    expect((await store.fanOuts.get(leftOut.id))?.audience).toMatchObject({
      excludedIds: [expect.stringMatching(/^erased-/)],
    });
    await sendWaves(store, named, LATER_MS * 2);
    expect(await store.suppressions.countByReason(named.id)).toMatchObject({ no_subscription: 1 });
    expect((await store.schedules.get('both'))?.notification).toMatchObject({
      user_ids: ['bob-who-stays'],
      exclude_user_ids: [],
    });
    expect(await store.schedules.get('alone')).toBeNull();
    const [first, second] = await store.audit.after(0, 9);
    expect([first?.target.text, second?.target.text]).toEqual([null, 'bob-who-stays']);
    expect(first && faultOf(NO_ENTRY, first)).toBeNull();
  });

  it('answers again as before, and counts what came since; whoever registers later is somebody else', async () => {
    const { store } = fresh;
    await store.subscriptions.register(sampleSubscription({ userId: PERSON }));
    const { erasures, clock } = erasuresOn(store);
    const first = await erasures.erase(PERSON);
    clock.advance(1000);
    expect((await erasures.erase(PERSON)).receipt).toEqual(first.receipt);
    const newcomer = sampleSubscription({ userId: PERSON, createdAtMs: clock.now() + 1 });
    await store.subscriptions.register(newcomer);
    const { id } = first.erasure;
    // The clock of an erasure that is gone on with is that of its beginning.
    const { items } = await store.subscriptions.list({ userId: PERSON, includeRetired: true, cursor: null, limit: 9 });
    expect(items).toEqual([newcomer]);
    clock.advance(5000);
    const third = await erasures.erase(PERSON);
    expect(third.receipt).toMatchObject({ id, erasedAtMs: clock.now(), counts: { subscriptions: 2 } });
    const genuine = await erasures.verify(third.receipt!, PERSON);
    expect(genuine).toEqual({ isGenuine: true, isOfUser: true });
    expect(await erasures.verify({ ...third.receipt!, completedAtMs: 1 }, null)).toEqual({
      isGenuine: false,
      isOfUser: null,
    });
    expect(await erasures.verify(third.receipt!, 'bob')).toEqual({ isGenuine: true, isOfUser: false });
  });

  it('leaves what is being sent to its sender, and no page of a fan-out that was read before has the person', async () => {
    const { store } = fresh;
    const { waiting } = await leaveTraces(store);
    const [one] = (await deliveriesTo(store, PERSON)).filter(({ notificationId }) => notificationId === waiting.id);
    const lease = await claimed(store, one?.id ?? '');
    const page = await pageReadBefore(store);
    await erasuresOn(store).erasures.erase(PERSON);
    const { before, version } = lease;
    const after = { ...before, state: 'retrying', dueAtMs: LATER_MS, attemptCount: 1, claimedAtMs: null } as const;
    expect(
      await store.deliveries.settleMany([{ version, from: 'sending', after, change: null, attempt: null }]),
    ).toEqual([true]);
    expect(await store.deliveries.get(before.id)).toMatchObject({
      state: 'retrying',
      userId: expect.stringMatching(/^erased-/),
    });
    expect((await claimed(store, before.id, 2)).subscription).toBeNull();
    await page.commit();
    expect(await deliveriesTo(store, PERSON)).toEqual([]);
    expect(await store.suppressions.countByReason(page.id)).toMatchObject({ no_subscription: 1 });
  });

  it('is gone on with where a process left it, and finds again whom a list means', async () => {
    const { store } = fresh;
    await leaveTraces(store);
    const { erasures, parts, clock } = erasuresOn(store);
    const key = await erasures.keyId();
    const first = await erasures.erase('somebody else');
    const { userDigest } = first.erasure;
    expect(userDigest).not.toContain('somebody');
    expect((await store.erasures.list({ cursor: null, limit: 9 })).items).toEqual([first.erasure]);
    // As after a restore: known from a list alone, and found by looking through everybody.
    const digest = await digestOf(store);
    const wanted = wantedErasure({ id: erasureId(NOW_MS, Math.random), userDigest: digest, untilMs: LATER_MS });
    expect(
      await erasures.apply([wanted, { ...wanted, id: erasureId(NOW_MS, Math.random), userDigest: 'nobody' }], key),
    ).toBe(2);
    expect(await erasures.apply([wanted], key)).toBe(0);
    await expect(erasures.apply([], 'another')).rejects.toMatchObject({ code: 'erasure_key_unknown' });
    expect(await eraseDue(parts, () => false)).toBe(true);
    const due = await store.erasures.due(clock.now());
    expect(due?.id).toBe(wanted.id);
    // The process dies after a step, and another goes on.
    await erasedOn(parts, due!);
    const reopened = await fresh.reopen();
    const later = erasuresOn(reopened, LATER_MS + 60_000);
    while (await eraseDue(later.parts, () => false));
    expect(await later.erasures.get(wanted.id)).toMatchObject({ receipt: { erasedAtMs: LATER_MS, counts: COUNTS } });
    expect(await reopened.erasures.toFind(9)).toEqual([]);
    const { items } = await reopened.erasures.list({ cursor: null, limit: 9 });
    expect(items.find((one) => one.userDigest === 'nobody')?.result?.counts).toEqual(NOTHING_ERASED);
    expect(await deliveriesTo(reopened, PERSON)).toEqual([]);
  });
}
