import { html } from 'hono/html';
import type { UserForecast } from '../../domain/audience/forecast.ts';
import type { DryRun } from '../../intake/dry-run.ts';
import { sizeWarnings } from '../v1/notification-answer.ts';
import { previewsByLocale } from './compose-locales.ts';
import { contentPreview, octetMeter } from './content-preview.ts';
import type { Html } from './layout.ts';
import { address, facts, number, stateMark, table, time } from './parts.ts';

/** What would come of it: as a device shows it, how large it is, for whom, and who is left out and why. */
export function forecastOf({ notification, measured, forecast, isAtLeast }: DryRun): Html {
  const { users, devices, reachedUsers, suppressed, held, sample } = forecast;
  const left = Object.entries(suppressed).filter(([, count]) => count > 0);
  const shown = notification.content.worded?.shown ?? notification.content;
  const atLeast = isAtLeast ? 'at least ' : '';
  const locales = Object.entries(measured.byLocale ?? {});
  return html`<section class="card" role="status"><h2>What would come of it</h2>
<div class="columns"><div>${contentPreview({ ...notification.content, ...shown })}
${octetMeter(measured.octets)}${sizeWarnings(measured.octets).map((warning) => html`<p class="hint">${warning}</p>`)}
${locales.length < 2 ? '' : html`<p class="hint">By locale: ${locales.map(([name, octets]) => `${name} ${number(octets)}`).join(', ')}.</p>`}</div>
<div>${facts([
    ['Users', `${atLeast}${number(users)}`],
    ['Reached', `${atLeast}${number(reachedUsers)}, on ${devices === 1 ? 'one device' : `${number(devices)} devices`}`],
    [
      'Of these later',
      held === null
        ? null
        : html`${number(held.users)}, held until ${time(held.firstMs)}${held.lastMs === held.firstMs ? '' : html` to ${time(held.lastMs)}`}`,
    ],
    [
      'Left out',
      left.length === 0
        ? 'nobody'
        : html`<span class="marks">${left.map(([reason, count]) => stateMark('suppressed', `${number(count)} ${reason}`))}</span>`,
    ],
  ])}</div></div>
${sample.length === 0 ? '' : sampleTable(sample)}</section>${previewsByLocale(notification.content, measured.byLocale)}`;
}

function sampleTable(sample: readonly UserForecast[]): Html {
  return table({
    caption: 'Some of the users',
    columns: [['User', 'wide'], ['What would come of it'], ['Devices', 'number']],
    rows: sample.map(({ userId, outcome, reason, heldUntilMs, devices }) => [
      html`<a href="${address('user', { id: userId })}">${userId}</a>`,
      outcome === 'send'
        ? stateMark('pending', 'sent')
        : outcome === 'hold'
          ? html`${stateMark('held')} until ${time(heldUntilMs)}`
          : stateMark('suppressed', reason ?? 'suppressed'),
      devices,
    ]),
    empty: '',
  });
}
