/** What several rounds gave: the middle one, and how far they lie apart. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const half = Math.floor((sorted.length - 1) / 2);
  const median = sorted.length % 2 === 1 ? at(half) : (at(half) + at(half + 1)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

/** The value that this share of all, from 0 to 1, does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A count with its thousands apart. */
export function grouped(count: number): string {
  return count.toLocaleString('en');
}

/** The middle one, and in brackets the least and the most. */
export function shown({ median, min, max }: Spread, digits = 0): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
