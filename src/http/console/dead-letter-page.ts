import { html } from 'hono/html';
import { type Delivery, END_REASONS } from '../../domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../domain/delivery/delivery-filter.ts';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, choice, more, serviceName, stateMark, table, time } from './parts.ts';

const ROWS = 50;
/** Those with which a delivery fails. */
const REASONS = END_REASONS.slice(0, END_REASONS.indexOf('subscription_gone'));

/** What Bellhop gave up, with the remedy of each. */
export function addDeadLetterPage(routes: ConsoleRoutes, { deadLetters }: ConsoleParts): void {
  routes.page('dead-letters', async ({ query }) => {
    const [reason, service] = [
      REASONS.find((each) => each === query('reason')) ?? null,
      PUSH_SERVICES.find((each) => each === query('service')) ?? null,
    ];
    const filter = { ...ANY_DELIVERY, reason, service };
    const asked = {
      cursor: query('cursor') || null,
      limit: ROWS,
      userId: query('user') || null,
      fromMs: null,
      untilMs: null,
      filter,
    };
    const page = await deadLetters.list(asked);
    const kept = { reason: query('reason'), service: query('service'), user: query('user') };
    const body = html`<h1>Dead letters</h1>
<p class="lead">Deliveries that Bellhop gave up. Mend the cause, then replay.</p>
${filterForm(query)}${deadTable(page.items)}${more('dead-letters', kept, page.next)}`;
    return { title: 'Dead letters', menu: 'dead-letters', body };
  });
}

function filterForm(query: Visit['query']): Html {
  return html`<form method="get" action="dead-letters" class="filter">
${choice('reason', 'Reason', { words: REASONS, chosen: query('reason') })}
${choice('service', 'Push service', { words: PUSH_SERVICES, chosen: query('service') })}
<label>User <input name="user" value="${query('user')}"></label><button class="button">Show</button></form>`;
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
    empty: 'None: nothing was given up.',
  });
}
