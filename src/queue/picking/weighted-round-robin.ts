/** Picks the next name among those that have work, or null when none has. */
type NextPick<Name extends string> = (hasWork: (name: Name) => boolean) => Name | null;

/**
 * Smooth weighted round-robin, as nginx does it: of as many picks as the weights add up to, each name gets its weight, and
 * its picks are spread evenly. Work-conserving: a name without work takes no turn and earns no credit for later.
 */
export function weightedRoundRobin<Name extends string>(weights: Readonly<Record<Name, number>>): NextPick<Name> {
  const candidates = (Object.keys(weights) as Name[]).map((name) => ({ name, weight: weights[name], credit: 0 }));
  return (hasWork) => {
    const ready = candidates.filter(({ name }) => hasWork(name));
    let total = 0;
    let best: (typeof candidates)[number] | null = null;
    for (const candidate of ready) {
      candidate.credit += candidate.weight;
      total += candidate.weight;
      if (best === null || candidate.credit > best.credit) best = candidate;
    }
    if (best === null) return null;
    best.credit -= total;
    return best.name;
  };
}
