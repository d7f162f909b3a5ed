import { html } from 'hono/html';
import type { UserForecast } from '../../domain/audience/forecast.ts';
import type { DryRun } from '../../intake/dry-run.ts';
import { sizeWarnings } from '../v1/notification-answer.ts';
import { previewsByLocale } from './compose-locales.ts';
import { contentPreview, octetMeter } from './content-preview.ts';
import type { Html } from './layout.ts';
import { address, facts, number, stateMark, table, time } from './parts.ts';

/** What would come of it: as a device shows it, how large it is, for whom, and who is left out and why. */
export function forecastOf(run: DryRun): Html {
  const { notification, measured, forecast, isAtLeast } = run;
  const { users, devices, reachedUsers, suppressed, held, sample } = forecast;
  const left = Object.entries(suppressed).filter(([, count]) => count > 0);
  const shown = notification.content.worded?.shown ?? notification.content;
  const atLeast = isAtLeast ? 'at least ' : '';
  const locales = Object.entries(measured.byLocale ?? {});
  return html`<section class="card" role="status"><h2>What would come of it</h2>
<div class="columns"><div>${notification.content.experiment === undefined ? contentPreview({ ...notification.content, ...shown }) : ''}
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
${waysTable(run)}${sample.length === 0 ? '' : sampleTable(sample)}</section>${previewsByLocale(notification.content, measured.byLocale)}`;
}

/** How many get each of several ways to say it, and each as a device shows it. */
function waysTable({ notification, forecast, isAtLeast }: DryRun): Html | string {
  const { experiment } = notification.content;
  if (experiment === undefined) return '';
  const atLeast = isAtLeast ? 'at least ' : '';
  const users = experiment.variants.map(({ key }) => forecast.variants.get(key) ?? 0);
  const waiting = forecast.reachedUsers - users.reduce((sum, count) => sum + count, 0);
  const ways = experiment.variants.map(({ key, weight, content }, index) => [
    html`<strong>${key}</strong>`,
    `${atLeast}${number(users[index] ?? 0)}`,
    weight,
    contentPreview({ ...content, ...content.worded?.shown }),
  ]);
  return html`<h3>Experiment ${experiment.key}</h3>${table({
    caption: 'How many users get which way',
    columns: [['Way'], ['Users', 'number'], ['Weight', 'number'], ['As a device shows it', 'wide']],
    rows: [
      ...ways,
      ...others('Wait for the outcome', experiment.testPercent === null ? null : `${atLeast}${number(waiting)}`),
      ...others(
        'Nothing (holdout)',
        experiment.holdoutPercent === 0 ? null : `${atLeast}${number(forecast.suppressed.holdout)}`,
      ),
    ],
    empty: '',
  })}`;
}

function others(who: string, users: string | null): readonly (readonly string[])[] {
  return users === null ? [] : [[who, users, '–', '–']];
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
