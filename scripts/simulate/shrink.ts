import type { Invariant } from './checks/violation.ts';
import type { Plan } from './plan/plan.ts';
import type { Defect } from './world/stage.ts';
import { type Outcome, runWorld } from './world/world.ts';

/** A plan with as little in it as could be found, and what comes of it. */
export type Shrunk = { readonly plan: Plan; readonly outcome: Outcome };

type Budget = { readonly defect: Defect | undefined; readonly endsAtMs: number };

/** The same world, with only these of its items. */
export function withOnly(plan: Plan, ids: ReadonlySet<number>): Plan {
  return { ...plan, items: plan.items.filter(({ id }) => ids.has(id)) };
}

/**
 * Leaves out what the violation does not need: what comes after it first, and then half of the rest, a quarter, and so on down to single
 * items. What is left breaks the same invariant. Stops at `endsAtMs` with what it has.
 */
export async function shrink(found: Shrunk, budget: Budget): Promise<Shrunk> {
  const invariant = found.outcome.violation?.invariant;
  if (invariant === undefined) return found;
  const atMs = found.outcome.violation?.atMs ?? found.plan.endMs;
  const before = { ...found.plan, items: found.plan.items.filter((item) => item.atMs <= atMs) };
  let best = (await broken(before, invariant, budget)) ?? found;
  for (let size = Math.ceil(best.plan.items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    best = await withoutPieces(best, size, invariant, budget);
  }
  return best;
}

async function withoutPieces(from: Shrunk, size: number, invariant: Invariant, budget: Budget): Promise<Shrunk> {
  let best = from;
  for (let start = 0; start < best.plan.items.length && Date.now() < budget.endsAtMs; ) {
    const items = best.plan.items.toSpliced(start, size);
    const smaller = await broken({ ...best.plan, items }, invariant, budget);
    if (smaller === null) start += size;
    else best = smaller;
  }
  return best;
}

async function broken(plan: Plan, invariant: Invariant, { defect }: Budget): Promise<Shrunk | null> {
  const outcome = await runWorld(plan, defect);
  return outcome.violation?.invariant === invariant ? { plan, outcome } : null;
}
