import { html } from 'hono/html';
import { SUPPRESSION_REASONS } from '../../domain/audience/release.ts';
import type { Suppression, SuppressionCounts } from '../../domain/audience/suppression.ts';
import { DELIVERY_STATES, type Delivery } from '../../domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../../domain/delivery/delivery-filter.ts';
import { deadlineAtMs, type Notification } from '../../domain/notification/notification.ts';
import type { SendAt } from '../../domain/notification/send-at.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import type { ReceiptCounts, ReceiptEvent } from '../../domain/receipt/receipt.ts';
import type { Counted } from '../../intake/counting.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import { contentPreview } from './content-preview.ts';
import { experimentSection } from './experiment-page.ts';
import type { Html } from './layout.ts';
import { notificationTimeline } from './notification-timeline.ts';
import {
  actionButton,
  address,
  choice,
  countMarks,
  facts,
  more,
  number,
  serviceName,
  stateMark,
  table,
  time,
} from './parts.ts';

const ROWS = 50;

/** One notification: what it says, how far it has come, and each of its deliveries. */
export function addNotificationPages(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('notification', async (visit) => {
    const id = visit.query('id');
    const { notification, counted, receipts, isCountingReceipts, milestones } = await parts.notifications.get(id);
    const { list, next } = await deliveriesOf(parts, id, visit);
    const left = await parts.notifications.suppressions({
      notificationId: id,
      reason: null,
      cursor: null,
      limit: ROWS,
    });
    const seesContent = maySeeContent(parts, visit.session);
    const body = html`<p class="path"><a href="notifications">Notifications</a> › notification</p>
<h1>${seesContent ? notification.content.title : notification.content.type}</h1>
<p class="lead">${countMarks(counted.deliveries)} ${suppressedMarks(counted.suppressed)}${whenCounted(counted, parts.clock.now())}</p>
<div class="columns">
<section class="card"><h2>As a device shows it</h2>${seesContent ? preview(notification) : html`<p class="empty">Viewers are not shown what notifications say.</p>`}</section>
<section class="card"><h2>The way it takes</h2>${notificationTimeline(notification, milestones, parts.clock.now())}</section>
<section class="card"><h2>Facts</h2>${factsOf(notification)}${toldBy(notification, receipts, isCountingReceipts)}${cancelButton(notification, visit.session)}</section>
</div>
${await experimentSection(parts, notification, seesContent)}
<section><h2>Deliveries</h2>${filterForm(id, visit)}${replayAll(id, counted, visit.session)}${deliveryTable(list, next)}${more('notification', filtersOf(id, visit), next)}</section>
${left.items.length === 0 ? '' : html`<section><h2>Who got nothing</h2>${suppressedTable(left.items)}</section>`}`;
    return { title: `Notification ${notification.content.type}`, menu: 'notifications', body };
  });
  routes.action({ name: 'cancel', operation: 'cancelNotification', target: 'id' }, async (_, form) => {
    await parts.notifications.cancel(form.get('id'));
    return address('notification', { id: form.get('id'), done: 'cancelled' });
  });
  routes.page('notifications', async (visit) => {
    const type = visit.query('type');
    const page = await parts.notifications.list({
      ...{ cursor: visit.query('cursor') || null, limit: ROWS, userId: null, type: type || null },
      ...{ status: null, fromMs: null, untilMs: null },
    });
    const body = html`<h1>Notifications</h1>
<form method="get" action="notifications" class="filter"><label>Type <input name="type" value="${type}"></label><button class="button">Show</button></form>
${notificationTable(page.items, maySeeContent(parts, visit.session))}${more('notifications', { type }, page.next)}`;
    return { title: 'Notifications', menu: 'notifications', body };
  });
}

function cancelButton({ id, status }: Notification, { role }: OperatorSession): Html | string {
  if (role !== 'operator' || status === 'completed' || status === 'cancelled') return '';
  const sure = 'Nothing of it is sent any more, but for what is under way. That cannot be taken back.';
  return actionButton({ action: 'cancel', label: 'Call it off', fields: { id }, sure });
}

/** Of many it is said how far they were counted, and when. */
function whenCounted({ isAtLeast, countedAtMs }: Counted, nowMs: number): Html | string {
  if (isAtLeast) return html` <span class="muted">at least: they are being counted</span>`;
  return nowMs - countedAtMs < 1000 ? '' : html` <span class="muted">as counted ${time(countedAtMs)}</span>`;
}

function replayAll(
  notification: string,
  { deliveries: { failed }, isAtLeast }: Counted,
  { role }: OperatorSession,
): Html | string {
  if (role !== 'operator' || failed === 0) return '';
  const plan = address('bulk-plan', { action: 'replay', notification });
  return html`<p><a class="button" href="${plan}">Replay all ${isAtLeast ? '' : `${number(failed)} `}failed …</a></p>`;
}

function maySeeContent({ viewersSeeContent }: ConsoleParts, { role }: OperatorSession): boolean {
  return role === 'operator' || viewersSeeContent;
}

async function deliveriesOf({ notifications }: ConsoleParts, id: string, { query }: Visit) {
  const state = DELIVERY_STATES.find((each) => each === query('state')) ?? null;
  const service = PUSH_SERVICES.find((each) => each === query('service')) ?? null;
  const filter = { ...ANY_DELIVERY, state, service };
  const asked = {
    notificationId: id,
    userId: query('user') || null,
    filter,
    cursor: query('cursor') || null,
    limit: ROWS,
  };
  const page = await notifications.deliveries(asked);
  return { list: page.items, next: page.next };
}

function suppressedMarks(counts: SuppressionCounts): Html {
  const found = SUPPRESSION_REASONS.filter((reason) => counts[reason] > 0);
  return html`<span class="marks">${found.map((reason) => stateMark('suppressed', `${number(counts[reason])} ${reason}`))}</span>`;
}

function preview({ content }: Notification): Html {
  const { data } = content;
  return html`${contentPreview(content)}${data === undefined ? '' : facts([['data', html`<code>${JSON.stringify(data)}</code>`]])}`;
}

function factsOf(notification: Notification): Html {
  const { id, content, status, priority, urgency, topic, ttlSeconds, userCount, acceptedAtMs } = notification;
  const { sendAt, cancelledAtMs } = notification;
  return facts([
    ['Status', status],
    ['Type', content.type],
    ['Audience', audienceOf(notification)],
    [content.audience === undefined ? 'Users named' : 'Users found', number(userCount)],
    ['Accepted', time(acceptedAtMs)],
    ['Sent', sendAt === null ? null : sentAt(sendAt)],
    ['Called off', cancelledAtMs === null ? null : time(cancelledAtMs)],
    ['Deadline', time(deadlineAtMs(notification))],
    ['Worth sending', `${number(ttlSeconds)} s`],
    ['Priority', `${priority}, urgency ${urgency}`],
    ['Topic', topic],
    ['Notification', html`<code>${id}</code>`],
  ]);
}

/** Null where users were named. Of an audience of an earlier version it is not known which. */
function audienceOf({ content: { audience } }: Notification): Html | string | null {
  if (audience === undefined) return null;
  return 'tags' in audience ? html`<code>${audience.tags}</code>` : 'everyone';
}

/** What devices told, where they are asked. */
function toldBy(
  { content: { tracking = [] } }: Notification,
  counts: ReceiptCounts,
  isCounting: boolean,
): Html | string {
  if (tracking.length === 0) return '';
  const buttons = [...counts.actions].map(([action, count]) => `${number(count)} by ${action}`).join(', ');
  return html`<h3>What devices told</h3>${isCounting ? html`<p class="hint">Not all is counted yet: these are the counts so far.</p>` : ''}${facts(
    tracking.map((event) => {
      const count = number(counts[event]);
      return [TOLD[event], event === 'clicked' && buttons !== '' ? `${count} (${buttons})` : count] as const;
    }),
  )}`;
}

const TOLD: Readonly<Record<ReceiptEvent, string>> = { shown: 'Shown', clicked: 'Clicked', closed: 'Closed' };

function sentAt(sendAt: SendAt): Html | string {
  return sendAt.kind === 'instant' ? time(sendAt.atMs) : 'at a local time of each user';
}

function filtersOf(id: string, { query }: Visit): Readonly<Record<string, string>> {
  return { id, state: query('state'), service: query('service'), user: query('user') };
}

function filterForm(id: string, { query }: Visit): Html {
  return html`<form method="get" action="notification" class="filter"><input type="hidden" name="id" value="${id}">
${choice('state', 'State', { words: DELIVERY_STATES, chosen: query('state') })}
${choice('service', 'Push service', { words: PUSH_SERVICES, chosen: query('service') })}
<label>User <input name="user" value="${query('user')}"></label><button class="button">Show</button></form>`;
}

function deliveryTable(deliveries: readonly Delivery[], next: string | null): Html {
  const isCut = next !== null && deliveries.length < ROWS;
  const rows = table({
    caption: 'Deliveries',
    columns: [['State'], ['User', 'wide'], ['Push service'], ['Attempts', 'number'], ['The service’s words', 'wide']],
    rows: deliveries.map(({ id, state, reason, userId, origin, attemptCount, attempts }) => [
      html`<a class="plain" href="${address('delivery', { id })}">${stateMark(state, reason === null ? state : `${state}: ${reason}`)}</a>`,
      html`<a href="${address('user', { id: userId })}">${userId}</a>`,
      serviceName(origin),
      attemptCount,
      attempts.at(-1)?.error ?? '–',
    ]),
    empty: isCut ? 'None among those that were looked through so far.' : 'No such deliveries.',
  });
  return isCut ? html`${rows}<p class="hint">Not all were looked through yet: “Older” goes on from here.</p>` : rows;
}

function suppressedTable(suppressions: readonly Suppression[]): Html {
  return table({
    caption: 'Who got nothing',
    columns: [['Why'], ['User', 'wide'], ['When']],
    rows: suppressions.map(({ notificationId, userId, reason, atMs }) => [
      html`<a class="plain" href="${address('suppressed', { notification: notificationId, user: userId })}">${stateMark('suppressed', reason)}</a>`,
      html`<a href="${address('user', { id: userId })}">${userId}</a>`,
      time(atMs),
    ]),
    empty: '',
  });
}

function notificationTable(notifications: readonly Notification[], seesContent: boolean): Html {
  return table({
    caption: 'Notifications, newest first',
    columns: [['Accepted'], ['Type'], [seesContent ? 'Title' : 'Notification', 'wide'], ['Status'], ['Priority']],
    rows: notifications.map(({ id, content, status, priority, acceptedAtMs }) => [
      time(acceptedAtMs),
      content.type,
      html`<a href="${address('notification', { id })}">${seesContent ? content.title : id}</a>`,
      status,
      priority,
    ]),
    empty: 'Nothing was sent yet.',
  });
}
