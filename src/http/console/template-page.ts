import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { Template } from '../../intake/templates.ts';
import type { TemplateVersion } from '../../store/template-store.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import { contentPreview, octetMeter } from './content-preview.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, more, table, time } from './parts.ts';
import { addTemplateActions } from './template-actions.ts';
import { templateForm, templateText } from './template-form.ts';
import { typedValues, valueField } from './template-values.ts';

const ROWS = 50;

/** What notifications say, in each version and each locale. */
export function addTemplatePages(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { templates } = parts;
  routes.page('templates', async ({ query, session }) => {
    const page = await templates.list({ cursor: query('cursor') || null, limit: ROWS });
    const form = templateForm({ key: '', text: templateText(null), isNew: true, problem: null });
    const body = html`<h1>Templates</h1>
<p class="lead">What notifications say, in each locale, with variables. A version never changes.</p>
${listTable(page.items)}${more('templates', {}, page.next)}
${session.role === 'operator' ? html`<details class="card"><summary>Add a template</summary>${form}</details>` : ''}`;
    return { title: 'Templates', menu: 'templates', body };
  });
  routes.page('template', async (visit) => {
    const version = Number(visit.query('version'));
    const template = await templates.get(
      visit.query('key'),
      Number.isSafeInteger(version) && version > 0 ? version : null,
    );
    return { title: `Template ${template.key}`, menu: 'templates', body: await bodyOf(parts, template, visit) };
  });
  addTemplateActions(routes, parts);
}

function listTable(versions: readonly TemplateVersion[]): Html {
  return table({
    caption: 'Templates, in order of key',
    columns: [['Template'], ['Version', 'number'], ['Locales', 'wide'], ['Variables', 'wide'], ['Made']],
    rows: versions.flatMap(({ key, version, wording, createdAtMs }) =>
      wording === null
        ? []
        : [
            [
              html`<a href="${address('template', { key })}">${key}</a>`,
              version,
              html`${wording.defaultLocale}${Object.keys(wording.locales)
                .filter((each) => each !== wording.defaultLocale)
                .map((each) => `, ${each}`)}`,
              Object.keys(wording.variables).join(', ') || '–',
              time(createdAtMs),
            ],
          ],
    ),
    empty: 'There is none yet: notifications say themselves what they say.',
  });
}

async function bodyOf(parts: ConsoleParts, template: Template, visit: Visit): Promise<Html> {
  const { key, version, wording } = template;
  const { session, query } = visit;
  const past = await parts.templates.versions({ key, cursor: query('cursor') || null, limit: ROWS });
  const newest = (await parts.templates.get(key, null)).version;
  const seesContent = session.role === 'operator' || parts.viewersSeeContent;
  return html`<p class="path"><a href="templates">Templates</a> › template</p>
<h1>${key} <small>version ${version}</small></h1>
${version === newest ? '' : html`<p class="lead">An earlier version: <a href="${address('template', { key })}">version ${newest}</a> is used for what is sent now.</p>`}
<section class="card"><h2>Facts</h2>${facts([
    ['Default locale', wording.defaultLocale],
    ['Locales', Object.keys(wording.locales).join(', ')],
    [
      'Variables',
      Object.entries(wording.variables)
        .map(([name, type]) => `${name}: ${type}`)
        .join(', ') || 'none',
    ],
    ['Made', time(template.createdAtMs)],
  ])}</section>
${seesContent ? await previews(parts, template, visit) : html`<p class="empty">Viewers are not shown what notifications say.</p>`}
<section><h2>Versions</h2>${versionTable(past.items, version)}${more('template', { key }, past.next)}</section>
${session.role === 'operator' ? changes(template) : ''}`;
}

/** Each locale as a device would show it, with values that can be tried out. */
async function previews(
  { templates }: ConsoleParts,
  { key, version, wording }: Template,
  { query }: Visit,
): Promise<Html> {
  const fields = Object.entries(wording.variables).map(([name, type]) => valueField(name, type, query));
  const form = html`<form method="get" action="template" class="filter"><input type="hidden" name="key" value="${key}"><input type="hidden" name="version" value="${version}">
${fields}<button class="button">Show</button></form>`;
  const shown = async (): Promise<Html> => {
    const values = typedValues(wording.variables, query);
    const all = await templates.preview({ key, version }, { values, locale: null, zone: null });
    return html`<div class="columns">${all.map(
      ({ locale, content, octets }) =>
        html`<article class="card"><h3>${locale}</h3>${contentPreview({ ...content, locale })}${octetMeter(octets)}</article>`,
    )}</div>`;
  };
  return html`<section><h2>As a device shows it</h2>${fields.length === 0 ? '' : form}${await shown().catch(problemOf)}</section>`;
}

function problemOf(error: unknown): Html {
  if (!(error instanceof AppError) || error.code === 'internal_error') throw error;
  return html`<p class="error" role="alert">${error.message}</p>`;
}

function versionTable(versions: readonly TemplateVersion[], shown: number): Html {
  return table({
    caption: 'Versions, newest first',
    columns: [['Version', 'number'], ['Made'], ['Locales', 'wide']],
    rows: versions.flatMap(({ key, version, wording, createdAtMs }) =>
      wording === null
        ? []
        : [
            [
              html`<a href="${address('template', { key, version: String(version) })}"${version === shown ? html` aria-current="true"` : ''}>${version}</a>`,
              time(createdAtMs),
              Object.keys(wording.locales).join(', '),
            ],
          ],
    ),
    empty: '',
  });
}

function changes(template: Template): Html {
  const { key } = template;
  const form = templateForm({ key, text: templateText(template), isNew: false, problem: null });
  const sure = 'Nothing can name it any more. What was accepted with it is sent.';
  return html`<details class="card"><summary>Make a new version</summary>${form}</details>
<div class="row">${actionButton({ action: 'delete-template', label: 'Delete', fields: { key }, sure })}</div>`;
}
