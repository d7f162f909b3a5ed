import { html } from 'hono/html';
import type { AuditEntry, Sealed } from '../../domain/audit/audit-entry.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, more, table, time } from './parts.ts';

const ROWS = 50;

/** Who changed what, newest first. */
export function addAuditPage(routes: ConsoleRoutes, { audit }: ConsoleParts): void {
  routes.page('audit', async ({ query }) => {
    const kept = { who: query('who'), action: query('action'), target: query('target') };
    const filter = { who: kept.who || null, action: kept.action || null, target: kept.target || null };
    const page = await audit.list({ cursor: query('cursor') || null, limit: ROWS, filter });
    const field = (name: keyof typeof kept, label: string) =>
      html`<label>${label} <input name="${name}" value="${kept[name]}"></label>`;
    const body = html`<h1>Audit log</h1>
<p class="lead">Who changed what, on record before it was changed. <code>bellhop verify-audit</code> checks that nobody changed the record.</p>
<form method="get" action="audit" class="filter">${field('who', 'Who')}${field('action', 'What')}${field('target', 'On what')}<button class="button">Show</button></form>
${auditTable(page.items)}${more('audit', kept, page.next)}`;
    return { title: 'Audit log', menu: 'audit', body };
  });
}

function auditTable(entries: readonly AuditEntry[]): Html {
  return table({
    caption: 'Changes, newest first',
    columns: [['#', 'number'], ['When'], ['Who'], ['What'], ['On what', 'wide'], ['From where'], ['Came to']],
    rows: entries.map(({ seq, atMs, by, who, action, target, from, refusal }) => [
      seq,
      time(atMs),
      html`${linked('who', who)} <small class="muted">${by}</small>`,
      html`<a href="${address('audit', { action })}">${action}</a>`,
      linked('target', target),
      from.text ?? '–',
      refusal === null ? '' : html`<span class="state failed">refused: ${refusal}</span>`,
    ]),
    empty: 'No such change.',
  });
}

function linked(name: string, { text }: Sealed): Html | string {
  if (text === null) return 'erased';
  return text === '' ? '–' : html`<a href="${address('audit', { [name]: text })}">${text}</a>`;
}
