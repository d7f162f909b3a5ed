import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { TEMPLATE_KEY, type Wording } from '../../domain/content/wording.ts';
import type { Template } from '../../intake/templates.ts';
import { validate } from '../kit/validation.ts';
import { templateBody, wordingOf } from '../v1/template-schema.ts';
import { textWire } from '../v1/wording-schema.ts';
import type { Html } from './layout.ts';

const EXAMPLE = {
  default_locale: 'en',
  variables: { name: 'string', n: 'number' },
  locales: { en: { title: 'Hello {name}', body: '{n, plural, one {# parcel comes} other {# parcels come}}.' } },
};

/** A template as the API takes it; an example where there is none. */
export function templateText(template: Template | null): string {
  if (template === null) return JSON.stringify(EXAMPLE, null, 2);
  const { defaultLocale, variables, locales } = template.wording;
  const texts = Object.entries(locales).map(([name, text]) => [name, textWire(text)]);
  return JSON.stringify({ default_locale: defaultLocale, variables, locales: Object.fromEntries(texts) }, null, 2);
}

/** What was typed. Throws `invalid_request` with a sentence. */
export function wordingIn(key: string, text: string): Wording {
  if (!TEMPLATE_KEY.test(key))
    throw new AppError(
      'invalid_request',
      'The key is 1 to 64 letters, digits and _ . : - that do not begin with a dot.',
    );
  const { value, issues } = validate(templateBody, parsed(text));
  if (value === null)
    throw new AppError('invalid_request', issues.map(({ path, message }) => `${path} ${message}`).join('; '));
  return wordingOf(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('invalid_request', 'The template is not valid JSON.');
  }
}

export function templateForm(of: {
  readonly key: string;
  readonly text: string;
  readonly isNew: boolean;
  readonly problem: string | null;
}): Html {
  const key = of.isNew
    ? html`<label class="field">Key <input name="key" value="${of.key}" required autocomplete="off" spellcheck="false"></label>`
    : html`<input type="hidden" name="key" value="${of.key}">`;
  return html`<form method="post" action="put-template">
${of.problem === null ? '' : html`<p class="error" role="alert">${of.problem}</p>`}
${key}<label class="field">Template <textarea name="template" rows="14" spellcheck="false" required>${of.text}</textarea>
<small class="muted">As PUT /v1/templates takes it, as JSON. Texts are patterns of ICU MessageFormat.</small></label>
<p class="row"><button class="button primary">Save</button></p></form>`;
}
