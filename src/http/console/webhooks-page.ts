import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { EVENT_TYPES, type EventType } from '../../domain/event/outbox-event.ts';
import { MOST_ENDPOINTS, type WebhookEndpoint } from '../../domain/webhook/webhook-endpoint.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form, Visit } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, table, time } from './parts.ts';
import { endpointState, eventTypeChoice, nextTryMs, secretShown, urlFor } from './webhook-parts.ts';

const MENU = { menu: 'webhooks' } as const;

type Typed = { readonly form: Form; readonly problem: string };

/** Where events are sent: all endpoints, and a new one. */
export function addWebhooksPage(routes: ConsoleRoutes, { webhookEndpoints }: ConsoleParts): void {
  const page = async (visit: Visit, typed: Typed | null): Promise<Html> => {
    const endpoints = await webhookEndpoints.list();
    return html`<h1>Webhooks</h1>
<p class="lead">What happens is sent to these URLs, signed, and tried for three days.</p>
${endpointTable(endpoints, visit)}
${visit.session.role === 'operator' && endpoints.length < MOST_ENDPOINTS ? newForm(typed) : ''}`;
  };
  routes.page('webhooks', async (visit) => ({ title: 'Webhooks', ...MENU, body: await page(visit, null) }));
  const create = { name: 'create-webhook', operation: 'createWebhookEndpoint', target: '' };
  routes.action(
    create,
    async (_, form) => {
      const { endpoint, secret } = await webhookEndpoints.create({ ...saidIn(form), url: form.get('url').trim() });
      const body = html`<p class="path"><a href="webhooks">Webhooks</a> › new</p>
<h1>It is sent what happens from now on</h1>${secretShown(secret)}
<p><a class="button primary" href="${address('webhook', { id: endpoint.id })}">To its page</a></p>`;
      return { title: 'New webhook endpoint', ...MENU, body };
    },
    async (form, { message: problem }, visit) => ({
      title: 'Webhooks',
      ...MENU,
      body: await page(visit, { form, problem }),
    }),
  );
}

/** What a form says of an endpoint, beside its URL. */
export function saidIn(form: Form): {
  readonly eventTypes: readonly EventType[] | null;
  readonly description: string | null;
} {
  const chosen = EVENT_TYPES.filter((type) => form.all('event_types').includes(type));
  const description = form.get('description').trim();
  if (description.length > 200) throw new AppError('invalid_request', 'A description has 200 characters at most.');
  return { eventTypes: chosen.length === 0 ? null : chosen, description: description === '' ? null : description };
}

function endpointTable(endpoints: readonly WebhookEndpoint[], { session }: Visit): Html {
  return table({
    caption: 'Webhook endpoints',
    columns: [['State'], ['URL', 'wide'], ['Events', 'wide'], ['Next'], ['Made']],
    rows: endpoints.map((endpoint) => [
      endpointState(endpoint),
      html`<a href="${address('webhook', { id: endpoint.id })}">${urlFor(endpoint, session)}</a>${endpoint.description === null ? '' : html`<br><small class="muted">${endpoint.description}</small>`}`,
      endpoint.eventTypes === null ? 'all' : endpoint.eventTypes.join(', '),
      time(nextTryMs(endpoint)),
      time(endpoint.createdAtMs),
    ]),
    empty: 'None: events are kept, and sent nowhere.',
  });
}

function newForm(typed: Typed | null): Html {
  const value = (name: string): string => typed?.form.get(name) ?? '';
  return html`<section><h2>New endpoint</h2><details class="card"${typed === null ? '' : html` open`}><summary class="button">Send events to a URL …</summary>
<form method="post" action="create-webhook" class="stack short">
${typed === null ? '' : html`<p class="error" role="alert">${typed.problem}</p>`}
<label>URL <input name="url" type="url" value="${value('url')}" required placeholder="https://example.com/hooks" autocomplete="off"></label>
<label>What it is <input name="description" value="${value('description')}" maxlength="200" autocomplete="off"></label>
${eventTypeChoice(typed?.form.all('event_types') ?? [])}
<p><button class="button primary">Make it, and show its secret</button></p></form></details></section>`;
}
