import { html } from 'hono/html';
import type { FINAL_STATES } from '../../domain/delivery/delivery.ts';
import { PERIODS, type Period, type ServiceStretch, stretchesOf } from '../../domain/tally/settled.ts';
import type { Html } from './layout.ts';
import { number } from './parts.ts';

const WIDTH = 720;
const HEIGHT = 120;

/** From the bottom up. */
const STACK = [
  'delivered',
  'pruned',
  'cancelled',
  'expired',
  'failed',
] as const satisfies readonly (typeof FINAL_STATES)[number][];

type Bar = Record<(typeof STACK)[number], number>;

/** A bar for each minute or hour, of what deliveries ended as. What it shows stands beside it in words. */
export function chart(stretches: readonly ServiceStretch[], period: Period, nowMs: number): Html {
  const { stretches: count } = PERIODS[period];
  const { fromMs, untilMs } = stretchesOf(period, nowMs);
  const bars = barsOf(stretches, count, { fromMs, spanMs: (untilMs - fromMs) / count });
  const most = Math.max(1, ...bars.map(sumOf));
  const total = bars.reduce((sum, bar) => sum + sumOf(bar), 0);
  const says = `${number(total)} deliveries ended in this ${period}; at most ${number(most)} in one ${period === 'hour' ? 'minute' : 'hour'}.`;
  if (total === 0) return html`<p class="empty">No delivery ended in this ${period}.</p>`;
  const step = WIDTH / count;
  return html`<figure class="chart"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${says}" preserveAspectRatio="none">
${bars.map((bar, at) => barPaths(bar, at * step, step, most))}</svg>
<figcaption>${says} <span class="legend">${STACK.map((state) => html`<span class="key ${state}">${state}</span>`)}</span></figcaption></figure>`;
}

function barsOf(
  stretches: readonly ServiceStretch[],
  count: number,
  { fromMs, spanMs }: { fromMs: number; spanMs: number },
): readonly Bar[] {
  const bars = Array.from(
    { length: count },
    (): Bar => ({ delivered: 0, pruned: 0, cancelled: 0, expired: 0, failed: 0 }),
  );
  for (const stretch of stretches) {
    const bar = bars[Math.floor((stretch.atMs - fromMs) / spanMs)];
    if (bar !== undefined) for (const state of STACK) bar[state] += stretch[state];
  }
  return bars;
}

function sumOf(bar: Bar): number {
  return STACK.reduce((sum, state) => sum + bar[state], 0);
}

function barPaths(bar: Bar, x: number, step: number, most: number): readonly (Html | string)[] {
  let below = 0;
  return STACK.map((state) => {
    const height = (bar[state] / most) * (HEIGHT - 4);
    below += height;
    const [left, width] = [(x + step * 0.1).toFixed(1), (step * 0.8).toFixed(1)];
    return height === 0
      ? ''
      : html`<rect class="bar-${state}" x="${left}" y="${(HEIGHT - below).toFixed(1)}" width="${width}" height="${height.toFixed(1)}"/>`;
  });
}
