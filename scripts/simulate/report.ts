import { INVARIANTS } from './checks/violation.ts';
import type { Item } from './plan/plan.ts';
import type { Shrunk } from './shrink.ts';

type Repeating = { readonly days: number; readonly defect: string | null };

/** What was found, told to a person: what holds otherwise, what happened, and the command by which it happens again. */
export function reportOf({ plan, outcome }: Shrunk, { days, defect }: Repeating): string {
  const { violation, tail } = outcome;
  if (violation === null) return '';
  const { kind, hosts } = plan.deployment;
  const ids = plan.items.map(({ id }) => id).join(',');
  const planted = defect === null ? '' : ` --defect ${defect}`;
  return [
    `Seed ${plan.seed}: ${violation.invariant} does not hold: ${INVARIANTS[violation.invariant]}.`,
    `  ${violation.message}`,
    `  at ${isoOf(violation.atMs)}, ${kind}, ${hosts} process${hosts === 1 ? '' : 'es'}, pages of ${plan.fanOutPageSize}, server in ${plan.serverZone}`,
    '',
    'What it takes:',
    ...plan.items.map((item) => `  ${wordsOf(item)}`),
    '',
    'What happened last:',
    ...tail.map((line) => `  ${line}`),
    '',
    'Again:',
    `  npm run simulate -- --seed ${plan.seed} --days ${days} --keep ${ids}${planted}`,
  ].join('\n');
}

function wordsOf(item: Item): string {
  const { kind, ...rest } = item.who === 'act' ? item.act : item.fault;
  return `${String(item.id).padStart(4)} ${isoOf(item.atMs)} ${item.who} ${kind} ${JSON.stringify(rest)}`;
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
