import { parseArgs } from 'node:util';

export type BenchOptions = {
  /** Seconds instead of minutes: whether it runs at all, not how fast anything is. */
  readonly isShort: boolean;
  /** Where the numbers go as JSON; null: nowhere. */
  readonly jsonPath: string | null;
};

/** Reads `--short` and `--json FILE`. Throws a TypeError that names what it does not know. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const options = { short: { type: 'boolean' }, json: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  return { isShort: values.short ?? false, jsonPath: values.json ?? null };
}
