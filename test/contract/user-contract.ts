import { expect, it } from 'vitest';
import { changedTags, newUser, patched, type User, type UserPatch } from '../../src/domain/user/user.ts';
import { LATER_MS, NOW_MS, sampleSubscription } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

/** As stores keep them: characters that drivers lose, that end a text, or that mean something elsewhere. */
const ODD_IDS = ['a', 'a\0', 'a\0b', '\0', '\u0001', '\u0001"a"', '\ud800', '\ud801', 'a/b', '..', '%', "'", '😀', 'ა'];
const QUIET = { fromMinute: 22 * 60, untilMinute: 7 * 60, days: ['mon', 'sun'] } as const;

/** What was said about users. */
export function userContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const say = (id: string, patch: UserPatch, nowMs = NOW_MS): Promise<User> =>
    fresh.store.users.change(newUser(id, nowMs), (user) => patched(user, patch, nowMs));
  const listed = async (tag: string | null, limit: number) =>
    everyPage((cursor) => fresh.store.users.list({ tag, cursor, limit }));

  it('keeps everything that was said, and nothing of whom nothing was said', async () => {
    expect(await fresh.store.users.get('ada')).toBeNull();
    const said = await say('ada', {
      timeZone: 'Europe/Berlin',
      locale: 'de-AT',
      tags: ['b', 'a:1', 'A/2'],
      preferences: { 'digest.*': false, '*': true, security: true },
      quietHours: QUIET,
      pausedUntilMs: NOW_MS + 5,
    });
    expect(said).toMatchObject({ id: 'ada', tags: ['A/2', 'a:1', 'b'], createdAtMs: NOW_MS });
    expect(await fresh.store.users.get('ada')).toEqual(said);
    const less = await say('ada', { timeZone: null, quietHours: null, pausedUntilMs: null, tags: null }, LATER_MS);
    expect(less).toEqual({
      ...said,
      timeZone: null,
      quietHours: null,
      pausedUntilMs: null,
      pausedSinceMs: null,
      tags: [],
      updatedAtMs: LATER_MS,
    });
    expect(await (await fresh.reopen()).users.get('ada')).toEqual(less);
  });

  it('counts each of 20 changes of one user that come at the same time, the first of all included', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `tag-${index}`);
    await Promise.all(
      names.map((tag) =>
        fresh.store.users.change(newUser('ada', NOW_MS), (user) => {
          return { ...user, tags: changedTags(user.tags, { add: [tag], remove: [] }) };
        }),
      ),
    );
    expect((await fresh.store.users.get('ada'))?.tags).toEqual(names.toSorted());
    const { items } = await everyPage((cursor) => fresh.store.users.tags({ cursor, limit: 7 }));
    expect(items).toEqual(names.toSorted().map((tag) => ({ tag, userCount: 1 })));
  });

  it('changes many, those it did not know included, and one that is named twice', async () => {
    await say('user-3', { tags: ['old'] });
    const blanks = Array.from({ length: 130 }, (_, index) => newUser(`user-${index % 120}`, NOW_MS));
    await fresh.store.users.changeMany(blanks, (user) => {
      return { ...user, tags: changedTags(user.tags, { add: ['new'], remove: ['old'] }) };
    });
    const { items } = await listed('new', 50);
    expect(items).toHaveLength(120);
    expect(items.every(({ tags }) => tags.join() === 'new')).toBe(true);
    expect(await fresh.store.users.tags({ cursor: null, limit: 5 })).toEqual({
      items: [{ tag: 'new', userCount: 120 }],
      next: null,
    });
  });

  it('never takes one user for another, whatever characters an id has', async () => {
    for (const [index, id] of ODD_IDS.entries()) await say(id, { tags: ['all', `own-${index}`] });
    for (const [index, id] of ODD_IDS.entries()) {
      expect((await fresh.store.users.get(id))?.tags, JSON.stringify(id)).toEqual(['all', `own-${index}`]);
      expect((await listed(`own-${index}`, 5)).items.map((user) => user.id)).toEqual([id]);
    }
    expect([...(await fresh.store.users.persons(ODD_IDS)).keys()].toSorted()).toEqual(ODD_IDS.toSorted());
    for (const tag of [null, 'all'])
      for (const limit of [1, 3, 100]) {
        const { items } = await listed(tag, limit);
        expect(items.map(({ id }) => id).toSorted(), `${tag} ${limit}`).toEqual(ODD_IDS.toSorted());
      }
  });

  it('counts a tag up and down, and forgets one that nobody has', async () => {
    for (const id of ['a', 'b', 'c']) await say(id, { tags: ['x', 'y'] });
    await say('b', { tags: ['y'] });
    for (const id of ['a', 'b', 'c']) await say(id, { tags: id === 'a' ? ['x'] : [] });
    const { items } = await everyPage((cursor) => fresh.store.users.tags({ cursor, limit: 1 }));
    expect(items).toEqual([{ tag: 'x', userCount: 1 }]);
    expect((await listed('y', 5)).items).toEqual([]);
  });

  it('lists those who are there all the while once each, though others come and go between the pages', async () => {
    const steady = Array.from({ length: 9 }, (_, index) => `user-${index}`);
    for (const id of steady) await say(id, { tags: ['t'] });
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof fresh.store.users.list>> = await fresh.store.users.list({
        tag: 't',
        cursor,
        limit: 2,
      });
      found.push(...page.items.map(({ id }) => id));
      await say(`user-${found.length}-new`, { tags: ['t'] });
      await say('user-0', { tags: found.length % 4 === 0 ? ['t'] : [] });
      cursor = page.next;
    } while (cursor !== null);
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((id) => steady.includes(id))).toEqual(steady);
  });

  it.each(['no such place', 'WzFd'])('refuses %s as a cursor', async (cursor) => {
    const refused = { code: 'invalid_cursor' };
    for (const tag of [null, 't'])
      await expect(fresh.store.users.list({ tag, cursor, limit: 5 })).rejects.toMatchObject(refused);
    await expect(fresh.store.users.tags({ cursor, limit: 5 })).rejects.toMatchObject(refused);
  });

  it('knows the zone of the newest active device that told one, where quiet hours ask for it', async () => {
    const zones = [
      ['Europe/Berlin', NOW_MS + 1],
      ['Asia/Tokyo', NOW_MS + 3],
      [null, NOW_MS + 4],
    ] as const;
    for (const [timeZone, createdAtMs] of zones)
      await fresh.store.subscriptions.register(sampleSubscription({ userId: 'ada', timeZone, createdAtMs }));
    await say('ada', { quietHours: QUIET });
    const zoneNow = async () => (await fresh.store.users.persons(['ada', 'bob', 'ada'])).get('ada')?.deviceZone;
    expect(await zoneNow()).toBe('Asia/Tokyo');
    await say('ada', { timeZone: 'Europe/Oslo' });
    expect((await fresh.store.users.persons(['ada'])).get('ada')?.user?.timeZone).toBe('Europe/Oslo');
    expect((await fresh.store.users.persons(['ada', 'bob'])).size).toBe(1);
  });
}
