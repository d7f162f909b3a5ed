import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { type Attempt, type Delivery, timelineOf } from '../../domain/delivery/delivery.ts';
import { deliveryAccountOf } from '../../domain/delivery/delivery-account.ts';
import { MAX_TTL_SECONDS } from '../../domain/notification/notification.ts';
import type { Receipt } from '../../domain/receipt/receipt.ts';
import type { Subscription } from '../../domain/subscription/subscription.ts';
import { attemptTraceId } from '../../domain/trace.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import { deliveryPicture } from './delivery-picture.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, serviceName, stateMark, table, time } from './parts.ts';

const HOUR_SECONDS = 3600;

/** One delivery: why it did not arrive, in one sentence; the way it took; each attempt; and Replay. */
export function addDeliveryPage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('delivery', async (visit) => {
    const delivery = await parts.notifications.delivery(visit.query('id'));
    const subscription = await subscriptionOf(parts, delivery);
    const receipts = await parts.notifications.receipts(delivery.id);
    const isTraced = parts.settings.some(([name]) => name === 'OTEL_EXPORTER_OTLP_ENDPOINT');
    const body = bodyOf(delivery, { subscription, receipts, isTraced }, visit);
    return { title: `Delivery to ${delivery.userId}`, menu: 'search', body };
  });
  routes.action({ name: 'replay', operation: 'replayDelivery', target: 'id' }, async (_, form) => {
    const [id, seconds] = [form.get('id'), Number(form.get('ttl_seconds'))];
    const isRange = Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= MAX_TTL_SECONDS;
    if (!isRange)
      throw new AppError('invalid_request', `The new deadline is 1 to ${MAX_TTL_SECONDS} seconds from now.`);
    await parts.deadLetters.replay(id, { ttlSeconds: seconds });
    return address('delivery', { id, done: 'replayed' });
  });
}

/** Null where it was deleted since. */
async function subscriptionOf(
  { subscriptions }: ConsoleParts,
  { subscriptionId }: Delivery,
): Promise<Subscription | null> {
  try {
    return await subscriptions.get(subscriptionId, null);
  } catch (error) {
    if (error instanceof AppError && error.code === 'subscription_not_found') return null;
    throw error;
  }
}

type Beside = {
  readonly subscription: Subscription | null;
  readonly receipts: readonly Receipt[];
  /** Whether spans are told to a collector. */
  readonly isTraced: boolean;
};

function bodyOf(delivery: Delivery, { subscription, receipts, isTraced }: Beside, { session }: Visit): Html {
  const service = serviceName(delivery.origin);
  const account = deliveryAccountOf(delivery, { subscription, service });
  const steps = timelineOf(delivery);
  return html`<p class="path"><a href="${address('user', { id: delivery.userId })}">${delivery.userId}</a> ›
<a href="${address('notification', { id: delivery.notificationId })}">notification</a> › delivery</p>
<h1 class="visually-hidden">Delivery to ${delivery.userId}</h1>
<section class="verdict ${delivery.state}" aria-label="What came of it">
${stateMark(delivery.state)}
<p class="says" id="verdict">${account.says}</p>
${account.nextAtMs === null ? '' : html`<p>Looked at next: ${time(account.nextAtMs)}</p>`}
${account.remedy === null ? '' : html`<p class="remedy"><strong>What to do:</strong> ${account.remedy}</p>`}
${session.role === 'operator' ? replayForm(delivery, subscription) : ''}
</section>
<div class="columns">
<section class="card"><h2>The way it took</h2>${deliveryPicture(steps.map(({ state }) => state))}
<ol class="timeline">${steps.map(({ state, atMs }) => html`<li>${stateMark(state)} ${time(atMs)}</li>`)}</ol>${toldBy(receipts)}</section>
<section class="card"><h2>Facts</h2>${factsOf(delivery, subscription)}</section>
</div>
<section><h2>Attempts</h2>${attemptTable(delivery, isTraced)}</section>`;
}

/** What the device told. */
function toldBy(receipts: readonly Receipt[]): Html | string {
  if (receipts.length === 0) return '';
  return html`<h3>What the device told</h3>
<ol class="timeline">${receipts.map(({ event, action, atMs }) => html`<li>${event}${action === '' ? '' : ` with “${action}”`} ${time(atMs)}</li>`)}</ol>`;
}

function replayForm({ id, state }: Delivery, subscription: Subscription | null): Html | string {
  if (state !== 'failed' && state !== 'expired') return '';
  if (subscription === null || subscription.retired !== null) {
    return html`<p class="hint">It cannot be replayed: its subscription is ${subscription === null ? 'deleted' : 'retired'}.</p>`;
  }
  const seconds = html`<label>New deadline, in seconds
<input name="ttl_seconds" type="number" min="1" max="${MAX_TTL_SECONDS}" value="${HOUR_SECONDS}" required></label>`;
  return actionButton({ action: 'replay', label: 'Replay', fields: { id }, isMain: true, more: seconds });
}

function factsOf(delivery: Delivery, subscription: Subscription | null): Html {
  const { subscriptionId, topic, priority, deadlineAtMs, retryCount, replays } = delivery;
  const what = subscription === null ? 'deleted' : (subscription.retired?.reason ?? 'active');
  return facts([
    ['User', html`<a href="${address('user', { id: delivery.userId })}">${delivery.userId}</a>`],
    ['Push service', serviceName(delivery.origin)],
    [
      'Subscription',
      html`<a href="${address('subscription', { id: subscriptionId })}"><code>${subscriptionId}</code></a> (${what})`,
    ],
    ['Priority', priority],
    ['Topic', topic],
    ['Variant', delivery.variant?.key ?? null],
    ['Made', time(delivery.createdAtMs)],
    ['Deadline', time(deadlineAtMs)],
    ['Ended', delivery.endedAtMs === null ? null : time(delivery.endedAtMs)],
    ['Retries spent', retryCount],
    ['Replayed', replays.length === 0 ? null : `${replays.length} times`],
    ['Delivery', html`<code>${delivery.id}</code>`],
  ]);
}

function attemptTable({ id, attempts }: Delivery, isTraced: boolean): Html {
  return table({
    caption: 'Attempts, newest first',
    columns: [
      ['#', 'number'],
      ['When'],
      ['Came to'],
      ['HTTP', 'number'],
      ['Latency', 'number'],
      ['The service’s words', 'wide'],
      ['What to do', 'wide'],
      ...(isTraced ? ([['Trace']] as const) : []),
    ],
    rows: attempts
      .toReversed()
      .map((attempt) => [
        ...attemptRow(attempt),
        ...(isTraced ? [html`<code>${attemptTraceId(id, attempt.number)}</code>`] : []),
      ]),
    empty: 'Nothing was sent to the push service.',
  });
}

function attemptRow(attempt: Attempt): readonly (Html | string | number)[] {
  const granted =
    attempt.grantedTtlSeconds === undefined
      ? ''
      : html` <small class="muted">keeps it ${attempt.grantedTtlSeconds} s</small>`;
  return [
    attempt.number,
    time(attempt.startedAtMs),
    html`<span class="state ${attempt.status}">${attempt.outcome}</span>${granted}`,
    attempt.httpStatus ?? '–',
    attempt.latencyMs === null ? '–' : `${Math.round(attempt.latencyMs)} ms`,
    attempt.error ?? '–',
    html`${attempt.remedy ?? '–'}${attempt.retryAtMs === null ? '' : html`<br><small class="muted">again at ${time(attempt.retryAtMs)}</small>`}`,
  ];
}
