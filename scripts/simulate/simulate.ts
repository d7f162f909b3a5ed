import { DEFECTS } from './defects/defects.ts';
import { readSimulateOptions, type SimulateOptions } from './options.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Plan } from './plan/plan.ts';
import { reportOf } from './report.ts';
import { shrink, withOnly } from './shrink.ts';
import { type Outcome, runWorld } from './world/world.ts';

const HOUR_MS = 3_600_000;
const MOST_SEEDS = 2 ** 31;
/** For finding the shortest trace of one violation. */
const SHRINKS_FOR_MS = 120_000;

/** `npm run simulate`: worlds one after another, until one of them breaks what always holds. */
async function simulate(options: SimulateOptions): Promise<number> {
  const endsAtMs = options.hours === null ? null : Date.now() + options.hours * HOUR_MS;
  const first = options.seed ?? Math.floor(Math.random() * MOST_SEEDS);
  for (let world = 0; endsAtMs === null ? world < options.worlds : Date.now() < endsAtMs; world += 1) {
    const plan = planOf(first + world, options);
    const startedAtMs = Date.now();
    const outcome = await runWorld(plan, defectOf(options));
    console.log(lineOf(plan, outcome, Date.now() - startedAtMs));
    if (outcome.violation === null) continue;
    await tell(plan, outcome, options);
    return 1;
  }
  console.log('Everything that always holds has held.');
  return 0;
}

function planOf(seed: number, { days, keep }: SimulateOptions): Plan {
  const plan = makePlan(seed, { days });
  return keep === null ? plan : withOnly(plan, new Set(keep));
}

function defectOf({ defect }: SimulateOptions) {
  return defect === null ? undefined : DEFECTS[defect];
}

async function tell(plan: Plan, outcome: Outcome, options: SimulateOptions): Promise<void> {
  const { violation } = outcome;
  console.log(`\n${violation?.invariant}: ${violation?.message}\nLooking for the shortest way there …\n`);
  const budget = { defect: defectOf(options), endsAtMs: Date.now() + SHRINKS_FOR_MS };
  const found = options.keep === null ? await shrink({ plan, outcome }, budget) : { plan, outcome };
  console.log(reportOf(found, options));
}

function lineOf({ seed, deployment }: Plan, outcome: Outcome, tookMs: number): string {
  const { digest, simulatedMs, accepted, pushes, crashes } = outcome;
  const days = (simulatedMs / (24 * HOUR_MS)).toFixed(1);
  const where = `${deployment.kind}, ${deployment.hosts}`;
  return `seed ${seed} (${where}): ${days} days, ${accepted} calls, ${pushes} pushes, ${crashes} crashes, ${tookMs} ms, ${digest}`;
}

/** Null, and told, where something is said that nobody knows. */
function optionsOrTold(): SimulateOptions | null {
  try {
    return readSimulateOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message);
    return null;
  }
}

const options = optionsOrTold();
process.exitCode = options === null ? 2 : await simulate(options);
