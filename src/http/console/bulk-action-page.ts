import { html } from 'hono/html';
import { type BulkAction, isUnderWay, SKIP_REASONS, skippedIn } from '../../domain/bulk-action/bulk-action.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { bulkActionTable, doneIn, totalOf } from './bulk-action-table.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { addressOfFilter, deadLetterFacts } from './dead-letter-query.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, number, time } from './parts.ts';

const FRAME = { title: 'Many dead letters', menu: 'dead-letters' } as const;

/** How far an action on many dead letters got, and the list of the latest. */
export function addBulkActionPages(routes: ConsoleRoutes, { bulkActions }: ConsoleParts): void {
  routes.page('bulk-actions', async () => {
    const body = html`<p class="path"><a href="dead-letters">Dead letters</a> › done with many</p>
<h1>Done with many</h1><p class="lead">The latest 100 actions.</p>${bulkActionTable(await bulkActions.list())}`;
    return { ...FRAME, body };
  });
  routes.page('bulk-action', async ({ query, session }) => {
    return { ...FRAME, body: bodyOf(await bulkActions.get(query('id')), session) };
  });
  // The script asks it while the action goes on.
  routes.stream('bulk-progress', async (c) => {
    const action = await bulkActions.get(c.req.query('id') ?? '');
    return c.json({ ...progressOf(action), isOver: !isUnderWay(action) }, 200, { 'Cache-Control': 'no-store' });
  });
  routes.action({ name: 'cancel-bulk', operation: 'cancelBulkAction', target: 'id' }, async (_, form) => {
    const { id } = await bulkActions.cancel(form.get('id'));
    return address('bulk-action', { id, done: 'bulk-cancelled' });
  });
}

function progressOf(action: BulkAction) {
  const value = doneIn(action);
  return { value, max: Math.max(1, action.total.count, value), says: `${number(value)} of ${totalOf(action.total)}` };
}

function bodyOf(action: BulkAction, { role }: OperatorSession): Html {
  const { id, counts, total } = action;
  const { value, max, says } = progressOf(action);
  const isOn = isUnderWay(action);
  const live = isOn ? html` data-progress="${address('bulk-progress', { id })}"` : '';
  return html`<p class="path"><a href="${address('dead-letters', addressOfFilter(action.filter))}">Dead letters</a> › ${action.action}</p>
<h1>${action.action === 'replay' ? 'Replay' : 'Discard'}: ${action.state}</h1>
<section class="card"${live}><p><progress aria-label="Looked at" value="${value}" max="${max}"></progress></p>
<p><span data-says>${says}</span> looked at.${total.isAtLeast ? ' Not all were counted when it began.' : ''}</p>
${isOn ? html`<div class="row"><a class="button" href="${address('bulk-action', { id })}">Look again</a>${role === 'operator' ? cancelButton(id) : ''}</div>` : ''}</section>
<div class="columns"><section class="card"><h2>What came of them</h2>${facts([
    ['Replayed', number(counts.replayed)],
    ['Discarded', number(counts.discarded)],
    ['Left as they are', number(skippedIn(counts))],
    ...SKIP_REASONS.filter((reason) => counts[reason] > 0).map(
      (reason) => [`· ${reason.replaceAll('_', ' ')}`, number(counts[reason])] as const,
    ),
  ])}</section>
<section class="card"><h2>Which</h2>${deadLetterFacts(action.filter)}
${facts([
  ['Failed before', time(action.createdAtMs)],
  ['New deadline', action.ttlSeconds === null ? null : `${number(action.ttlSeconds)} s from its replay`],
  ['Ended', action.endedAtMs === null ? null : time(action.endedAtMs)],
  ['Bulk action', html`<code>${id}</code>`],
])}</section></div>`;
}

function cancelButton(id: string): Html {
  const sure = 'Nothing more of it is begun. What is done stays done.';
  return actionButton({ action: 'cancel-bulk', label: 'Call it off', fields: { id }, sure });
}
