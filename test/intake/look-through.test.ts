import { expect, it } from 'vitest';
import { lookThrough } from '../../src/intake/look-through.ts';

it('leaves others their turn between two pages, on a store that answers at once', async () => {
  let pages = 0;
  const audiences = { members: async () => ({ members: [], next: pages++ < 20 ? 'on' : null }) };
  const turns: number[] = [];
  setImmediate(() => turns.push(pages));
  const query = { audience: { kind: 'everyone', excludedIds: [] }, limit: 5, nowMs: 0, serverZone: 'UTC' } as const;
  expect(await lookThrough(audiences, query, { now: () => 0 }, () => {})).toBe(false);
  expect(turns).toEqual([1]);
});
