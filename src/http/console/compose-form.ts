import { html } from 'hono/html';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { IF_PASSED } from '../../domain/notification/send-at.ts';
import { localeFields } from './compose-locales.ts';
import { digestOf, TO, WHEN } from './compose-request.ts';
import type { Form } from './console-routes.ts';
import type { Html } from './layout.ts';
import { choice } from './parts.ts';

const TO_WORDS: Readonly<Record<(typeof TO)[number], string>> = {
  users: 'These users',
  tags: 'Users by tags',
  everyone: 'Everyone',
};
const WHEN_WORDS: Readonly<Record<(typeof WHEN)[number], string>> = {
  now: 'Now',
  utc: 'At this time in UTC',
  local: 'At this time where each user lives',
};

/** As it was typed. With `canSend` the notification can be sent as it stands, and only so. */
export function composeForm(form: Form, answer: Html | string, canSend: boolean): Html {
  return html`<form method="post" action="compose" class="compose">
${whom(form)}${what(form)}${when(form)}
<section class="card" data-mirror hidden><h2>As you write it</h2><figure class="preview" dir="auto"><p class="preview-title" data-mirrors="title"></p><p data-mirrors="body"></p></figure></section>
<div class="compose-answer">${answer}</div>
<p class="row"><button class="button${canSend ? '' : ' primary'}" name="do" value="preview">What would come of it?</button>
${canSend ? sendButton(form) : ''}</p>
</form>`;
}

function sendButton(form: Form): Html {
  const label = form.get('when') === 'utc' || form.get('when') === 'local' ? 'Schedule it' : 'Send it now';
  return html`<input type="hidden" name="seen" value="${digestOf(form)}"><input type="hidden" name="once" value="${crypto.randomUUID()}">
<button class="button primary" name="do" value="send">${label}</button>`;
}

function whom(form: Form): Html {
  const chosen = TO.find((each) => each === form.get('to')) ?? 'users';
  return html`<fieldset class="card"><legend>To whom</legend>
<div class="row">${TO.map((each) => radio('to', each, { label: TO_WORDS[each], chosen }))}</div>
<label class="field">User ids, one a line <textarea name="user_ids" rows="3" spellcheck="false">${form.get('user_ids')}</textarea></label>
<label class="field">Tags <input name="tags" value="${form.get('tags')}" placeholder="beta && !trial" autocomplete="off" spellcheck="false"></label>
<p class="hint" data-count aria-live="polite"></p></fieldset>`;
}

function what(form: Form): Html {
  const input = (name: string, label: string, placeholder = '') =>
    html`<label class="field">${label} <input name="${name}" value="${form.get(name)}" placeholder="${placeholder}" autocomplete="off"></label>`;
  return html`<fieldset class="card"><legend>What</legend>
<label class="field">Type <input name="type" value="${form.get('type')}" required placeholder="order.shipped" autocomplete="off" spellcheck="false"></label>
${input('title', 'Title')}
<label class="field">Text <textarea name="body" rows="3">${form.get('body')}</textarea></label>
${input('url', 'Leads to', '/orders/42')}
${localeFields(form)}
<details${form.get('template') === '' ? '' : html` open`}><summary>From a template</summary>
<p class="hint">In place of title and text.</p>
${input('template', 'Template', 'order-shipped')}
<label class="field">Variables, as JSON <textarea name="variables" rows="2" spellcheck="false">${form.get('variables')}</textarea></label></details></fieldset>`;
}

function when(form: Form): Html {
  const chosen = WHEN.find((each) => each === form.get('when')) ?? 'now';
  return html`<fieldset class="card"><legend>When</legend>
<div class="row">${WHEN.map((each) => radio('when', each, { label: WHEN_WORDS[each], chosen }))}</div>
<div class="row"><label>Date and time <input name="at" type="datetime-local" value="${form.get('at')}"></label>
${choice('if_passed', 'Where that has passed', { words: IF_PASSED, chosen: form.get('if_passed'), none: 'as usual' })}</div>
<div class="row"><label>Worth sending for, in seconds <input name="ttl_seconds" type="number" min="1" value="${form.get('ttl_seconds')}"></label>
${choice('priority', 'Priority', { words: PRIORITIES, chosen: form.get('priority'), none: 'as usual' })}
<label>Topic <input name="topic" value="${form.get('topic')}" autocomplete="off"></label></div></fieldset>`;
}

function radio(
  name: string,
  value: string,
  { label, chosen }: { readonly label: string; readonly chosen: string },
): Html {
  return html`<label class="check"><input type="radio" name="${name}" value="${value}"${value === chosen ? html` checked` : ''}> ${label}</label>`;
}
