import { expect, it } from 'vitest';
import { createExperiments } from '../../src/intake/experiments.ts';
import type { KeptExperiment } from '../../src/store/experiment-store.ts';
import { NOW_MS } from '../support/samples.ts';

const KEPT: KeptExperiment = {
  terms: {
    key: 'k',
    holdoutPercent: 0,
    testPercent: null,
    decideAfterSeconds: null,
    metric: 'clicked',
    ifInconclusive: 'stop',
    variants: [
      { key: 'a', weight: 1 },
      { key: 'b', weight: 1 },
    ],
  },
  notificationId: null,
  createdAtMs: NOW_MS,
  usedUntilMs: NOW_MS,
  decided: null,
};

/** What is said where the store has counted so much. */
async function accountOf(isWhole: boolean, others = 5000) {
  const counts = new Map([
    ['a', { users: 5000, delivered: 5000, shown: 0, clicked: 900 }],
    ['b', { users: others, delivered: others, shown: 0, clicked: others / 10 }],
  ]);
  const store = { get: async () => KEPT, countsWithin: async () => ({ counts, isWhole }) };
  const experiments = createExperiments({ store: { experiments: store as never } });
  return experiments.get('k');
}

it('names a winner by all that was told, and by nothing less', async () => {
  expect(await accountOf(true)).toMatchObject({ decision: { kind: 'winner', key: 'a' }, isCounting: false });
  expect(await accountOf(false)).toMatchObject({
    decision: { kind: 'open', usersNeeded: null },
    isCounting: true,
    sentence: expect.stringContaining('Not all is counted yet'),
    variants: [{ key: 'a', users: 5000, clicked: 900 }, { key: 'b' }],
  });
});

it('calls shares wrong by all that was counted, and by nothing less', async () => {
  expect(await accountOf(true, 1000)).toMatchObject({ hasSampleRatio: false, decision: { kind: 'suspicious' } });
  expect(await accountOf(false, 1000)).toMatchObject({ hasSampleRatio: true });
});
