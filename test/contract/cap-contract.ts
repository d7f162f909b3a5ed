import { expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import { replayed } from '../../src/domain/delivery/life.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import type { TypeRule } from '../../src/domain/notification-type/type-policy.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import { fanOutAt, sendAt } from '../support/fan-out-at.ts';
import { endingAs, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { claimed, freshStore, type OpenStore } from './fresh-store.ts';

const PATTERN = 'score.*';
const PER_SECONDS = 3600;
const CONTENT = { content: { type: 'score.goal', title: 'x' } };

/** How many notifications of a pattern go to one user. */
export function capContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const device = (userId: string) => fresh.store.subscriptions.register(sampleSubscription({ userId }));
  const rule = (limit: number, more: TypeRule = {}) =>
    fresh.store.typeRules.put(PATTERN, { cap: { limit, perSeconds: PER_SECONDS }, ...more });
  const send = (userIds: readonly string[] = ['ada'], nowMs = NOW_MS) =>
    sendAt(fresh.store, usersNamed(userIds), { nowMs }, CONTENT);
  const uses = (userId = 'ada', exceptId: string | null = null, atMs = NOW_MS) =>
    fresh.store.users.capUses(userId, { pattern: PATTERN, limit: 1, perSeconds: PER_SECONDS }, { atMs, exceptId });
  const isCapped = async ({ id }: Notification, userId = 'ada') =>
    (await fresh.store.suppressions.get(id, userId))?.reason === 'capped';
  const deliveriesOf = async ({ id }: Notification) => {
    const filter = { state: null, reason: null, service: null, attempt: null };
    const query = { notificationId: id, userId: null, attempted: false, filter, cursor: null, limit: 50 };
    return (await fresh.store.deliveries.listByNotification(query)).items;
  };

  it('lets 3 of 100 through that come to one user at the same time, and says why of the others', async () => {
    const { store } = fresh;
    await device('ada');
    await device('ada');
    await rule(3);
    const all = Array.from({ length: 100 }, () => sampleNotification({ ...CONTENT, acceptedAtMs: NOW_MS }));
    for (const one of all) await store.notifications.accept(sampleAcceptance(one, ['ada']));
    await Promise.all(all.map((one) => fanOutAt(store, one, { nowMs: NOW_MS })));
    const suppressions = await Promise.all(all.map(({ id }) => store.suppressions.get(id, 'ada')));
    const stopped = suppressions.filter((one) => one !== null);
    expect(stopped).toHaveLength(97);
    const detail = {
      pattern: PATTERN,
      limit: 3,
      perSeconds: PER_SECONDS,
      sinceMs: NOW_MS,
      untilMs: NOW_MS + PER_SECONDS * 1000,
    };
    for (const one of stopped) expect(one).toMatchObject({ reason: 'capped', detail });
    const sent = await Promise.all(all.map(deliveriesOf));
    expect(sent.map(({ length }) => length).filter((length) => length > 0)).toEqual([2, 2, 2]);
    expect(sent.every(({ length }, index) => length > 0 === (suppressions[index] === null))).toBe(true);
    expect(await uses()).toHaveLength(3);
  });

  it('counts what the commit of acceptance makes just as well', async () => {
    const { store } = fresh;
    await device('ada');
    await rule(3);
    const policy = { cap: { pattern: PATTERN, limit: 3, perSeconds: PER_SECONDS } };
    const { terms } = sampleAcceptance(sampleNotification());
    const capped = { mayFanOutNow: true, terms: { ...terms, policy: { ...terms.policy, ...policy } } };
    const all = Array.from({ length: 10 }, () => sampleNotification({ ...CONTENT, acceptedAtMs: NOW_MS }));
    await Promise.all(
      all.map(async (one) => {
        await store.notifications.accept(sampleAcceptance(one, ['ada'], capped));
        await fanOutAt(store, one, { nowMs: NOW_MS });
      }),
    );
    expect((await Promise.all(all.map((one) => isCapped(one)))).filter(Boolean)).toHaveLength(7);
    expect(await uses()).toHaveLength(3);
  });

  it('rolls on: one may go again once the first is as old as the stretch', async () => {
    await device('ada');
    await rule(2);
    const stretchMs = PER_SECONDS * 1000;
    const times = [0, 1000, 2000, stretchMs - 1, stretchMs, stretchMs + 999, stretchMs + 1000];
    const stopped: boolean[] = [];
    for (const ms of times) stopped.push(await isCapped(await send(['ada'], NOW_MS + ms)));
    expect(stopped).toEqual([false, false, true, true, false, true, false]);
  });

  it('counts each user and pattern by itself', async () => {
    for (const userId of ['ada', 'bob', 'ada\0']) await device(userId);
    await rule(1);
    const [first, second] = [await send(['ada', 'ada\0']), await send(['ada', 'bob', 'ada\0'])];
    expect(
      await Promise.all([isCapped(first), isCapped(second), isCapped(second, 'bob'), isCapped(second, 'ada\0')]),
    ).toEqual([false, true, false, true]);
    const other = { content: { type: 'news', title: 'x' } };
    expect(await isCapped(await sendAt(fresh.store, usersNamed(['ada']), { nowMs: NOW_MS }, other))).toBe(false);
    expect([await uses('ada'), await uses('bob'), await uses('ada\0')]).toEqual([[NOW_MS], [NOW_MS], [NOW_MS]]);
  });

  it('counts a type that overrides caps, but never stops it', async () => {
    await device('ada');
    await rule(1, { overrides: ['cap'] });
    const all = [await send(), await send(), await send()];
    expect(await Promise.all(all.map((one) => isCapped(one)))).toEqual([false, false, false]);
    expect(await uses()).toHaveLength(3);
    await rule(1);
    expect(await isCapped(await send())).toBe(true);
    expect(await uses()).toHaveLength(3);
  });

  it('does not count what something else stops', async () => {
    const { store } = fresh;
    await device('ada');
    await rule(1);
    await store.users.change(newUser('ada', NOW_MS), (user) => patched(user, { preferences: { '*': false } }, NOW_MS));
    await send(['ada', 'nobody']);
    expect([await uses('ada'), await uses('nobody')]).toEqual([[], []]);
  });

  it('is given back when the last delivery ends, unless one was delivered', async () => {
    const { store } = fresh;
    await device('ada');
    await device('ada');
    await rule(1);
    const end = async (id: string, state: 'failed' | 'delivered') =>
      store.deliveries.settleMany([endingAs(state, await claimed(store, id))]);
    const lost = await deliveriesOf(await send());
    await end(lost[0]!.id, 'failed');
    expect(await uses()).toHaveLength(1);
    expect(await isCapped(await send())).toBe(true);
    await end(lost[1]!.id, 'failed');
    expect(await uses()).toHaveLength(0);
    const next = await send();
    expect(await isCapped(next)).toBe(false);
    const [one, two] = await deliveriesOf(next);
    await end(one!.id, 'delivered');
    await end(two!.id, 'failed');
    expect(await uses()).toHaveLength(1);
    expect(await isCapped(await send())).toBe(true);
  });

  it('is given back once where both deliveries end at the same time', async () => {
    const { store } = fresh;
    await device('ada');
    await device('ada');
    await rule(2);
    await send();
    const lost = await deliveriesOf(await send());
    const leases = await Promise.all(lost.map(({ id }) => claimed(store, id)));
    await Promise.all(leases.map((lease) => store.deliveries.settleMany([endingAs('failed', lease)])));
    expect(await uses()).toHaveLength(1);
  });

  it('tells what went within the stretch that ends at an instant, but for the one asked about', async () => {
    await device('ada');
    await rule(9);
    const sent: Notification[] = [];
    for (const ms of [0, 10, 20]) sent.push(await send(['ada'], NOW_MS + ms));
    const endMs = NOW_MS + PER_SECONDS * 1000;
    const told = [[NOW_MS - 1], [NOW_MS], [NOW_MS + 15], [endMs - 1], [endMs], [endMs + 20]] as const;
    const counts = await Promise.all(told.map(async ([atMs]) => (await uses('ada', null, atMs)).length));
    expect(counts).toEqual([0, 1, 2, 3, 2, 0]);
    expect(await uses('ada', sent[1]!.id, NOW_MS + 20)).toEqual([NOW_MS, NOW_MS + 20]);
  });

  it('a replay counts nothing', async () => {
    const { store } = fresh;
    const registered = await device('ada');
    await rule(1);
    const [delivery] = await deliveriesOf(await send());
    await store.deliveries.settleMany([endingAs('failed', await claimed(store, delivery!.id))]);
    expect(await uses()).toEqual([]);
    const failed = await store.deliveries.get(delivery!.id);
    const subscription = registered.kind === 'taken' ? null : registered.subscription;
    const turn = replayed(failed!, { subscription, notification: null }, { nowMs: NOW_MS + 50, ttlSeconds: 60 });
    if (turn.kind !== 'replayed') throw new Error(turn.why);
    expect(await store.deliveries.settleMany([turn.plan.settlement])).toEqual([true]);
    await store.deliveries.settleMany([endingAs('delivered', await claimed(store, delivery!.id, 2))]);
    expect(await uses()).toEqual([]);
  });
}
