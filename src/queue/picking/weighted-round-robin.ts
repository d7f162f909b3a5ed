/** Picks the next lane among those that have work, or null when none has. */
export type LanePicker<Lane extends string> = (hasWork: (lane: Lane) => boolean) => Lane | null;

/**
 * Smooth weighted round-robin, as nginx does it: with weights 6/3/1 every ten picks give six, three and one, spread
 * evenly. Work-conserving: a lane without work takes no turn and earns no credit for later.
 */
export function weightedRoundRobin<Lane extends string>(weights: Readonly<Record<Lane, number>>): LanePicker<Lane> {
  const lanes = (Object.keys(weights) as Lane[]).map((name) => ({ name, weight: weights[name], credit: 0 }));
  return (hasWork) => {
    const ready = lanes.filter((lane) => hasWork(lane.name));
    let total = 0;
    let best: (typeof lanes)[number] | null = null;
    for (const lane of ready) {
      lane.credit += lane.weight;
      total += lane.weight;
      if (best === null || lane.credit > best.credit) best = lane;
    }
    if (best === null) return null;
    best.credit -= total;
    return best.name;
  };
}
