import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rehearse } from '../../../src/push/threads/rehearsal.ts';

const SOCKETS = 'net.client.socket';

let sockets = 0;
const count = (): void => {
  sockets += 1;
};

beforeEach(() => {
  sockets = 0;
  subscribe(SOCKETS, count);
});
afterEach(() => {
  unsubscribe(SOCKETS, count);
});

it('sends as often as it takes, and opens no socket for that', async () => {
  expect(await rehearse(() => false)).toBe(400);
  expect(sockets).toBe(0);
}, 20_000);

it('ends where there is a crowd of real ones', async () => {
  let turns = 0;
  const isCrowd = (): boolean => {
    turns += 1;
    return turns > 3;
  };
  expect(await rehearse(isCrowd)).toBe(12);
});
