import { describe, expect, it } from 'vitest';
import { AUDIENCE_START, lookupAt, usersFound } from '../../src/store/audience-cursor.ts';

const userIds = Array.from({ length: 1200 }, (_, index) => `user-${index}`);
const recipient = (userId: string) => {
  return { id: 'sub_9', userId, endpoint: 'https://push.example.net/', locale: null, timeZone: null, updatedAtMs: 0 };
};

describe('the cursors that version 0.1 kept with its notifications', () => {
  it.each([
    ['[0,null,null]', { userIndex: 0, after: null, userIds: userIds.slice(0, 500) }],
    ['[500,null,null]', { userIndex: 500, after: null, userIds: userIds.slice(500, 1000) }],
    [
      '[1000,"a\\"\\ud800","sub_9"]',
      { userIndex: 1000, after: { userId: 'a"\ud800', subscriptionId: 'sub_9' }, userIds: userIds.slice(1000) },
    ],
  ])('%s is understood', (cursor, lookup) => {
    expect(lookupAt(userIds, cursor, 25)).toEqual({ ...lookup, limit: 25 });
  });

  it('are the ones kept now', () => {
    expect(AUDIENCE_START).toBe('[0,null,null]');
    const lookup = lookupAt(userIds, '[500,null,null]', 1);
    expect(usersFound(userIds, lookup, [])).toMatchObject({ next: '[1000,null,null]' });
  });
});

describe('usersFound', () => {
  const found = (cursor: string, ...users: readonly string[]) =>
    usersFound(userIds, lookupAt(userIds, cursor, 2), users.map(recipient));

  it('leaves the last user of a full page to the next one, since there may be more of that user', () => {
    expect(found('[1000,null,null]', 'user-1000', 'user-1001')).toMatchObject({
      userIds: ['user-1000'],
      devices: [recipient('user-1000')],
      next: '[1000,"user-1000","\u{10ffff}"]',
    });
  });

  it('asks for the rest of a user who fills a page alone', () => {
    expect(found('[1000,null,null]', 'user-1000', 'user-1000')).toEqual({ moreOf: 'user-1000' });
  });

  it('goes to the next users after any other page, and ends with the last users', () => {
    expect(found('[0,null,null]', 'user-3')).toMatchObject({ next: '[500,null,null]' });
    expect(found('[500,"user-998","sub_1"]')).toMatchObject({ userIds: ['user-999'], next: '[1000,null,null]' });
    expect(found('[1000,"a","sub_1"]', 'user-1000')).toMatchObject({ next: null });
  });
});
