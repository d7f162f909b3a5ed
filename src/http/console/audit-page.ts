import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { AuditEntry, Sealed } from '../../domain/audit/audit-entry.ts';
import { PAGE_HEADERS } from '../pages/page-headers.ts';
import { auditLines } from '../v1/audit.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import type { Html } from './layout.ts';
import { address, more, number, table, time } from './parts.ts';

const ROWS = 50;
const NAMES = ['who', 'action', 'target', 'from', 'until'] as const;
const LABELS: Readonly<Record<(typeof NAMES)[number], string>> = {
  who: 'Who',
  action: 'What',
  target: 'On what',
  from: 'From, in UTC',
  until: 'Before, in UTC',
};

type Asked = Readonly<Record<(typeof NAMES)[number], string>>;

/** Who changed what, newest first; and all of it as a file. */
export function addAuditPage(routes: ConsoleRoutes, { audit }: ConsoleParts): void {
  routes.page('audit', async ({ query }) => {
    const asked = askedIn(query);
    const filter = { who: asked.who || null, action: asked.action || null, target: asked.target || null };
    const span = { fromMs: utcMs(asked.from), untilMs: utcMs(asked.until) };
    const page = await audit.list({ cursor: query('cursor') || null, limit: ROWS, filter, ...span });
    const body = html`<h1>Audit log</h1>
<p class="lead">Who changed what: on record before it was changed, by API, by command and here.</p>
${filterForm(asked)}
${auditTable(page.items, asked)}${more('audit', asked, page.next)}
${headOf(page.items, asked, query('cursor'))}`;
    return { title: 'Audit log', menu: 'audit', body };
  });
  routes.stream('audit-export', async (c) => {
    const disposition = 'attachment; filename="bellhop-audit.ndjson"';
    const headers = { ...PAGE_HEADERS, 'Content-Type': 'application/x-ndjson', 'Content-Disposition': disposition };
    return c.body(auditLines(audit, 0), 200, headers);
  });
}

function askedIn(query: Visit['query']): Asked {
  return Object.fromEntries(NAMES.map((name) => [name, query(name).trim()])) as Asked;
}

/** What a field for date and time gives, such as `2026-03-29T09:00`; null where it is empty. */
function utcMs(text: string): number | null {
  if (text === '') return null;
  const atMs = Date.parse(`${text}Z`);
  if (!Number.isNaN(atMs)) return atMs;
  throw new AppError('invalid_request', 'A date and time is such as 2026-03-29T09:00.');
}

function filterForm(asked: Asked): Html {
  const fields = NAMES.map(
    (name) =>
      html`<label>${LABELS[name]} <input name="${name}"${name === 'from' || name === 'until' ? html` type="datetime-local"` : ''} value="${asked[name]}" autocomplete="off"></label>`,
  );
  const isAsked = NAMES.some((name) => asked[name] !== '');
  return html`<form method="get" action="audit" class="filter">${fields}<button class="button">Show</button>
${isAsked ? html`<a class="button" href="audit">All</a>` : ''}</form>`;
}

function auditTable(entries: readonly AuditEntry[], asked: Asked): Html {
  const isAsked = NAMES.some((name) => asked[name] !== '');
  return table({
    caption: 'Changes, newest first',
    columns: [['#', 'number'], ['When'], ['Who'], ['What'], ['On what', 'wide'], ['From where'], ['Came to']],
    rows: entries.map(({ seq, atMs, by, who, action, target, from, refusal }) => [
      number(seq),
      time(atMs),
      html`${linked('who', who)} <small class="muted">${by}</small>`,
      html`<a href="${address('audit', { action })}">${action}</a>`,
      linked('target', target),
      from.text === null ? 'erased' : from.text || '–',
      refusal === null ? '–' : html`<span class="state failed">refused: ${refusal}</span>`,
    ]),
    empty: isAsked ? 'No such change.' : 'Nothing was changed yet.',
  });
}

function linked(name: keyof Asked, { text }: Sealed): Html | string {
  if (text === null) return html`<span class="muted">erased</span>`;
  return text === '' ? '–' : html`<a href="${address('audit', { [name]: text })}">${text}</a>`;
}

/** The newest entry is what an auditor notes elsewhere. */
function headOf(entries: readonly AuditEntry[], asked: Asked, cursor: string): Html {
  const [newest] = entries;
  const isWhole = cursor === '' && NAMES.every((name) => asked[name] === '');
  const expect = isWhole && newest !== undefined ? html` --expect ${newest.seq}:${newest.hash}` : '';
  return html`<section class="card"><h2>Nobody changed the record?</h2>
<p>Each entry carries the hash of the one before it. <code>bellhop verify-audit bellhop-audit.ndjson${expect}</code> checks them all.${
    expect === '' ? '' : ' Note that line elsewhere: it finds an end that was cut off, too.'
  }</p>
<p class="row"><a class="button" href="audit-export" download>Export all of it (NDJSON)</a></p></section>`;
}
