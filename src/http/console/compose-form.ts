import { html } from 'hono/html';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import { IF_PASSED } from '../../domain/notification/send-at.ts';
import { type Filled, inputField, textField } from './compose-filled.ts';
import { localeFields } from './compose-locales.ts';
import { digestOf, TO, WHEN } from './compose-request.ts';
import { wayFields } from './compose-way-fields.ts';
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

const UNSPELT = html` spellcheck="false"`;

/** As it was typed. With `canSend` the notification can be sent as it stands, and only so. */
export function composeForm(form: Filled, answer: Html | string, canSend: boolean): Html {
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

function whom(form: Filled): Html {
  const chosen = TO.find((each) => each === form.get('to')) ?? 'users';
  return html`<fieldset class="card"><legend>To whom</legend>
<div class="row">${TO.map((each) => radio('to', each, { label: TO_WORDS[each], chosen }))}</div>
${textField(form, { name: 'user_ids', label: 'User ids, one a line', rows: 3, more: UNSPELT })}
${inputField(form, { name: 'tags', label: 'Tags', more: html` placeholder="beta &amp;&amp; !trial"${UNSPELT}` })}
<p class="hint" data-count aria-live="polite"></p></fieldset>`;
}

function what(form: Filled): Html {
  return html`<fieldset class="card"><legend>What</legend>
${inputField(form, { name: 'type', label: 'Type', more: html` required placeholder="order.shipped"${UNSPELT}` })}
${inputField(form, { name: 'title', label: 'Title' })}
${textField(form, { name: 'body', label: 'Text', rows: 3 })}
${inputField(form, { name: 'url', label: 'Leads to', more: html` placeholder="/orders/42"` })}
${localeFields(form)}
<details${['template', 'variables'].some((name) => form.get(name) + form.wrong(name) !== '') ? html` open` : ''}><summary>From a template</summary>
<p class="hint">In place of title and text.</p>
${inputField(form, { name: 'template', label: 'Template', more: html` placeholder="order-shipped"` })}
${textField(form, { name: 'variables', label: 'Variables, as JSON', rows: 2, more: UNSPELT })}</details>
${wayFields(form)}</fieldset>`;
}

function when(form: Filled): Html {
  const chosen = WHEN.find((each) => each === form.get('when')) ?? 'now';
  return html`<fieldset class="card"><legend>When</legend>
<div class="row">${WHEN.map((each) => radio('when', each, { label: WHEN_WORDS[each], chosen }))}</div>
<div class="row">${inputField(form, { name: 'at', label: 'Date and time', isShort: true, more: html` type="datetime-local"` })}
${choice('if_passed', 'Where that has passed', { words: IF_PASSED, chosen: form.get('if_passed'), none: 'as usual' })}</div>
<div class="row">${inputField(form, { name: 'ttl_seconds', label: 'Worth sending for, in seconds', isShort: true, more: html` type="number" min="1"` })}
${choice('priority', 'Priority', { words: PRIORITIES, chosen: form.get('priority'), none: 'as usual' })}
${inputField(form, { name: 'topic', label: 'Topic', isShort: true })}</div></fieldset>`;
}

function radio(
  name: string,
  value: string,
  { label, chosen }: { readonly label: string; readonly chosen: string },
): Html {
  return html`<label class="check"><input type="radio" name="${name}" value="${value}"${value === chosen ? html` checked` : ''}> ${label}</label>`;
}
