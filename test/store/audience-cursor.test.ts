import { describe, expect, it } from 'vitest';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import { AUDIENCE_START, lookupAt, pageOf } from '../../src/store/audience-cursor.ts';

const userIds = Array.from({ length: 1200 }, (_, index) => `user-${index}`);
const audience = usersNamed(userIds);
const recipient = { id: 'sub_9', userId: 'a"\ud800', endpoint: 'https://push.example.net/' };

describe('the cursors that version 0.1 kept with its notifications', () => {
  it.each([
    [
      '[0,null,null]',
      { userIndex: 0, after: null, given: { users: 0, subscriptions: 0 }, userIds: userIds.slice(0, 500) },
    ],
    ['[500,null,null]', { userIndex: 500, after: null, given: null, userIds: userIds.slice(500, 1000) }],
    [
      '[1000,"a\\"\\ud800","sub_9"]',
      {
        userIndex: 1000,
        after: { userId: 'a"\ud800', subscriptionId: 'sub_9' },
        given: null,
        userIds: userIds.slice(1000),
      },
    ],
  ])('%s is understood', (cursor, lookup) => {
    expect(lookupAt(audience, cursor, 25)).toEqual({ ...lookup, limit: 25 });
  });

  it('are the ones kept now, with what was given behind where that is known', () => {
    expect(AUDIENCE_START).toBe('[0,null,null]');
    const lookup = lookupAt(audience, '[500,null,null]', 1);
    expect(pageOf(audience, lookup, [recipient]).next).toBe('[500,"a\\"\\ud800","sub_9"]');
    expect(pageOf(audience, lookup, []).next).toBe('[1000,null,null]');
  });
});

describe('what was given', () => {
  const of = (userId: string, id: string) => ({ ...recipient, userId, id });

  it('is counted through the pages, each user once, and told on the last', () => {
    const given = [
      [of('user-1', 'sub_1'), of('user-1', 'sub_2')],
      [of('user-1', 'sub_3'), of('user-2', 'sub_4')],
      [],
      [of('user-600', 'sub_5')],
      [of('user-1100', 'sub_6'), of('user-1100', 'sub_7')],
      [of('user-1100', 'sub_8')],
    ].reduce<{ cursor: string | null; told: unknown[] }>(
      ({ cursor, told }, found) => {
        const page = pageOf(audience, lookupAt(audience, cursor, 2), found);
        return { cursor: page.next, told: [...told, page.given] };
      },
      { cursor: null, told: [] },
    );
    expect(given.cursor).toBeNull();
    const counts = [
      [1, 2],
      [2, 4],
      [2, 4],
      [3, 5],
      [4, 7],
      [4, 8],
    ];
    expect(given.told).toEqual(counts.map(([users, subscriptions]) => ({ users, subscriptions })));
  });

  it('is not known where an earlier version began', () => {
    const page = pageOf(audience, lookupAt(audience, '[1000,null,null]', 2), [recipient]);
    expect(page).toMatchObject({ next: null, given: null });
  });
});

describe('pageOf', () => {
  const nextOf = (cursor: string, found: number) =>
    pageOf(
      audience,
      lookupAt(audience, cursor, 2),
      Array.from({ length: found }, () => recipient),
    ).next;

  it('stays with the same users after a full page', () => {
    expect(nextOf('[1000,null,null]', 2)).toBe('[1000,"a\\"\\ud800","sub_9"]');
  });

  it('goes to the next users after any other page, and ends with the last users', () => {
    expect(nextOf('[0,null,null]', 1)).toBe('[500,null,null,1,1]');
    expect(nextOf('[500,"a","sub_1"]', 0)).toBe('[1000,null,null]');
    expect(nextOf('[1000,"a","sub_1"]', 1)).toBeNull();
  });
});
