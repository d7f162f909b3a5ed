import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import {
  WEBHOOK_DELIVERY_STATES,
  type WebhookDelivery,
  type WebhookDeliveryState,
} from '../../domain/webhook/webhook-delivery.ts';
import type { WebhookEndpoint } from '../../domain/webhook/webhook-endpoint.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, address, choice, facts, more, number, table, time } from './parts.ts';
import { endpointState, eventTypeChoice, markOf, nextTryMs, secretShown, urlFor } from './webhook-parts.ts';
import { saidIn } from './webhooks-page.ts';

const ROWS = 50;
const DAY_MS = 86_400_000;
const MENU = { menu: 'webhooks', title: 'Webhook endpoint' } as const;

/** One endpoint: how it does, what was sent to it with each attempt, and what an operator does about it. */
export function addWebhookPage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { webhookEndpoints: endpoints } = parts;
  routes.page('webhook', async (visit) => {
    const endpoint = await endpoints.get(visit.query('id'));
    const state = WEBHOOK_DELIVERY_STATES.find((each) => each === visit.query('state')) ?? null;
    const cursor = visit.query('cursor') || null;
    const { items, next } = await endpoints.deliveries({ endpointId: endpoint.id, state, cursor, limit: ROWS });
    return { ...MENU, body: bodyOf(endpoint, items, next, visit) };
  });
  const change = (isEnabled: boolean) => (name: string) =>
    routes.action({ name, operation: 'changeWebhookEndpoint', target: 'id' }, async (_, form) => {
      await endpoints.change(form.get('id'), { isEnabled });
      return address('webhook', { id: form.get('id'), done: isEnabled ? 'enabled' : 'disabled' });
    });
  change(true)('enable-webhook');
  change(false)('disable-webhook');
  routes.action({ name: 'change-webhook', operation: 'changeWebhookEndpoint', target: 'id' }, async (_, form) => {
    await endpoints.change(form.get('id'), { ...saidIn(form), url: form.get('url').trim() });
    return address('webhook', { id: form.get('id'), done: 'saved' });
  });
  routes.action({ name: 'rotate-webhook', operation: 'rotateWebhookSecret', target: 'id' }, async (_, form) => {
    const id = form.get('id');
    if (form.get('mark') !== markOf(await endpoints.get(id))) throw new AppError('invalid_request', ROTATED_ALREADY);
    const { secret } = await endpoints.rotate(id, DAY_MS);
    return { ...MENU, body: rotated(id, secret) };
  });
  routes.action({ name: 'replay-webhook', operation: 'replayWebhookEvents', target: 'id' }, async (_, form) => {
    await endpoints.replaySince(form.get('id'), sinceIn(form.get('since')));
    return address('webhook', { id: form.get('id'), done: 'webhook-replayed' });
  });
  routes.action({ name: 'replay-event', operation: 'replayWebhookDelivery', target: 'id' }, async (_, form) => {
    await endpoints.replayOne(form.get('id'), form.get('delivery'));
    return address('webhook', { id: form.get('id'), done: 'event-replayed' });
  });
  routes.action({ name: 'delete-webhook', operation: 'deleteWebhookEndpoint', target: 'id' }, async (_, form) => {
    await endpoints.delete(form.get('id'));
    return 'webhooks?done=deleted';
  });
}

const ROTATED_ALREADY =
  'The secret was rotated since that page was opened, and nothing was changed. Open the page of the endpoint again.';

/** As `datetime-local` has it, in UTC. */
function sinceIn(text: string): number {
  const atMs = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  if (Number.isNaN(atMs)) throw new AppError('invalid_request', 'Say since when, as a day and a time.');
  return atMs;
}

function rotated(id: string, secret: string): Html {
  return html`<p class="path"><a href="webhooks">Webhooks</a> › <a href="${address('webhook', { id })}">endpoint</a> › secret</p>
<h1>A new secret</h1>${secretShown(secret)}
<p>The one before signs, too, for a day: what is sent has both signatures until then.</p>
<p><a class="button primary" href="${address('webhook', { id })}">To its page</a></p>`;
}

function bodyOf(
  endpoint: WebhookEndpoint,
  deliveries: readonly WebhookDelivery[],
  next: string | null,
  { session, query }: Visit,
): Html {
  const { id } = endpoint;
  const isOperator = session.role === 'operator';
  const state = query('state');
  return html`<p class="path"><a href="webhooks">Webhooks</a> › endpoint</p>
<h1 class="url">${urlFor(endpoint, session)}</h1>
<p class="lead">${endpointState(endpoint)}</p>
<div class="columns"><section class="card"><h2>Facts</h2>${factsOf(endpoint)}</section>
${isOperator ? html`<section class="card"><h2>Change</h2>${actionsOf(endpoint)}</section>` : ''}</div>
<section><h2>What was sent</h2>
<form method="get" action="webhook" class="filter"><input type="hidden" name="id" value="${id}">
${choice('state', 'State', { words: WEBHOOK_DELIVERY_STATES, chosen: state })}<button class="button">Show</button></form>
${deliveryTable(id, deliveries, isOperator)}${more('webhook', { id, state }, next)}</section>`;
}

function factsOf(endpoint: WebhookEndpoint): Html {
  const { id, description, eventTypes, secrets, failures, createdAtMs, disabled } = endpoint;
  return facts([
    ['What it is', description],
    ['Events', eventTypes === null ? 'all' : eventTypes.join(', ')],
    ['Disabled', disabled === null ? null : time(disabled.atMs)],
    ['Failed in a row', failures === 0 ? null : number(failures)],
    ['Next is tried', nextTryMs(endpoint) === null ? null : time(nextTryMs(endpoint))],
    ['Secrets that sign', secrets.length],
    ['Made', time(createdAtMs)],
    ['Endpoint', html`<code>${id}</code>`],
  ]);
}

function actionsOf(endpoint: WebhookEndpoint): Html {
  const { id, url, description, eventTypes, disabled } = endpoint;
  const fields = { id };
  const turn =
    disabled === null
      ? actionButton({
          ...{ action: 'disable-webhook', label: 'Disable', fields },
          sure: 'Nothing is sent to it before it is enabled again. Events are kept, and can be replayed then.',
        })
      : actionButton({
          ...{ action: 'enable-webhook', label: 'Enable', fields, isMain: true },
          sure: 'It is sent what happens from now on, and what waited. What it missed is sent by a replay.',
        });
  const since = html`<label>Since, in UTC <input name="since" type="datetime-local" required></label>`;
  return html`<div class="row">${turn}
${actionButton({ action: 'rotate-webhook', label: 'Rotate the secret', fields: { id, mark: markOf(endpoint) }, sure: 'A new secret is made and shown once. The one before signs, too, for a day.' })}
${actionButton({ action: 'delete-webhook', label: 'Delete', fields, sure: 'It is gone, with what is on record of it. Nothing is sent to it any more.' })}</div>
${actionButton({ action: 'replay-webhook', label: 'Replay all events', fields, more: since, sure: 'All events since then are sent again, as far as they are kept: the receiver knows repeats by their id.' })}
<details><summary class="button">URL, events …</summary><form method="post" action="change-webhook" class="stack"><input type="hidden" name="id" value="${id}">
<label>URL <input name="url" type="url" value="${url}" required autocomplete="off"></label>
<label>What it is <input name="description" value="${description ?? ''}" maxlength="200" autocomplete="off"></label>
${eventTypeChoice(eventTypes ?? [])}<p><button class="button primary">Save</button></p></form></details>`;
}

/** By the marks that deliveries of pushes have. */
function markedState({ state, attempts }: WebhookDelivery): Html {
  const marks: Readonly<Record<WebhookDeliveryState, string>> = {
    waiting: attempts.length === 0 ? 'pending' : 'retrying',
    sending: 'sending',
    delivered: 'delivered',
    failed: 'failed',
  };
  return html`<span class="state ${marks[state]}">${state}</span>`;
}

function deliveryTable(id: string, deliveries: readonly WebhookDelivery[], isOperator: boolean): Html {
  return table({
    caption: 'What was sent, the newest event first',
    columns: [
      ['Event', 'number'],
      ['Type'],
      ['State'],
      ['Attempts', 'wide'],
      ['Next'],
      ...(isOperator ? ([['Again']] as const) : []),
    ],
    rows: deliveries.map((delivery) => [
      number(delivery.sequence),
      delivery.eventType,
      markedState(delivery),
      attemptsOf(delivery),
      time(delivery.dueAtMs),
      ...(isOperator
        ? [actionButton({ action: 'replay-event', label: 'Replay', fields: { id, delivery: delivery.id } })]
        : []),
    ]),
    empty: 'Nothing like this was sent to it, or no longer on record.',
  });
}

/** The newest first; the older ones folded away. */
function attemptsOf({ attempts }: WebhookDelivery): Html | string {
  const lines = attempts.toReversed().map(({ startedAtMs, tookMs, status, error }) => {
    const came = status === null ? (error ?? 'no answer') : `answered ${status}`;
    return html`${came}${tookMs === null ? '' : ` after ${number(tookMs)} ms`}, ${time(startedAtMs)}`;
  });
  const [latest, ...before] = lines;
  if (latest === undefined) return 'none yet';
  if (before.length === 0) return latest;
  return html`${latest}<details><summary>${number(before.length)} before</summary><ul class="plain-list">${before.map((line) => html`<li>${line}</li>`)}</ul></details>`;
}
