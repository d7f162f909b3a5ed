import { html } from 'hono/html';
import { PUSH_SERVICES, type PushService } from '../../domain/push-service/push-service.ts';
import { AGING_BANDS, type AgingForecast, STALE_AFTER_DAYS } from '../../domain/subscription/aging.ts';
import type { Html } from './layout.ts';
import { type Column, number, SERVICE_NAMES, table, time } from './parts.ts';

const COLUMNS: readonly Column[] = [
  ['Push service'],
  ['Stale already', 'number'],
  ['Within 30 days', 'number'],
  ['Within 90', 'number'],
  ['Within 180', 'number'],
  ['Later', 'number'],
];

/** How many subscriptions will go stale, and when. */
export function agingTable(forecast: AgingForecast | null): Html {
  if (forecast === null)
    return html`<p class="empty">Not counted yet: that is done within an hour of the start, and then every day.</p>`;
  const { services, countedAtMs } = forecast;
  const total = (service: PushService) => AGING_BANDS.reduce((sum, band) => sum + services[service][band], 0);
  return html`<p class="lead">A browser that does not come back for ${STALE_AFTER_DAYS} days can be forgotten by its push service: at most so many go, and when.</p>
${table({
  caption: 'How many subscriptions will go stale, and when',
  columns: COLUMNS,
  rows: PUSH_SERVICES.filter((service) => total(service) > 0).map((service) => [
    service === 'other' ? 'Others' : SERVICE_NAMES[service],
    ...AGING_BANDS.map((band) => number(services[service][band])),
  ]),
  empty: 'There was no active subscription.',
})}
<p class="hint">Counted ${time(countedAtMs)}, once a day or more often, from the last time that each registered.</p>`;
}
