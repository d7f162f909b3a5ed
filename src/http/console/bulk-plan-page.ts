import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { BULK_ACTIONS, type BulkActionKind } from '../../domain/bulk-action/bulk-action.ts';
import type { BulkPlan } from '../../domain/bulk-action/bulk-plan.ts';
import { MAX_TTL_SECONDS } from '../../domain/notification/notification.ts';
import { totalOf } from './bulk-action-table.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form } from './console-routes.ts';
import { addressOfFilter, deadLetterAddress, deadLetterFacts, deadLetterFilterIn } from './dead-letter-query.ts';
import type { Html } from './layout.ts';
import { onceClaim } from './once-claim.ts';
import { actionButton, address, number, table } from './parts.ts';

const HOUR_SECONDS = 3600;

const SAYS: Readonly<Record<BulkActionKind, { readonly title: string; readonly does: string }>> = {
  replay: {
    title: 'Replay many',
    does: 'Each is sent again, if its device is still there, its notification was not called off, and it was not replayed ten times.',
  },
  discard: {
    title: 'Discard many',
    does: 'Each is taken off the dead letters, unsent. That cannot be taken back.',
  },
};

/** What an action on many dead letters would look at, and its beginning. */
export function addBulkPlanPage(routes: ConsoleRoutes, { bulkActions }: ConsoleParts): void {
  routes.page('bulk-plan', async ({ query, session }) => {
    const [action, filter] = [actionIn(query('action')), deadLetterFilterIn(query)];
    const plan = await bulkActions.plan(filter);
    const asked = deadLetterAddress(query);
    const { title, does } = SAYS[action];
    const body = html`<p class="path"><a href="${address('dead-letters', addressOfFilter(filter))}">Dead letters</a> › ${action}</p>
<h1>${title}</h1>
<p class="lead">${totalOf(plan)} ${plan.count === 1 && !plan.isAtLeast ? 'dead letter is' : 'dead letters are'} meant.</p>
${plan.isAtLeast ? html`<p class="hint">Counting stopped there. Those that were not counted are meant, too.</p>` : ''}
<div class="columns"><section class="card"><h2>Which</h2>${deadLetterFacts(filter)}</section>
<section class="card"><h2>How many</h2>${countTable(plan)}</section></div>
${session.role === 'operator' && plan.count > 0 ? html`<section class="card"><h2>${title}</h2><p>${does}</p>${startButton(action, asked, plan)}</section>` : ''}`;
    return { title, menu: 'dead-letters', body };
  });
  routes.action({ name: 'start-bulk', operation: 'startBulkAction', target: 'action' }, async (visit, form) => {
    const action = actionIn(form.get('action'));
    const filter = deadLetterFilterIn(form.get);
    const claim = onceClaim(visit, form, 'action', 'ttl_seconds', ...Object.keys(deadLetterAddress(form.get)));
    const { action: begun } = await bulkActions.start({ action, filter, ttlSeconds: ttlIn(action, form) }, claim);
    return address('bulk-action', { id: begun.id, done: 'bulk-begun' });
  });
}

function actionIn(text: string): BulkActionKind {
  const action = BULK_ACTIONS.find((each) => each === text);
  if (action === undefined) throw new AppError('invalid_request', 'Dead letters are replayed or discarded.');
  return action;
}

function ttlIn(action: BulkActionKind, form: Form): number | null {
  const text = form.get('ttl_seconds').trim();
  if (action === 'discard' || text === '') return null;
  const seconds = Number(text);
  if (Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= MAX_TTL_SECONDS) return seconds;
  throw new AppError('invalid_request', `The new deadline is 1 to ${MAX_TTL_SECONDS} seconds from its replay.`);
}

function startButton(action: BulkActionKind, asked: Readonly<Record<string, string>>, plan: BulkPlan): Html {
  const seconds = html`<label>New deadline for each, in seconds; empty keeps the old one
<input name="ttl_seconds" type="number" min="1" max="${MAX_TTL_SECONDS}" value="${HOUR_SECONDS}"></label>`;
  return actionButton({
    action: 'start-bulk',
    label: `${action === 'replay' ? 'Replay' : 'Discard'} ${totalOf(plan)}`,
    fields: { action, once: crypto.randomUUID(), ...asked },
    isMain: true,
    more: action === 'replay' ? seconds : '',
  });
}

function countTable({ byReason, byService }: BulkPlan): Html {
  const rows = (kind: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .toSorted(([, one], [, other]) => other - one)
      .map(([name, count]) => [kind, name, number(count)]);
  return table({
    caption: 'By reason and by push service',
    columns: [['By'], ['Which'], ['How many', 'number']],
    rows: [...rows('reason', byReason), ...rows('push service', byService)],
    empty: 'None.',
  });
}
