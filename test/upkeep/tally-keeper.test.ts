import { expect, it } from 'vitest';
import type { BellhopEvent } from '../../src/domain/events.ts';
import type { Miscount } from '../../src/domain/tally/tally.ts';
import type { TallyStore } from '../../src/store/tally-store.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createTallyKeeper } from '../../src/upkeep/tally-keeper.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { NOW_MS } from '../support/samples.ts';

const WRONG: Miscount = { name: 'ended failed', had: 1, found: 2 };

async function tickWith(
  tallies: Pick<TallyStore, 'isRecountDue' | 'recount'>,
  leads = true,
): Promise<readonly BellhopEvent[]> {
  const told: BellhopEvent[] = [];
  const events = createEvents((error) => {
    throw error;
  });
  events.subscribe((event) => told.push(event));
  const store = { tallies: tallies as TallyStore };
  const keeper = createTallyKeeper({ store, events, clock: createFakeClock(NOW_MS), leads: async () => leads });
  await keeper.start();
  await keeper.stop();
  return told;
}

it('counts nothing where nothing may be wrong, or another process leads', async () => {
  const recount = () => Promise.reject(new Error('nobody asked for it'));
  expect(await tickWith({ isRecountDue: async () => false, recount })).toEqual([]);
  expect(await tickWith({ isRecountDue: async () => true, recount }, false)).toEqual([]);
});

it('has rows counted where counts may be wrong, and tells what was', async () => {
  const isRecountDue = async (nowMs: number) => nowMs === NOW_MS;
  expect(await tickWith({ isRecountDue, recount: async () => [] })).toEqual([]);
  const told = await tickWith({ isRecountDue, recount: async () => [WRONG] });
  expect(told).toEqual([{ type: 'tallies.corrected', miscounts: [WRONG] }]);
});

it('tells that it failed, and goes on', async () => {
  const isRecountDue = () => Promise.reject(new Error('away'));
  const told = await tickWith({ isRecountDue, recount: async () => [] });
  expect(told).toMatchObject([{ type: 'part.failed', part: 'tally_keeper' }]);
});
