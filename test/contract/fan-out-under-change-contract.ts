import { expect, it } from 'vitest';
import type { Audience } from '../../src/domain/audience/audience.ts';
import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import type { Store } from '../../src/store/store.ts';
import { fanOutAt } from '../support/fan-out-at.ts';
import { atFullSize } from '../support/full-size.ts';
import { goneChange, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

const USERS = atFullSize(100_000, 600);
const PAGE_SIZE = atFullSize(500, 50);
/** No more than the connections of a store that has some: each of a crowd waits for one, and not for ever. */
const AT_ONCE = 50;
const MAY_TAKE_MS = atFullSize(1_200_000, 60_000);

const AUDIENCES: readonly Audience[] = [
  { kind: 'everyone', excludedIds: [] },
  { kind: 'tags', text: 'a && !gone', excludedIds: [] },
];

/** A fan-out while tags, devices and membership of its users change between its pages. */
export function fanOutUnderChangeContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const idOf = (index: number): string => `user-${String(index).padStart(6, '0')}`;
  const ids = Array.from({ length: USERS }, (_, index) => idOf(index));
  /** These keep their tag and their first device. */
  const isSteady = (index: number): boolean => index % 3 === 0;
  const retag = (id: string, tags: readonly string[]) =>
    fresh.store.users.change(newUser(id, NOW_MS), (user) => patched(user, { tags }, NOW_MS));
  const device = (userId: string) => fresh.store.subscriptions.register(sampleSubscription({ userId }));

  async function people(): Promise<Map<string, string>> {
    const first = new Map<string, string>();
    for (let start = 0; start < USERS; start += AT_ONCE) {
      const some = ids.slice(start, start + AT_ONCE);
      await fresh.store.users.changeMany(
        some.map((id) => newUser(id, NOW_MS)),
        (user) => patched(user, { tags: ['a'] }, NOW_MS),
      );
      const made = some.map((userId) => sampleSubscription({ userId }));
      await Promise.all(made.map((one) => fresh.store.subscriptions.register(one)));
      for (const { userId, id } of made) first.set(userId, id);
    }
    return first;
  }

  it.each(AUDIENCES)(
    'reaches each once, and all who belong all the while: $kind',
    async (audience) => {
      const { store } = fresh;
      const devices = await people();
      let pages = 0;
      const shuffled = (step: number): number => (pages * 7919 + step * 104_729) % USERS;
      const change = async (): Promise<void> => {
        pages += 1;
        for (let step = 0; step < 6; step += 1) {
          const index = shuffled(step);
          const id = idOf(index);
          if (isSteady(index)) await device(id);
          else if (step % 2 === 0) await retag(id, pages % 2 === 0 ? ['a', 'gone'] : []);
          else await store.subscriptions.change([goneChange(devices.get(id) ?? '')]);
          const joined = `${id}-${pages}`;
          await retag(joined, ['a']);
          await device(joined);
        }
      };
      const changing: Store = {
        ...store,
        fanOuts: {
          ...store.fanOuts,
          async commitPage(page) {
            const fannedOut = await store.fanOuts.commitPage(page);
            await change();
            return fannedOut;
          },
        },
      };
      const notification = sampleNotification({ acceptedAtMs: NOW_MS, userCount: 0 });
      await store.notifications.accept(sampleAcceptance(notification, [], { audience }));
      await fanOutAt(changing, notification, { nowMs: NOW_MS, pageSize: PAGE_SIZE });
      expect(pages).toBeGreaterThan(USERS / PAGE_SIZE - 1);

      const query = {
        notificationId: notification.id,
        userId: null,
        attempted: false,
        filter: ANY_DELIVERY,
        limit: 500,
      };
      const made = await everyPage((cursor) => store.deliveries.listByNotification({ ...query, cursor }));
      const stopped = await everyPage((cursor) => store.suppressions.list({ ...query, reason: null, cursor }));
      const reached = new Set(made.items.map(({ userId }) => userId));
      const suppressed = stopped.items.map(({ userId }) => userId);
      expect(new Set(made.items.map(({ subscriptionId }) => subscriptionId)).size).toBe(made.items.length);
      expect(new Set([...reached, ...suppressed]).size).toBe(reached.size + suppressed.length);
      expect(ids.filter((id, index) => isSteady(index) && !reached.has(id))).toEqual([]);
      const { userCount } = (await store.notifications.get(notification.id)) ?? {};
      expect(userCount).toBe(reached.size + suppressed.length);
    },
    MAY_TAKE_MS,
  );
}
