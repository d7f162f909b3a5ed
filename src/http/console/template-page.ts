import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { LocaleText } from '../../domain/content/wording.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, facts, more, number, table, time } from './parts.ts';

const ROWS = 50;

/** Texts with variables: their versions, and what a reader of each locale would get. */
export function addTemplatePages(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { templates } = parts;
  routes.page('templates', async ({ query }) => {
    const page = await templates.list({ cursor: query('cursor') || null, limit: ROWS });
    const body = html`<h1>Templates</h1>${table({
      caption: 'Templates',
      columns: [['Key', 'wide'], ['Version', 'number'], ['Made']],
      rows: page.items.map(({ key, version, createdAtMs }) => [
        html`<a href="${address('template', { key })}">${key}</a>`,
        version,
        time(createdAtMs),
      ]),
      empty: 'No text is kept yet: PUT /v1/templates/:key keeps one.',
    })}${more('templates', {}, page.next)}`;
    return { title: 'Templates', menu: 'templates', body };
  });
  routes.page('template', async ({ query, session }) => {
    const [key, asked] = [query('key'), Number(query('version'))];
    const template = await templates.get(key, Number.isSafeInteger(asked) && asked > 0 ? asked : null);
    const versions = await templates.versions({ key, cursor: query('cursor') || null, limit: ROWS });
    const { wording, version, createdAtMs } = template;
    const variables = Object.entries(wording.variables).map(([name, type]) => `${name}: ${type}`);
    const seesContent = session.role === 'operator' || parts.viewersSeeContent;
    const body = html`<p class="path"><a href="templates">Templates</a> › template</p>
<h1>${key}</h1>
<div class="columns"><section class="card"><h2>Version ${version}</h2>${facts([
      ['Made', time(createdAtMs)],
      ['Where no locale fits', wording.defaultLocale],
      ['Variables', variables.length === 0 ? 'none' : variables.join(', ')],
    ])}</section>
<section class="card"><h2>With these variables</h2>${seesContent ? await previewOf(parts, key, version, query('values')) : html`<p class="empty">Viewers are not shown what notifications say.</p>`}</section></div>
${seesContent ? html`<section><h2>As it is written</h2>${textTable(wording.locales)}</section>` : ''}
<section><h2>Versions</h2>${table({
      caption: 'Versions, newest first',
      columns: [['Version', 'number'], ['Made']],
      rows: versions.items.map((one) => [
        html`<a href="${address('template', { key, version: String(one.version) })}">${one.version}</a>`,
        time(one.createdAtMs),
      ]),
      empty: 'None.',
    })}${more('template', { key }, versions.next)}</section>`;
    return { title: `Template ${key}`, menu: 'templates', body };
  });
}

async function previewOf({ templates }: ConsoleParts, key: string, version: number, values: string): Promise<Html> {
  const form = html`<form method="get" action="template"><input type="hidden" name="key" value="${key}"><input type="hidden" name="version" value="${version}">
<label>Variables, as JSON <textarea name="values" rows="2" spellcheck="false">${values === '' ? '{}' : values}</textarea></label><button class="button">Preview</button></form>`;
  try {
    const given = values === '' ? {} : (JSON.parse(values) as Record<string, string | number>);
    const previews = await templates.preview({ key, version }, { values: given, locale: null, zone: null });
    const shown = previews.map(
      ({
        locale,
        content,
        octets,
      }) => html`<figure class="preview" lang="${locale}"><p class="preview-title">${content.title}</p>${content.body === undefined ? '' : html`<p>${content.body}</p>`}
<figcaption class="muted">${locale}, ${number(octets)} octets</figcaption></figure>`,
    );
    return html`${form}${shown}`;
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'The variables are no JSON.';
    return html`${form}<p class="${values === '' ? 'hint' : 'error'}">${why}</p>`;
  }
}

function textTable(locales: Readonly<Record<string, LocaleText>>): Html {
  return table({
    caption: 'Texts by locale',
    columns: [['Locale'], ['Title', 'wide'], ['Text', 'wide']],
    rows: Object.entries(locales).map(([locale, { title, body }]) => [locale, title ?? '–', body ?? '–']),
    empty: 'None.',
  });
}
