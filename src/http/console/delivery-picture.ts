import { html } from 'hono/html';
import type { DeliveryState } from '../../domain/delivery/delivery.ts';
import type { Html } from './layout.ts';

type Place = readonly [x: number, y: number];

/** Where each state stands: what waits on the left, the attempt in the middle, the ends on the right. */
const PLACES: Readonly<Record<DeliveryState, Place>> = {
  pending: [70, 70],
  held: [70, 150],
  sending: [270, 70],
  retrying: [270, 150],
  delivered: [490, 26],
  pruned: [490, 70],
  failed: [490, 114],
  expired: [490, 158],
  cancelled: [490, 202],
};

/** The ways there are, drawn faintly. A way that was taken is drawn, whether it is one of these or not. */
const WAYS: readonly (readonly [from: DeliveryState, to: DeliveryState])[] = [
  ['pending', 'sending'],
  ['pending', 'held'],
  ['held', 'sending'],
  ['sending', 'retrying'],
  ['retrying', 'sending'],
  ['sending', 'delivered'],
  ['sending', 'pruned'],
  ['sending', 'failed'],
  ['retrying', 'expired'],
  ['retrying', 'cancelled'],
];

const WIDTH = 108;
const HEIGHT = 30;

/** The machine of a delivery, with the way that this one took. Said in words as well, for who does not see it. */
export function deliveryPicture(states: readonly DeliveryState[]): Html {
  const taken = new Set(states.slice(1).map((state, index) => `${states[index]} ${state}`));
  const ways = [...new Set([...WAYS.map(([from, to]) => `${from} ${to}`), ...taken])];
  const faint = ways.filter((way) => !taken.has(way));
  const line = (way: string, kind: string) => html`<path class="way ${kind}" d="${pathOf(way)}"/>`;
  const now = states.at(-1);
  const box = ([state, [x, y]]: readonly [string, Place]) => {
    const kind = state === now ? `now ${state}` : (states as readonly string[]).includes(state) ? 'passed' : '';
    return html`<g class="box ${kind}"><rect x="${x - WIDTH / 2}" y="${y - HEIGHT / 2}" width="${WIDTH}" height="${HEIGHT}" rx="8"/><text x="${x}" y="${y + 5}">${state}</text></g>`;
  };
  return html`<svg class="machine" viewBox="0 0 560 228" role="img" aria-label="The way it took: ${states.join(', then ')}.">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>
${faint.map((way) => line(way, 'faint'))}${[...taken].map((way) => line(way, 'taken'))}
${Object.entries(PLACES).map(box)}</svg>`;
}

/** From the edge of one box to the edge of the other. */
function pathOf(way: string): string {
  const [from, to] = way.split(' ') as [DeliveryState, DeliveryState];
  const [[x1, y1], [x2, y2]] = [PLACES[from], PLACES[to]];
  if (from === to)
    return `M${x1 - 20} ${y1 - HEIGHT / 2} C${x1 - 30} ${y1 - 42} ${x1 + 30} ${y1 - 42} ${x1 + 20} ${y1 - HEIGHT / 2}`;
  if (x1 === x2) {
    const down = y2 > y1 ? 1 : -1;
    // Two that lead to and fro stand beside each other.
    const x = x1 + 16 * down;
    return `M${x} ${y1 + (down * HEIGHT) / 2} L${x} ${y2 - (down * HEIGHT) / 2}`;
  }
  const ahead = x2 > x1 ? 1 : -1;
  const [startX, endX] = [x1 + (ahead * WIDTH) / 2, x2 - (ahead * WIDTH) / 2];
  const bend = (endX - startX) / 2;
  return `M${startX} ${y1} C${startX + bend} ${y1} ${endX - bend} ${y2} ${endX} ${y2}`;
}
