import { html } from 'hono/html';
import type { Delivery } from '../../domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../domain/delivery/delivery-filter.ts';
import { isInAnotherRow, type Subscription, shortenEndpoint } from '../../domain/subscription/subscription.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import { deviceState } from './device-table.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, serviceName, stateMark, table, time } from './parts.ts';

const LOOKED_AT = 100;

/** One device: where it came from, its key, its quarantine, and what was sent to it of late. */
export function addSubscriptionPage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { subscriptions, userDeliveries } = parts;
  routes.page('subscription', async (visit) => {
    const subscription = await subscriptions.get(visit.query('id'), null);
    const { id, userId } = subscription;
    const latest = await userDeliveries.list({
      cursor: null,
      limit: LOOKED_AT,
      userId,
      fromMs: null,
      untilMs: null,
      filter: ANY_DELIVERY,
    });
    const own = latest.items.map(({ delivery }) => delivery).filter(({ subscriptionId }) => subscriptionId === id);
    return { title: 'Subscription', menu: 'search', body: bodyOf(subscription, own, visit) };
  });
  routes.action({ name: 'restore', operation: 'restoreSubscription', target: 'id' }, async (_, form) => {
    await subscriptions.restore(form.get('id'));
    return address('subscription', { id: form.get('id'), done: 'restored' });
  });
  routes.action({ name: 'delete-subscription', operation: 'deleteSubscription', target: 'id' }, async (_, form) => {
    const { userId } = await subscriptions.get(form.get('id'), null);
    await subscriptions.delete(form.get('id'), null);
    return address('user', { id: userId, done: 'deleted' });
  });
}

function bodyOf(subscription: Subscription, deliveries: readonly Delivery[], { session }: Visit): Html {
  return html`<p class="path"><a href="${address('user', { id: subscription.userId })}">${subscription.userId}</a> › subscription</p>
<h1>${serviceName(subscription.endpoint)} <small>${deviceState(subscription)}</small></h1>
<div class="columns"><section class="card"><h2>Facts</h2>${factsOf(subscription)}</section>
${session.role === 'operator' ? html`<section class="card"><h2>Change</h2>${actionsOf(subscription)}</section>` : ''}</div>
<section><h2>Latest deliveries to it</h2>${deliveryTable(deliveries)}</section>`;
}

function factsOf(subscription: Subscription): Html {
  const { retired, quarantine, replacesId, vapidPublicKey, suspectedByHoldId } = subscription;
  const other = (id: string, page = 'subscription') => html`<a href="${address(page, { id })}"><code>${id}</code></a>`;
  return facts([
    ['User', html`<a href="${address('user', { id: subscription.userId })}">${subscription.userId}</a>`],
    ['Endpoint', shortenEndpoint(subscription.endpoint)],
    ['Browser', subscription.userAgent],
    ['Language, time zone', [subscription.locale, subscription.timeZone].filter((each) => each !== null).join(', ')],
    ['VAPID key', html`<code>${vapidPublicKey.slice(0, 16)}…</code>`],
    ['Registered first', time(subscription.createdAtMs)],
    ['Registered last', time(subscription.updatedAtMs)],
    ['Expires', subscription.expirationAtMs === null ? null : time(subscription.expirationAtMs)],
    ['Took over', replacesId === null ? null : other(replacesId)],
    ['Retired', retired === null ? null : html`${retired.reason}, ${time(retired.atMs)}`],
    ['By the answer to', retired?.deliveryId == null ? null : other(retired.deliveryId, 'delivery')],
    ['In quarantine since', quarantine === null ? null : time(quarantine.sinceMs)],
    ['Tried again', quarantine === null ? null : time(quarantine.untilMs)],
    ['Called gone under the hold', suspectedByHoldId],
    ['Subscription', html`<code>${subscription.id}</code>`],
  ]);
}

function actionsOf({ id, retired }: Subscription): Html {
  const isTheirs = retired !== null && isInAnotherRow(retired);
  const restore =
    retired === null || isTheirs ? '' : actionButton({ action: 'restore', label: 'Restore', fields: { id } });
  const sure =
    'It is gone for good; its browser registers again on its next visit. Waiting deliveries to it end as cancelled.';
  return html`${isTheirs ? html`<p class="hint">Its browser is another row’s now, so only the browser brings it back.</p>` : ''}
<div class="row">${restore}${actionButton({ action: 'delete-subscription', label: 'Delete', fields: { id }, sure })}</div>`;
}

function deliveryTable(deliveries: readonly Delivery[]): Html {
  return table({
    caption: 'Latest deliveries to this subscription',
    columns: [['Made'], ['State'], ['Attempts', 'number'], ['The service’s words', 'wide']],
    rows: deliveries.map(({ id, state, createdAtMs, attemptCount, attempts }) => [
      time(createdAtMs),
      html`<a class="plain" href="${address('delivery', { id })}">${stateMark(state)}</a>`,
      attemptCount,
      attempts.at(-1)?.error ?? '–',
    ]),
    empty: `None among the latest ${LOOKED_AT} to this user.`,
  });
}
