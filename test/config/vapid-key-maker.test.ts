import { expect, test } from 'vitest';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { readVapidPair } from '../../src/domain/push-service/vapid-key.ts';

// One scalar in 256 begins with a zero octet, which Node leaves out.
test('makes pairs of full length, whatever was drawn', () => {
  const pairs = Array.from({ length: 2000 }, generateVapidKeys);
  expect(pairs.map(readVapidPair)).toEqual(pairs.map((pair) => ({ kind: 'pair', pair })));
});
