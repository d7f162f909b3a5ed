import { expect, it } from 'vitest';
import {
  ANY_DEAD_LETTER,
  type DeadLetterFilter,
  isMeant,
  meansAll,
} from '../../../src/domain/delivery/dead-letter-filter.ts';

const FACTS = {
  reason: 'rejected',
  origin: 'https://fcm.googleapis.com',
  type: 'a.b',
  remedy: 'Mend the key.',
} as const;
const isOne = (asked: Partial<DeadLetterFilter>, facts = {}) =>
  isMeant({ ...ANY_DEAD_LETTER, ...asked }, { ...FACTS, ...facts });

it('means all that fit every part of it', () => {
  expect(isOne({})).toBe(true);
  expect(isOne({ reason: 'rejected', service: 'fcm', type: 'a.b', remedy: 'the KEY' })).toBe(true);
  expect(isOne({ service: FACTS.origin })).toBe(true);
  for (const other of [{ reason: 'misconfigured' }, { service: 'apple' }, { type: 'a' }, { remedy: 'keys' }] as const)
    expect(isOne(other)).toBe(false);
  expect([isOne({ remedy: 'k' }, { remedy: null }), isOne({ type: 'a' }, { type: null })]).toEqual([false, false]);
});

it('means all of a user, a notification or a time, unless it asks for more', () => {
  expect(meansAll({ ...ANY_DEAD_LETTER, userId: 'a', notificationId: 'ntf_1', fromMs: 1, untilMs: 2 })).toBe(true);
  const asked: Partial<DeadLetterFilter>[] = [
    { type: 'a' },
    { remedy: 'a' },
    { reason: 'rejected' },
    { service: 'fcm' },
  ];
  expect(asked.map((one) => meansAll({ ...ANY_DEAD_LETTER, ...one }))).toEqual([false, false, false, false]);
});
