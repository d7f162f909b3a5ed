import { expect, it } from 'vitest';
import { createLoneCoordination } from '../../src/coordination/alone.ts';
import type { ProcessView } from '../../src/domain/process/process-view.ts';
import { createProcesses } from '../../src/intake/processes.ts';
import { createPresence } from '../../src/upkeep/presence.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { NOW_MS } from '../support/samples.ts';

const VIEW: ProcessView = {
  ...{ id: 'one', host: 'machine-1', pid: 7, version: '1.2.3', roles: ['worker'], startedAtMs: NOW_MS },
  lanes: [{ origin: 'https://a.example', service: 'fcm', standing: 'closed', untilMs: NOW_MS + 9, inFlight: 2 }],
};
const OTHER: ProcessView = { ...VIEW, id: 'two', roles: ['api'], lanes: [] };

it('has another process know this one, and how its lanes stand by now', async () => {
  const clock = createFakeClock(NOW_MS);
  const coordination = createLoneCoordination();
  const told: number[] = [];
  let lanes = VIEW.lanes;
  const presence = createPresence({
    coordination: {
      announce: (words, forMs) => {
        told.push(forMs);
        return coordination.announce(words, forMs);
      },
    },
    events: { publish: () => {}, subscribe: () => () => {} },
    clock,
    view: () => ({ ...VIEW, lanes }),
  });
  await presence.start();
  const processes = createProcesses({ coordination, own: () => OTHER });
  expect(await processes.list()).toEqual([OTHER, VIEW]);
  expect(await processes.lanes()).toEqual(VIEW.lanes);
  lanes = [];
  await clock.advance(2000);
  await presence.stop();
  expect(await processes.lanes()).toEqual([]);
  expect(told).toEqual([10_000, 10_000]);
});
