import { describe, expect, it } from 'vitest';
import type { Invariant } from '../../scripts/simulate/checks/violation.ts';
import { DEFECTS } from '../../scripts/simulate/defects/defects.ts';
import { makePlan } from '../../scripts/simulate/plan/make-plan.ts';
import { reportOf } from '../../scripts/simulate/report.ts';
import { shrink } from '../../scripts/simulate/shrink.ts';
import { runWorld } from '../../scripts/simulate/world/world.ts';

const DAYS = 0.4;
const MOST_WORLDS = 40;
const MINUTE_MS = 60_000;

/** What each breaks, and a seed that had it found when this was written: it is tried first. */
const EXPECTED: Readonly<Record<string, { readonly invariants: readonly Invariant[]; readonly firstSeed: number }>> = {
  'lost-wake-up': { invariants: ['ends'], firstSeed: 1 },
  'settle-without-version': { invariants: ['versions', 'states', 'twice'], firstSeed: 9 },
  'cap-counted-twice': { invariants: ['caps'], firstSeed: 2 },
  'lease-taken-by-two': { invariants: ['lease', 'one_at_a_time', 'twice'], firstSeed: 3 },
  'topic-not-superseded': { invariants: ['topic'], firstSeed: 3 },
  'deadline-ignored': { invariants: ['ttl'], firstSeed: 1 },
  'quiet-hours-ignored-at-release': { invariants: ['quiet'], firstSeed: 1 },
  'suppression-not-written': { invariants: ['sum'], firstSeed: 1 },
  'event-not-written': { invariants: ['events'], firstSeed: 1 },
  'tally-not-counted': { invariants: ['tallies'], firstSeed: 1 },
  'users-take-no-turns': { invariants: ['fairness'], firstSeed: 5 },
  'cap-use-not-written': { invariants: ['caps'], firstSeed: 1 },
};

describe('planted defects', () => {
  it.each(Object.entries(DEFECTS))('are found within the minute: %s', { timeout: MINUTE_MS }, async (name, defect) => {
    const { invariants = [], firstSeed = 1 } = EXPECTED[name] ?? {};
    for (let tried = 0; tried < MOST_WORLDS; tried += 1) {
      const { violation } = await runWorld(makePlan(tried === 0 ? firstSeed : tried, { days: DAYS }), defect);
      if (violation === null) continue;
      expect(invariants).toContain(violation.invariant);
      return;
    }
    expect.fail(`${name} was not found in ${MOST_WORLDS} worlds`);
  });

  it('come down to a few things that happen, and to a command that repeats them', { timeout: MINUTE_MS }, async () => {
    const defect = DEFECTS['suppression-not-written'];
    const plan = makePlan(1, { days: DAYS });
    const outcome = await runWorld(plan, defect);
    const shrunk = await shrink({ plan, outcome }, { defect, endsAtMs: Date.now() + MINUTE_MS / 4 });
    expect(shrunk.plan.items.length).toBeLessThanOrEqual(3);
    const report = reportOf(shrunk, { days: DAYS, defect: 'suppression-not-written' });
    const kept = shrunk.plan.items.map(({ id }) => id).join(',');
    expect(report).toContain('sum does not hold: users = users with deliveries + suppressions');
    expect(report).toContain(`npm run simulate -- --seed 1 --days 0.4 --keep ${kept} --defect suppression-not-written`);
    expect((await runWorld(shrunk.plan, defect)).digest).toBe(shrunk.outcome.digest);
  });
});
