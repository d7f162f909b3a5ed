import { html } from 'hono/html';
import type { Delivery } from '../../domain/delivery/delivery.ts';
import { bulkActionTable } from './bulk-action-table.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { deadLetterAddress, deadLetterFilterIn, deadLetterForm } from './dead-letter-query.ts';
import type { Html } from './layout.ts';
import { address, more, serviceName, stateMark, table, time } from './parts.ts';

const ROWS = 50;
/** Of the actions on many of them. */
const LATEST = 5;

/** What Bellhop gave up, with the remedy of each, and what is done with all of it. */
export function addDeadLetterPage(routes: ConsoleRoutes, { deadLetters, bulkActions }: ConsoleParts): void {
  routes.page('dead-letters', async ({ query, session }) => {
    const [filter, asked] = [deadLetterFilterIn(query), deadLetterAddress(query)];
    const page = await deadLetters.list({ cursor: query('cursor') || null, limit: ROWS, filter });
    const latest = (await bulkActions.list()).slice(0, LATEST);
    const body = html`<h1>Dead letters</h1>
<p class="lead">Deliveries that Bellhop gave up. Mend the cause, then replay.</p>
${deadLetterForm(query)}${session.role === 'operator' && page.items.length > 0 ? allOfThem(asked) : ''}
${deadTable(page.items)}${more('dead-letters', asked, page.next)}
${latest.length === 0 ? '' : html`<section><h2>Done with many</h2>${bulkActionTable(latest)}<p class="more"><a class="button" href="bulk-actions">All of these</a></p></section>`}`;
    return { title: 'Dead letters', menu: 'dead-letters', body };
  });
}

function allOfThem(asked: Readonly<Record<string, string>>): Html {
  const plan = (action: string) => address('bulk-plan', { action, ...asked });
  return html`<p class="row">All that these filters mean: <a class="button" href="${plan('replay')}">Replay them …</a> <a class="button" href="${plan('discard')}">Discard them …</a></p>`;
}

function deadTable(deliveries: readonly Delivery[]): Html {
  return table({
    caption: 'Dead letters, newest first',
    columns: [
      ['Failed'],
      ['Why'],
      ['User', 'wide'],
      ['Push service'],
      ['The service’s words', 'wide'],
      ['What to do', 'wide'],
    ],
    rows: deliveries.map(({ id, userId, origin, endedAtMs, state, reason, attempts }) => [
      time(endedAtMs),
      html`<a class="plain" href="${address('delivery', { id })}">${stateMark(state, reason ?? state)}</a>`,
      html`<a href="${address('user', { id: userId })}">${userId}</a>`,
      serviceName(origin),
      attempts.at(-1)?.error ?? '–',
      attempts.at(-1)?.remedy ?? '–',
    ]),
    empty: 'None: nothing like this was given up.',
  });
}
