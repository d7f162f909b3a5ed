import { TALLY_NAMES, type Tallies, type TallyChange } from './tally.ts';

/** Counts as they were before rows were counted and after, and what the rows came to. */
export type TallyLook = { readonly before: Tallies; readonly rows: Tallies; readonly after: Tallies };

/**
 * By how much counts are to be corrected, where rows changed while they were counted. A count that grew meanwhile may be right with any
 * number between: it is wrong for sure only by what lies beyond both, and only where two looks say so. With nothing going on that is
 * exact.
 */
export function correctionsOf(looks: readonly [TallyLook, TallyLook]): readonly TallyChange[] {
  return TALLY_NAMES.flatMap((name) => {
    const [one, two] = looks.map(({ before, rows, after }) => {
      const low = rows[name] - Math.max(before[name], after[name]);
      const high = rows[name] - Math.min(before[name], after[name]);
      return low > 0 ? low : Math.min(high, 0);
    }) as [number, number];
    if (one * two <= 0) return [];
    return [[name, one > 0 ? Math.min(one, two) : Math.max(one, two)] as const];
  });
}
