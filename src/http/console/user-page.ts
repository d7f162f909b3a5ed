import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { Suppression } from '../../domain/audience/suppression.ts';
import type { Delivery } from '../../domain/delivery/delivery.ts';
import type { Notification } from '../../domain/notification/notification.ts';
import type { Subscription } from '../../domain/subscription/subscription.ts';
import { TAG, type User } from '../../domain/user/user.ts';
import { isUserId } from '../../domain/user/user-id.ts';
import type { DeliveryOfNotification } from '../../intake/user-deliveries.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form, Visit } from './console-routes.ts';
import { deviceTable } from './device-table.ts';
import { erasureLinks } from './erasure-page.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, more, stateMark, table, time } from './parts.ts';
import { addUserForms, testForm, userForm } from './user-forms.ts';

const LATEST = 25;
const MOST_DEVICES = 50;

type Seen = {
  readonly id: string;
  readonly user: User | null;
  readonly devices: readonly Subscription[];
  readonly deliveries: readonly DeliveryOfNotification[];
  readonly suppressions: readonly Suppression[];
  readonly next: string | null;
};

/** Everything about one user: devices, wishes, the latest notifications with what came of each, and why not. */
export function addUserPage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('user', async (visit) => {
    const id = visit.query('id');
    if (!isUserId(id)) return { redirect: 'search' };
    const seen = await look(parts, id, visit.query('cursor'));
    const explained = await explain(parts, id, visit.query('type'));
    return { title: id, menu: 'search', body: bodyOf(seen, visit, explained) };
  });
  routes.action({ name: 'tag-user', operation: 'changeTagsOfUser', target: 'id' }, async (_, form) => {
    await parts.users.changeTags(form.get('id'), { add: words(form, 'add'), remove: words(form, 'remove') });
    return address('user', { id: form.get('id'), done: 'saved' });
  });
  addUserForms(routes, parts);
}

function words(form: Form, name: string): readonly string[] {
  const tags = form
    .get(name)
    .split(/[\s,]+/)
    .filter((tag) => tag !== '');
  const bad = tags.find((tag) => !TAG.test(tag));
  if (bad !== undefined) throw new AppError('invalid_request', 'A tag is 1 to 64 letters, digits and _ . : / -');
  return tags;
}

async function look(
  { users, subscriptions, userDeliveries, explanations }: ConsoleParts,
  id: string,
  cursor: string,
): Promise<Seen> {
  const page = { cursor: null, limit: LATEST };
  const filter = { state: null, reason: null, service: null, attempt: null };
  const [user, devices, deliveries, suppressions] = await Promise.all([
    users.get(id).catch(nullIfUnknown),
    subscriptions.list({ cursor: null, limit: MOST_DEVICES, userId: id, includeRetired: true }),
    userDeliveries.list({
      ...page,
      cursor: cursor === '' ? null : cursor,
      userId: id,
      fromMs: null,
      untilMs: null,
      filter,
    }),
    explanations.suppressions.listOfUser({ ...page, userId: id }),
  ]);
  return {
    id,
    user,
    devices: devices.items,
    deliveries: deliveries.items,
    suppressions: suppressions.items,
    next: deliveries.next,
  };
}

function nullIfUnknown(error: unknown): null {
  if (error instanceof AppError && error.code === 'user_not_found') return null;
  throw error;
}

async function explain({ explanations }: ConsoleParts, id: string, type: string): Promise<Html | string> {
  if (type === '') return '';
  const { account } = await explanations.explain(id, {
    kind: 'type',
    type,
    atMs: explanations.now(),
    ttlSeconds: null,
  });
  return html`<p class="answer" role="status">${account.sentence}</p>`;
}

function bodyOf(seen: Seen, { session, query }: Visit, explained: Html | string): Html {
  const { id, user, devices } = seen;
  const active = devices.filter(({ retired }) => retired === null).length;
  return html`<p class="path"><a href="search">Search</a> › user</p>
<h1>${id}</h1>
<p class="lead">${active === 0 ? 'No active device: nothing can be sent.' : active === 1 ? 'One active device.' : `${active} active devices.`}</p>
<section><h2>Latest notifications</h2>${latestTable(seen)}${more('user', { id }, seen.next)}</section>
<div class="columns">
<section class="card"><h2>Would they get it?</h2>
<form method="get" action="user" class="row"><input type="hidden" name="id" value="${id}">
<label>Type <input name="type" value="${query('type')}" placeholder="order.shipped" required pattern="[A-Za-z0-9._:\\/\\-]{1,64}"></label>
<button class="button">Explain</button></form>${explained}</section>
<section class="card"><h2>What is said of them</h2>${wishesOf(user)}${session.role === 'operator' ? html`${tagForm(id)}${userForm(id, user)}` : ''}</section>
${session.role === 'operator' && active > 0 ? html`<section class="card"><h2>Does it reach them?</h2>${testForm(id)}</section>` : ''}
${session.role === 'operator' ? erasureLinks(id) : ''}</div>
<section><h2>Devices</h2>${deviceTable(devices)}</section>`;
}

type Row = {
  readonly notificationId: string;
  readonly notification: Notification | null;
  readonly deliveries: readonly Delivery[];
  readonly suppression: Suppression | null;
  readonly atMs: number;
};

/** By notification, newest first: with a delivery for each device, or why there is none. */
function latestTable({ id, deliveries, suppressions }: Seen): Html {
  const rows = new Map<string, Row>();
  for (const { delivery, notification } of deliveries) {
    const row = rows.get(delivery.notificationId);
    const all = [...(row?.deliveries ?? []), delivery];
    const atMs = notification?.acceptedAtMs ?? delivery.createdAtMs;
    rows.set(delivery.notificationId, {
      notificationId: delivery.notificationId,
      notification,
      deliveries: all,
      suppression: null,
      atMs,
    });
  }
  for (const suppression of suppressions) {
    const { notificationId, atMs } = suppression;
    if (!rows.has(notificationId))
      rows.set(notificationId, { notificationId, notification: null, deliveries: [], suppression, atMs });
  }
  return table({
    caption: 'Latest notifications of this user',
    columns: [['When'], ['What came of it', 'wide'], ['Type'], ['Notification']],
    rows: [...rows.values()].sort((one, other) => other.atMs - one.atMs).map((row) => latestRow(row, id)),
    empty: 'Nothing was sent to this user of late.',
  });
}

function latestRow(
  { notificationId, notification, deliveries, suppression, atMs }: Row,
  user: string,
): readonly (Html | string)[] {
  const came =
    suppression !== null
      ? html`<a class="plain" href="${address('suppressed', { notification: notificationId, user })}">${stateMark('suppressed', suppression.reason)}</a>`
      : html`<span class="marks">${deliveries.map(
          ({ id, state, reason }) =>
            html`<a class="plain" href="${address('delivery', { id })}">${stateMark(state, reason === null ? state : `${state}: ${reason}`)}</a>`,
        )}</span>`;
  const link = html`<a href="${address('notification', { id: notificationId })}"><code>…${notificationId.slice(-6)}</code></a>`;
  return [time(atMs), came, notification?.content.type ?? '', link];
}

function wishesOf(user: User | null): Html {
  if (user === null) return html`<p class="empty">Nothing was said of this user.</p>`;
  const two = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const { quietHours: quiet, preferences } = user;
  const wishes = Object.entries(preferences).map(
    ([pattern, { isWanted }]) => `${isWanted ? 'wants' : 'does not want'} ${pattern}`,
  );
  return facts([
    ['Time zone', user.timeZone],
    ['Language', user.locale],
    [
      'Tags',
      user.tags.length === 0
        ? null
        : html`<span class="marks">${user.tags.map((tag) => html`<span class="tag">${tag}</span>`)}</span>`,
    ],
    ['Wishes', wishes.length === 0 ? null : wishes.join(', ')],
    [
      'Quiet hours',
      quiet === null
        ? null
        : `${two(quiet.fromMinute)} to ${two(quiet.untilMinute)}${quiet.days === null ? '' : `, ${quiet.days.join(' ')}`}`,
    ],
    ['Paused until', user.pausedUntilMs === null ? null : time(user.pausedUntilMs)],
    ['Said last', time(user.updatedAtMs)],
  ]);
}

function tagForm(id: string): Html {
  const fields = html`<label>Add tags <input name="add"></label><label>Remove tags <input name="remove"></label>`;
  return actionButton({ action: 'tag-user', label: 'Change tags', fields: { id }, more: fields });
}
