import { html } from 'hono/html';
import type { Attention } from '../../domain/attention/attention.ts';
import { FINAL_STATES, OPEN_STATES } from '../../domain/delivery/delivery.ts';
import { PERIODS, type Period, type ServiceStretch } from '../../domain/tally/settled.ts';
import type { Overview } from '../../intake/overview.ts';
import { chart } from './chart.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { laneTable, live } from './lane-table.ts';
import type { Html } from './layout.ts';
import { address, number, stateMark, table, time } from './parts.ts';

const PERIOD_NAMES: Readonly<Record<Period, string>> = { hour: 'Hour', day: 'Day', week: 'Week' };

/** What needs a person now, what came of deliveries, what waits, and the way to each push service. */
export function addOverviewPage(routes: ConsoleRoutes, { overview }: ConsoleParts): void {
  routes.page('overview', async ({ query }) => {
    const period = (Object.keys(PERIODS) as Period[]).find((each) => each === query('period')) ?? 'hour';
    const [state, stretches] = await Promise.all([overview.read(), overview.stretches(period)]);
    return { title: 'Overview', menu: 'overview', body: bodyOf(state, stretches, period) };
  });
}

function bodyOf(state: Overview, stretches: readonly ServiceStretch[], period: Period): Html {
  const tabs = Object.entries(PERIOD_NAMES).map(
    ([name, label]) =>
      html`<a href="${address('overview', { period: name })}"${name === period ? html` aria-current="true"` : ''}>${label}</a>`,
  );
  return html`<h1 class="visually-hidden">Overview</h1>
<div data-stream="live">
<section aria-labelledby="needs"><h2 id="needs">Needs a person</h2>
<p class="visually-hidden" role="status" data-announce></p>
${needs(state)}</section>
<section aria-labelledby="came"><div class="row spread"><h2 id="came">What came of deliveries</h2><nav class="tabs" aria-label="Period">${tabs}</nav></div>
${cameOf(state, period)}${chart(stretches, period, state.atMs)}</section>
<div class="columns">
<section aria-labelledby="waits"><h2 id="waits">What waits</h2>${waitingTable(state)}</section>
<section aria-labelledby="kept"><h2 id="kept">Kept in all</h2>${keptOf(state)}</section>
</div>
<section aria-labelledby="lanes"><h2 id="lanes">Push services</h2>${laneTable(state)}</section>
<p class="hint">As of ${time(state.atMs)}. <span data-stream-state></span></p>
</div>`;
}

/** Where somebody decides about it. */
const PLACES: Readonly<Record<Attention['kind'], string>> = {
  sending_paused: 'system',
  prune_hold_open: 'services',
  lane_closed: 'services',
  webhook_failing: 'webhooks',
  dead_letters: 'dead-letters',
  no_backup: 'system',
};

function needs({ attention }: Overview): Html {
  if (attention.length === 0)
    return html`<p class="well" data-needs="0"><span class="state delivered">All is well.</span> Nothing needs anybody.</p>`;
  return html`<ul class="needs-list" data-needs="${attention.length}">${attention.map(
    ({ kind, says, sinceMs }) =>
      html`<li class="needs"><p>${says}</p><p class="muted">${sinceMs === null ? '' : html`since ${time(sinceMs)} · `}<a href="${PLACES[kind]}">Look</a></p></li>`,
  )}</ul>`;
}

function cameOf({ settled }: Overview, period: Period): Html {
  const counts = settled[period];
  const states = [...FINAL_STATES, 'retrying'] as const;
  return html`<ul class="tiles">${states.map(
    (state) => html`<li>${stateMark(state)}<strong>${live(`${period} ${state}`, number(counts[state]))}</strong></li>`,
  )}</ul>`;
}

function waitingTable({ waiting }: Overview): Html {
  return table({
    caption: 'What waits, by priority',
    columns: [['Priority'], ...OPEN_STATES.map((state) => [state, 'number'] as const), ['Overdue since']],
    rows: waiting.map((of) => [
      of.priority,
      ...OPEN_STATES.map((state) => live(`${of.priority} ${state}`, number(of[state]))),
      time(of.oldestDueAtMs),
    ]),
    empty: '',
  });
}

function keptOf({ ended, isCounted }: Overview): Html {
  return html`<ul class="tiles small">${FINAL_STATES.map((state) => html`<li>${stateMark(state)}<strong>${live(`ended ${state}`, number(ended[state]))}</strong></li>`)}</ul>
${isCounted ? '' : html`<p class="hint">What was there before the upgrade is still being counted.</p>`}`;
}

/** What the script shows in the place of each text of that name. */
export function liveTexts(state: Overview): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [period, counts] of Object.entries(state.settled))
    for (const [name, count] of Object.entries(counts)) texts[`${period} ${name}`] = number(count);
  for (const of of state.waiting) for (const name of OPEN_STATES) texts[`${of.priority} ${name}`] = number(of[name]);
  for (const name of FINAL_STATES) texts[`ended ${name}`] = number(state.ended[name]);
  for (const lane of state.services) {
    texts[`lane ${lane.service}`] = lane.standing;
    texts[`flight ${lane.service}`] = number(lane.inFlight);
    texts[`rate ${lane.service}`] = lane.attemptsPerSecond.toFixed(1);
    texts[`latency ${lane.service}`] = lane.meanLatencyMs === null ? '–' : `${Math.round(lane.meanLatencyMs)} ms`;
    texts[`active ${lane.service}`] = number(lane.activeSubscriptions);
    texts[`quarantined ${lane.service}`] = number(lane.quarantinedSubscriptions);
  }
  return texts;
}
