import { expect, it } from 'vitest';
import { warmUpMachine } from '../../src/delivery/warm-up.ts';

it('takes turns while it warms the machine up, and meets nothing that it would throw', async () => {
  let turns = 0;
  warmUpMachine(30);
  // One of its turns is over; two are to come, in the order asked for.
  for (const _ of [1, 2, 3]) {
    await new Promise(setImmediate);
    turns += 1;
  }
  expect(turns).toBe(3);
});
