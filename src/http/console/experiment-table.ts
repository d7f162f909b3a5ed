import { html } from 'hono/html';
import type { ExperimentAccount, VariantAccount } from '../../intake/experiments.ts';
import type { Html } from './layout.ts';
import { number, table } from './parts.ts';

const WIDTH = 240;
const HEIGHT = 20;

/** What each variant came to, with the interval of its rate as numbers and as a picture. */
export function variantTable({ experiment, variants, decision }: ExperimentAccount): Html {
  const { metric } = experiment.terms;
  const most = Math.max(...variants.map(({ interval }) => interval?.to ?? 0), 0.001);
  const winner = decision.kind === 'winner' ? decision.key : null;
  return table({
    caption: 'Variants',
    columns: [
      ['Variant'],
      [`Of those delivered, ${metric}`, 'wide'],
      ['Users', 'number'],
      ['Delivered', 'number'],
      ['Shown', 'number'],
      ['Clicked', 'number'],
      ['Weight', 'number'],
    ],
    rows: variants.map((variant) => [
      variant.key === winner
        ? html`<strong>${variant.key}</strong> <span class="state delivered">wins</span>`
        : variant.key,
      rateCell(variant, most),
      number(variant.users),
      number(variant.delivered),
      number(variant.shown),
      number(variant.clicked),
      variant.weight,
    ]),
    empty: 'It has no variants.',
  });
}

/** The picture says nothing that the words beside it do not. */
function rateCell({ rate, interval }: VariantAccount, most: number): Html | string {
  if (rate === null || interval === null) return '–';
  const place = (share: number): string => ((share / most) * WIDTH).toFixed(1);
  const [from, to, middle] = [place(interval.from), place(interval.to), HEIGHT / 2];
  const width = (((interval.to - interval.from) / most) * WIDTH).toFixed(1);
  return html`${percent(rate)} <small>between ${percent(interval.from)} and ${percent(interval.to)}</small>
<svg class="interval" viewBox="-4 0 ${WIDTH + 8} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true"><line x1="0" y1="${middle}" x2="${WIDTH}" y2="${middle}"/><rect x="${from}" y="${middle - 3}" width="${width}" height="6"/><line class="end" x1="${to}" y1="${middle - 6}" x2="${to}" y2="${middle + 6}"/><line class="end" x1="${from}" y1="${middle - 6}" x2="${from}" y2="${middle + 6}"/><circle cx="${place(rate)}" cy="${middle}" r="4"/></svg>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
