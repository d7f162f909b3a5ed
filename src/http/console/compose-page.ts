import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { MAX_PAYLOAD_OCTETS } from '../../domain/notification/notification.ts';
import type { DryRun } from '../../intake/dry-run.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { notificationBody, notifyRequestOf } from '../v1/notification-schema.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, facts, number } from './parts.ts';

/** Writes a notification: to whom, what it says, what would come of it; and then sends it. */
export function addComposePage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('compose', async ({ session, query }) => {
    if (session.role !== 'operator') throw new AppError('viewer_changes_nothing', 'A viewer sends nothing.');
    const given: Form = { get: query, all: () => [] };
    return { title: 'Compose', menu: 'compose', body: composeBody(given, '') };
  });
  const operation = (form: Form) => (form.get('do') === 'send' ? 'sendNotification' : null);
  routes.action({ name: 'compose', operation, target: 'type' }, async (_, form) => {
    const wish = form.get('do');
    try {
      const request = requestOf(form);
      if (wish === 'send') {
        const { notification } = await parts.notifications.accept(request, null);
        return address('notification', { id: notification.id, done: 'accepted' });
      }
      return { title: 'Compose', menu: 'compose', body: composeBody(form, forecastOf(await parts.dryRun(request))) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return {
        title: 'Compose',
        menu: 'compose',
        status: 400,
        body: composeBody(form, html`<p class="error" role="alert">${error.message}${issuesOf(error)}</p>`),
      };
    }
  });
}

/** As the API takes it: what is empty is left out. */
function requestOf(form: Form): NotifyRequest {
  const [users, tags] = [form.get('user_ids').split(/\s+/).filter(Boolean), form.get('tags').trim()];
  const to =
    form.get('everyone') === 'yes'
      ? { audience: { everyone: true } }
      : tags !== ''
        ? { audience: { tags } }
        : { user_ids: users };
  const text = (name: string) => (form.get(name).trim() === '' ? {} : { [name]: form.get(name).trim() });
  const ttl = form.get('ttl_seconds').trim();
  const read = notificationBody.safeParse({
    ...text('type'),
    ...text('title'),
    ...text('body'),
    ...text('url'),
    ...text('topic'),
    ...(ttl === '' ? {} : { ttl_seconds: Number(ttl) }),
    ...to,
  });
  if (read.success) return notifyRequestOf(read.data);
  const issues = read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new AppError('invalid_request', 'Something is not valid: ', { issues });
}

function issuesOf({ details }: AppError): string {
  const issues = (details.issues ?? []) as readonly { readonly path: string; readonly message: string }[];
  return issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

function composeBody(form: Form, answer: Html | string): Html {
  const value = (name: string) => form.get(name);
  const canSend = answer !== '' && value('do') === 'preview';
  return html`<h1>Compose</h1>
<form method="post" action="compose" class="compose">
<fieldset class="card"><legend>To whom</legend>
<label class="field">Users, one id a line <textarea name="user_ids" rows="3" spellcheck="false">${value('user_ids')}</textarea></label>
<label class="field">Or an audience, by tags <input name="tags" value="${value('tags')}" placeholder="beta && !trial"></label>
<label class="check"><input type="checkbox" name="everyone" value="yes"${value('everyone') === 'yes' ? html` checked` : ''}> Or everyone</label></fieldset>
<fieldset class="card"><legend>What</legend>
<label class="field">Type <input name="type" value="${value('type')}" required placeholder="order.shipped"></label>
<label class="field">Title <input name="title" value="${value('title')}" required></label>
<label class="field">Text <textarea name="body" rows="3">${value('body')}</textarea></label>
<label class="field">Leads to <input name="url" value="${value('url')}" placeholder="/orders/42"></label>
<div class="row"><label class="field">Topic <input name="topic" value="${value('topic')}"></label>
<label class="field">Worth sending for, in seconds <input name="ttl_seconds" type="number" min="1" value="${value('ttl_seconds')}"></label></div></fieldset>
<div class="compose-answer">${answer}</div>
<p class="row"><button class="button${canSend ? '' : ' primary'}" name="do" value="preview">What would come of it?</button>
${canSend ? html`<button class="button primary" name="do" value="send">Send it</button>` : ''}</p>
</form>`;
}

function forecastOf({ notification, measured, forecast, isAtLeast }: DryRun): Html {
  const { octets: payloadOctets } = measured;
  const { users, devices, suppressed } = forecast;
  const left = Object.entries(suppressed).filter(([, count]) => count > 0);
  return html`<section class="card" role="status"><h2>What would come of it</h2>
<figure class="preview"><p class="preview-title">${notification.content.title}</p>${notification.content.body === undefined ? '' : html`<p>${notification.content.body}</p>`}</figure>
${facts([
  ['Users', `${isAtLeast ? 'at least ' : ''}${number(users)}`],
  ['Devices', number(devices)],
  ['Left out', left.length === 0 ? 'nobody' : left.map(([reason, count]) => `${number(count)} ${reason}`).join(', ')],
  ['Payload', `${number(payloadOctets)} of ${number(MAX_PAYLOAD_OCTETS)} octets`],
])}<meter min="0" max="${MAX_PAYLOAD_OCTETS}" value="${payloadOctets}" aria-label="Octets of the payload"></meter></section>`;
}
