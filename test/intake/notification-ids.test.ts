import { expect, it } from 'vitest';
import { isResourceId } from '../../src/domain/ids.ts';
import { createNotificationIds } from '../../src/intake/notification-ids.ts';
import { NOW_MS } from '../support/samples.ts';

it('ids sort in the order in which they are asked for, within a millisecond, too', () => {
  const draws = [0.99, 0.01, 0.5];
  let drawn = 0;
  const nextId = createNotificationIds(() => draws[drawn++ % draws.length] ?? 0);
  const ids = [0, 0, 0, 1, 1, 2].flatMap((more) => Array.from({ length: 40 }, () => nextId(NOW_MS + more)));
  expect(ids).toEqual([...new Set(ids)].toSorted());
  expect(ids.every(isResourceId)).toBe(true);
});

it('an id after a clock that was set back has the time that it is', () => {
  const nextId = createNotificationIds(() => 0);
  const [later, earlier] = [nextId(NOW_MS + 1000), nextId(NOW_MS)];
  expect(earlier < later).toBe(true);
});
