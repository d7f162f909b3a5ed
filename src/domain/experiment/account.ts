import { type Decision, rateOf } from './decision.ts';
import type { Metric, VariantResult } from './experiment.ts';

/** What an experiment has come to, in one sentence for people. */
export function sayOf(decision: Decision, results: readonly VariantResult[], metric: Metric): string {
  switch (decision.kind) {
    case 'suspicious':
      return 'Do not go by these rates: the users did not come to the variants in the proportion of their weights.';
    case 'winner': {
      const winner = results.find(({ key }) => key === decision.key);
      const others = results.filter(({ key }) => key !== decision.key).map(rateText);
      return `${decision.key} wins: ${winner === undefined ? '' : rateText(winner)} ${metric}, against ${listOf(others)}.`;
    }
    case 'open':
      return decision.usersNeeded === null
        ? 'Nothing can be said yet: the variants are too much alike, or too few users got them.'
        : `Nothing can be said yet: it takes about ${roundedUp(decision.usersNeeded)} users more, should the rates stay as they are.`;
  }
}

function rateText(result: VariantResult): string {
  return `${(100 * rateOf(result)).toFixed(1)} % of ${result.key}`;
}

function listOf(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}

/** To two digits, which is more than the estimate is good for. */
function roundedUp(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return Math.ceil(count / unit) * unit;
}
