import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { NotificationContent } from '../../domain/notification/notification.ts';
import type { Form } from './console-routes.ts';
import { contentPreview, octetMeter } from './content-preview.ts';
import type { Html } from './layout.ts';

/** Languages beside the one that title and text above are in. More of them are what templates are for. */
const ROWS = [1, 2, 3] as const;

/** Every field of the form that says something in a language. */
export const LOCALE_FIELDS: readonly string[] = [
  'locale',
  ...ROWS.flatMap((row) => [`locale${row}`, `title${row}`, `body${row}`]),
];

/** Null where all is said in one language. Title, text and link are then those of the default one. */
export function localesIn(form: Form): Readonly<Record<string, unknown>> | null {
  const rows = ROWS.map((row) => ({
    locale: form.get(`locale${row}`).trim(),
    title: form.get(`title${row}`).trim(),
    body: form.get(`body${row}`).trim(),
  })).filter(({ locale, title, body }) => locale !== '' || title !== '' || body !== '');
  if (rows.length === 0) return null;
  const url = form.get('url').trim();
  const first = { locale: form.get('locale').trim(), title: form.get('title').trim(), body: form.get('body').trim() };
  const all = [first, ...rows];
  const names = all.map(({ locale }) => locale.toLowerCase());
  if (names.includes('')) throw new AppError('invalid_request', 'Say which language each title and text is in.');
  if (new Set(names).size < names.length) throw new AppError('invalid_request', 'One language stands there twice.');
  const texts = all.map(({ locale, title, body }) => [
    locale,
    {
      ...(title !== '' && { title: asWritten(title) }),
      ...(body !== '' && { body: asWritten(body) }),
      ...(url !== '' && { url: asWritten(url) }),
    },
  ]);
  return { default_locale: first.locale, locales: Object.fromEntries(texts) };
}

/** What has a meaning of its own in a pattern (ICU MessageFormat) stands for itself here. */
function asWritten(text: string): string {
  return text.replaceAll("'", "''").replaceAll('{', "'{'").replaceAll('}', "'}'");
}

function asRead(pattern: string): string {
  return pattern.replaceAll("'{'", '{').replaceAll("'}'", '}').replaceAll("''", "'");
}

export function localeFields(form: Form): Html {
  const isOpen = LOCALE_FIELDS.some((name) => form.get(name) !== '');
  const rows = ROWS.map(
    (row) => html`<fieldset class="stack"><legend>Another language</legend>
<label>Language <input name="locale${row}" value="${form.get(`locale${row}`)}" placeholder="de" autocomplete="off" spellcheck="false"></label>
<label>Title <input name="title${row}" value="${form.get(`title${row}`)}" autocomplete="off"></label>
<label>Text <textarea name="body${row}" rows="2">${form.get(`body${row}`)}</textarea></label></fieldset>`,
  );
  return html`<details${isOpen ? html` open` : ''}><summary>In several languages</summary>
<p class="hint">Each user gets it in the language of the device, or else their own; everybody else as it stands above.</p>
<div class="stack"><label>Language of the above <input name="locale" value="${form.get('locale')}" placeholder="en" autocomplete="off" spellcheck="false"></label>${rows}</div></details>`;
}

/** As a device shows it in each language, with its octets. Of a template the page of that shows them. */
export function previewsByLocale(
  content: NotificationContent,
  byLocale: Readonly<Record<string, number>> | null,
): Html | string {
  const source = content.worded?.source;
  if (source?.kind !== 'inline' || byLocale === null) return '';
  const shown = Object.entries(source.wording.locales).map(([locale, text]) => {
    const title = text.title === undefined ? {} : { title: asRead(text.title) };
    const body = text.body === undefined ? {} : { body: asRead(text.body) };
    return html`<section class="card"><h3>${locale}</h3>${contentPreview({ ...text, ...title, ...body, locale })}${octetMeter(byLocale[locale] ?? 0)}</section>`;
  });
  return html`<section><h2>In each language</h2><div class="columns">${shown}</div></section>`;
}
