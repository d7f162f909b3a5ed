import { describe, expect, it } from 'vitest';
import type { Invariant } from '../../scripts/simulate/checks/violation.ts';
import { DEFECTS } from '../../scripts/simulate/defects/defects.ts';
import { makePlan } from '../../scripts/simulate/plan/make-plan.ts';
import type { Plan } from '../../scripts/simulate/plan/plan.ts';
import { reportOf } from '../../scripts/simulate/report.ts';
import { shrink } from '../../scripts/simulate/shrink.ts';
import { runWorld } from '../../scripts/simulate/world/world.ts';
import { device, send, worldOf } from './small-world.ts';

const DAYS = 0.4;
const MOST_WORLDS = 40;
const MINUTE_MS = 60_000;

/** What each breaks, and a seed that had it found when this was written: it is tried first. */
const EXPECTED: Readonly<Record<string, { readonly invariants: readonly Invariant[]; readonly firstSeed: number }>> = {
  'lost-wake-up': { invariants: ['ends'], firstSeed: 1 },
  'settle-without-version': { invariants: ['versions', 'states', 'twice'], firstSeed: 1 },
  'cap-counted-twice': { invariants: ['caps'], firstSeed: 1 },
  'lease-taken-by-two': { invariants: ['lease', 'one_at_a_time', 'twice'], firstSeed: 4 },
  'topic-not-superseded': { invariants: ['topic'], firstSeed: 1 },
  'deadline-ignored': { invariants: ['ttl'], firstSeed: 1 },
  'quiet-hours-ignored-at-release': { invariants: ['quiet'], firstSeed: 1 },
  'suppression-not-written': { invariants: ['sum'], firstSeed: 1 },
  'event-not-written': { invariants: ['events'], firstSeed: 1 },
  'tally-not-counted': { invariants: ['tallies'], firstSeed: 1 },
  'users-take-no-turns': { invariants: ['fairness'], firstSeed: 2 },
  'cap-use-not-written': { invariants: ['caps'], firstSeed: 1 },
};

/** Calls for everybody, each called off a moment later: a page that ends deliveries meets workers that begin them. */
function calledOffAtOnce(): Plan {
  const users = Array.from({ length: 12 }, (_, user) => user);
  const devices = users.flatMap((user) => [0, 1, 2].map((number) => [1, device('mozilla', user, number)] as const));
  const cancel = { act: { kind: 'cancel', back: 0 } } as const;
  const calls = users.flatMap((call) => {
    const atSeconds = 20 + 20 * call;
    return [[atSeconds, send(users)] as const, [atSeconds + 0.2 + 0.1 * call, cancel] as const];
  });
  return { ...worldOf({ kind: 'shared', hosts: 3 }, [...devices, ...calls]), concurrency: 4 };
}

describe('planted defects', () => {
  it.each(Object.entries(DEFECTS))('are found within the minute: %s', { timeout: MINUTE_MS }, async (name, defect) => {
    const { invariants = [], firstSeed = 1 } = EXPECTED[name] ?? {};
    for (let tried = 0; tried < MOST_WORLDS; tried += 1) {
      const drawn = makePlan(tried === 0 ? firstSeed : tried, { days: DAYS });
      const isRace = name === 'settle-without-version' && tried === 0;
      const { violation } = await runWorld(isRace ? calledOffAtOnce() : drawn, defect);
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
