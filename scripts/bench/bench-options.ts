import { parseArgs } from 'node:util';

/** What can be measured by itself, in the order it is done: MongoDB and Redis are gone before what does without them. */
export const PARTS = [
  'deliveries',
  'priority',
  'reach',
  'console',
  'api',
  'wait',
  'beside',
  'variables',
  'scale',
  'idle',
  'backup',
] as const;
export type Part = (typeof PARTS)[number];

export type BenchOptions = {
  /** Seconds instead of minutes: whether it runs at all, not how fast anything is. */
  readonly isShort: boolean;
  /** Where the numbers go as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  readonly parts: ReadonlySet<Part>;
  /** Of which `reach` finds its audiences. */
  readonly users: number;
  /** That `console` has stored. */
  readonly stored: number;
};

const MANY = 1_000_000;
const MANY_WHEN_SHORT = 3000;

/** Reads `--short`, `--json FILE`, `--only PART,PART`, `--users N` and `--stored N`. Throws a TypeError that names what it does not know. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const options = {
    short: { type: 'boolean' },
    json: { type: 'string' },
    only: { type: 'string' },
    users: { type: 'string' },
    stored: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const named = values.only?.split(',') ?? [...PARTS];
  const unknown = named.filter((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown.length > 0) throw new TypeError(`--only knows ${PARTS.join(', ')}, not ${unknown.join(', ')}`);
  const isShort = values.short ?? false;
  const count = (name: 'users' | 'stored'): number => {
    const found = Number(values[name] ?? (isShort ? MANY_WHEN_SHORT : MANY));
    if (!Number.isSafeInteger(found) || found < 1) throw new TypeError(`--${name} takes a whole number from 1 on`);
    return found;
  };
  const parts = new Set(named as Part[]);
  return { isShort, jsonPath: values.json ?? null, parts, users: count('users'), stored: count('stored') };
}
