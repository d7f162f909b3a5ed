import { parseArgs } from 'node:util';

/** What can be measured by itself, in the order it is done: MongoDB and Redis are gone before what does without them. */
export const PARTS = ['deliveries', 'priority', 'api', 'wait', 'scale', 'idle', 'backup'] as const;
export type Part = (typeof PARTS)[number];

export type BenchOptions = {
  /** Seconds instead of minutes: whether it runs at all, not how fast anything is. */
  readonly isShort: boolean;
  /** Where the numbers go as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  readonly parts: ReadonlySet<Part>;
};

/** Reads `--short`, `--json FILE` and `--only PART,PART`. Throws a TypeError that names what it does not know. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const options = { short: { type: 'boolean' }, json: { type: 'string' }, only: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const named = values.only?.split(',') ?? [...PARTS];
  const unknown = named.filter((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown.length > 0) throw new TypeError(`--only knows ${PARTS.join(', ')}, not ${unknown.join(', ')}`);
  return { isShort: values.short ?? false, jsonPath: values.json ?? null, parts: new Set(named as Part[]) };
}
