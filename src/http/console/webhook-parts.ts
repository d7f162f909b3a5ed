import { createHash } from 'node:crypto';
import { html } from 'hono/html';
import { EVENT_TYPES } from '../../domain/event/outbox-event.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import type { DisabledReason, WebhookEndpoint } from '../../domain/webhook/webhook-endpoint.ts';
import type { Html } from './layout.ts';
import { time } from './parts.ts';

const DISABLED: Readonly<Record<DisabledReason, string>> = {
  gone: 'it answered 410',
  failing: 'it failed for five days',
  by_hand: 'by hand',
};

/** How an endpoint does, by a shape and a word. */
export function endpointState({ disabled, failingSinceMs }: WebhookEndpoint): Html {
  if (disabled !== null) {
    const kind = disabled.reason === 'by_hand' ? 'retired' : 'failed';
    return html`<span class="state ${kind}">disabled: ${DISABLED[disabled.reason]}</span>`;
  }
  if (failingSinceMs !== null) return html`<span class="state retrying">fails since</span> ${time(failingSinceMs)}`;
  return html`<span class="state active">enabled</span>`;
}

/** When something is sent to it next, as far as that is known. */
export function nextTryMs({ disabled, retryAtMs, nextDueAtMs }: WebhookEndpoint): number | null {
  return disabled !== null || nextDueAtMs === null ? null : Math.max(nextDueAtMs, retryAtMs ?? 0);
}

/** As much of a URL as who looks may see: what is behind the host can hold somebody’s secret. */
export function urlFor({ url }: Pick<WebhookEndpoint, 'url'>, { role }: OperatorSession): string {
  return role === 'operator' ? url : `${new URL(url).origin}/…`;
}

/** Tells one newest secret from another, and nothing of either: so that a form that is sent twice rotates once. */
export function markOf({ secrets }: Pick<WebhookEndpoint, 'secrets'>): string {
  return createHash('sha256')
    .update(secrets[0]?.secret ?? '')
    .digest('hex')
    .slice(0, 16);
}

/** A secret on the one page that ever shows it. */
export function secretShown(secret: string): Html {
  return html`<section class="card needs"><h2>The secret, shown this once</h2>
<p><code class="secret">${secret}</code></p>
<p>Give it to what receives the events now: it is on no other page. Lost, it is rotated again.</p></section>`;
}

/** What an endpoint is to be told of; none chosen means all. */
export function eventTypeChoice(chosen: readonly string[]): Html {
  const boxes = EVENT_TYPES.map(
    (type) =>
      html`<label class="check"><input type="checkbox" name="event_types" value="${type}"${chosen.includes(type) ? html` checked` : ''}> ${type}</label>`,
  );
  return html`<fieldset><legend>Events; none chosen means all</legend><div class="row">${boxes}</div></fieldset>`;
}
