import { expect, it } from 'vitest';
import {
  ANY_DEAD_LETTER,
  type DeadLetterFilter,
  isMeant,
  looksFurther,
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

it('looks into the notification or the attempts only where it is asked to', () => {
  const asked: Partial<DeadLetterFilter>[] = [{ type: 'a' }, { remedy: 'a' }, { notificationId: 'ntf_1' }];
  expect(asked.map((one) => looksFurther({ ...ANY_DEAD_LETTER, ...one }))).toEqual([true, true, true]);
  expect(looksFurther({ ...ANY_DEAD_LETTER, userId: 'a', reason: 'rejected', service: 'fcm', fromMs: 1 })).toBe(false);
});
