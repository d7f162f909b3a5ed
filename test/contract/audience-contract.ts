import { expect, it } from 'vitest';
import { type Recipient, type ResolvedAudience, usersNamed } from '../../src/domain/audience/audience.ts';
import type { Subscription } from '../../src/domain/subscription/subscription.ts';
import { pagesOf } from '../support/audience-pages.ts';
import { goneChange, LATER_MS, sampleSubscription } from '../support/samples.ts';
import { freshStore, type OpenStore } from './fresh-store.ts';

const toRecipient = ({ id, userId, endpoint, locale, timeZone, updatedAtMs }: Subscription): Recipient => {
  return { id, userId, endpoint, locale, timeZone, updatedAtMs };
};
const byUserAndId = (one: Recipient, other: Recipient): number =>
  one.userId + one.id < other.userId + other.id ? -1 : 1;

/** Whom an audience is, page by page. */
export function audienceContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const register = async (...userIds: readonly string[]): Promise<Subscription[]> => {
    const made = userIds.map((userId) => sampleSubscription({ userId }));
    for (const subscription of made) await fresh.store.subscriptions.register(subscription);
    return made;
  };
  /** The devices of every page of an audience. */
  const walk = async (audience: ResolvedAudience, limit: number): Promise<(readonly Recipient[])[]> =>
    (await pagesOf(fresh.store, audience, limit)).map((members) => members.flatMap(({ devices }) => devices));

  it.each([1, 2, 4, 6, 100])('goes through the users’ active subscriptions in order, %i at a time', async (limit) => {
    const mine = await register('b', 'a', 'c', 'b', 'a', 'b');
    const [retired] = await register('a', 'z');
    await fresh.store.subscriptions.change([goneChange(retired!.id)]);
    const pages = await walk(usersNamed(['c', 'nobody', 'a', 'b']), limit);
    expect(pages.flat()).toEqual(mine.map(toRecipient).toSorted(byUserAndId));
  });

  it('has all of a user’s devices on one page, however many', async () => {
    const mine = await register('b', 'b', 'b');
    await register('a', 'c');
    const pages = await walk(usersNamed(['b']), 2);
    expect(pages.filter((page) => page.length > 0)).toEqual([mine.map(toRecipient).toSorted(byUserAndId)]);
  });

  it('sends to a user once who is named twice', async () => {
    const mine = await register('a', 'b');
    expect((await walk(usersNamed(['a', 'b', 'a', 'a']), 9)).flat()).toEqual(mine.map(toRecipient));
  });

  it.each([1, 3, 500])('reaches each of very many users once, %i at a time', async (limit) => {
    const userIds = Array.from({ length: 1700 }, (_, index) => `user-${index % 2 === 0 ? index : 5000 - index}`);
    const mine = await register(...[0, 499, 500, 501, 999, 1000, 1699].map((index) => userIds[index]!));
    const found = (await walk(usersNamed(userIds), limit)).flat();
    expect(found.toSorted(byUserAndId)).toEqual(mine.map(toRecipient).toSorted(byUserAndId));
  });

  it('goes on where it stood after the store is opened again', async () => {
    await register('a', 'b', 'c');
    const audience = usersNamed(['a', 'b', 'c']);
    const query = { audience, limit: 2, nowMs: LATER_MS, serverZone: 'UTC' };
    const { members, next } = await fresh.store.audiences.members({ ...query, cursor: null });
    const rest = (await pagesOf(await fresh.reopen(), audience, 2, next)).flat();
    expect([...members, ...rest].map(({ userId }) => userId)).toEqual(['a', 'b', 'c']);
  });

  it('is nobody where nobody is named', async () => {
    await register('a');
    expect((await pagesOf(fresh.store, usersNamed([]), 5)).flat()).toEqual([]);
  });

  it('never takes one user id for another, whatever characters it has', async () => {
    const userIds = ['a', 'a\0', 'a\0b', '\0', '\u0001', '\u0001"a"', 'ა', '😀', 'مرحبا', '\ud800', '\ud801', '%', "'"];
    const made = await register(...userIds);
    for (const subscription of made) {
      expect((await walk(usersNamed([subscription.userId]), 99)).flat()).toEqual([toRecipient(subscription)]);
    }
    for (const limit of [1, 5, 99]) {
      const found = (await walk(usersNamed(userIds), limit)).flat();
      expect(found.map(({ userId }) => userId).sort()).toEqual(userIds.toSorted());
    }
  });
}
