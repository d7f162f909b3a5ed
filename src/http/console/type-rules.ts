import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { URGENCIES } from '../../domain/notification/notification.ts';
import { PRIORITIES } from '../../domain/notification/priority.ts';
import {
  ON_QUIET,
  OVERRIDES,
  TYPE_PREFERENCES,
  type TypeRule,
  type TypeRules,
} from '../../domain/notification-type/type-policy.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { validate } from '../kit/validation.ts';
import { typeRuleBody, typeRuleOf } from '../v1/type-rules.ts';
import { typePattern } from '../v1/user-schema.ts';
import type { Form } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, address, choice, table } from './parts.ts';
import { ruleWords } from './type-rule-words.ts';

/** What the form says, as it was typed. */
type Typed = { readonly get: (name: string) => string; readonly all: (name: string) => readonly string[] };

/** What holds for types, in words. */
export function typeTable(rules: TypeRules, { role }: OperatorSession): Html {
  const remove = (pattern: string): Html | string =>
    role === 'operator'
      ? actionButton({
          ...{ action: 'delete-type', label: 'Delete', fields: { pattern } },
          sure: 'What shorter patterns say holds again.',
        })
      : '';
  return table({
    caption: 'Types',
    columns: [['Pattern'], ['What holds', 'wide'], ['Change']],
    rows: [...rules].map(([pattern, rule]) => [
      html`<a href="${address('audiences', { type: pattern })}#type"><code>${pattern}</code></a>`,
      html`<ul class="plain-list">${ruleWords(rule).map((words) => html`<li>${words}</li>`)}</ul>`,
      remove(pattern),
    ]),
    empty: 'Nothing was said of any type: everybody gets everything.',
  });
}

/** Of a rule that there is, or of none yet. */
export function typedRule(pattern: string, rule: TypeRule | undefined): Typed {
  const { ttlSeconds, urgency, priority, preference, overrides = [], cap, onQuiet } = rule ?? {};
  const texts: Readonly<Record<string, string>> = {
    ...{
      pattern,
      urgency: urgency ?? '',
      priority: priority ?? '',
      preference: preference ?? '',
      on_quiet: onQuiet ?? '',
    },
    ttl_seconds: String(ttlSeconds ?? ''),
    ...{ cap_limit: String(cap?.limit ?? ''), cap_per_seconds: String(cap?.perSeconds ?? '') },
  };
  return { get: (name) => texts[name] ?? '', all: (name) => (name === 'overrides' ? overrides : []) };
}

/** What was typed. Throws `invalid_request` with a sentence. */
export function ruleIn(form: Form): { readonly pattern: string; readonly rule: TypeRule } {
  const text = (name: string) => (form.get(name) === '' ? {} : { [name]: form.get(name) });
  const count = (name: string, as = name) => (form.get(name).trim() === '' ? {} : { [as]: Number(form.get(name)) });
  const cap = { ...count('cap_limit', 'limit'), ...count('cap_per_seconds', 'per_seconds') };
  const overrides = form.all('overrides');
  const pattern = validate(typePattern, form.get('pattern').trim());
  const rule = validate(typeRuleBody, {
    ...{ ...count('ttl_seconds'), ...text('urgency'), ...text('priority'), ...text('preference'), ...text('on_quiet') },
    ...(overrides.length === 0 ? {} : { overrides }),
    ...(Object.keys(cap).length === 0 ? {} : { cap }),
  });
  if (pattern.value === null)
    throw new AppError(
      'invalid_request',
      'The pattern is a type such as order.shipped, a beginning such as digest.*, or *.',
    );
  if (rule.value === null)
    throw new AppError('invalid_request', rule.issues.map(({ path, message }) => `${path} ${message}`).join('; '));
  return { pattern: pattern.value, rule: typeRuleOf(rule.value) };
}

export function typeForm({ get, all }: Typed, problem: string | null): Html {
  const field = (name: string, label: string, type = 'text') =>
    html`<label>${label} <input name="${name}" type="${type}"${type === 'number' ? html` min="1"` : ''} value="${get(name)}" autocomplete="off" spellcheck="false"></label>`;
  const checks = OVERRIDES.map(
    (name) =>
      html`<label class="check"><input type="checkbox" name="overrides" value="${name}"${all('overrides').includes(name) ? html` checked` : ''}> passes over ${name === 'cap' ? 'the cap' : 'quiet hours and pauses'}</label>`,
  );
  return html`<form method="post" action="put-type" class="stack" id="type">
${problem === null ? '' : html`<p class="error" role="alert">${problem}</p>`}
<div class="row"><label>Pattern <input name="pattern" value="${get('pattern')}" required placeholder="digest.*" autocomplete="off" spellcheck="false"></label>
${choice('preference', 'Who gets it of whom nothing is known', { words: TYPE_PREFERENCES, chosen: get('preference') })}
${choice('on_quiet', 'In quiet hours', { words: ON_QUIET, chosen: get('on_quiet') })}</div>
<div class="row">${field('ttl_seconds', 'Worth sending for, in seconds', 'number')}
${choice('priority', 'Priority', { words: PRIORITIES, chosen: get('priority') })}
${choice('urgency', 'Urgency', { words: URGENCIES, chosen: get('urgency') })}</div>
<div class="row">${field('cap_limit', 'At most, to one user', 'number')}${field('cap_per_seconds', 'within so many seconds', 'number')}</div>
<div class="row">${checks}</div>
<p class="hint">What is left open is as a shorter pattern says, or as the call says.</p>
<p class="row"><button class="button primary">Save</button></p></form>`;
}
