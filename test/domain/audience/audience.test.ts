import { expect, it } from 'vitest';
import { usersNamed } from '../../../src/domain/audience/audience.ts';

it('a user named twice is in the audience once, where it was named first', () => {
  expect(usersNamed(['b', 'a', 'b', 'c', 'a'])).toEqual({ kind: 'user_ids', userIds: ['b', 'a', 'c'] });
});
