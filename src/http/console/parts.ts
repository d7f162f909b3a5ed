import { html } from 'hono/html';
import type { DeliveryState } from '../../domain/delivery/delivery.ts';
import { DELIVERY_STATES } from '../../domain/delivery/delivery.ts';
import type { DeliveryCounts } from '../../domain/delivery/delivery-counts.ts';
import { pushTargetOf } from '../../domain/push-service/push-target.ts';
import { isoOf } from '../kit/wire-fields.ts';
import type { Html } from './layout.ts';

/** An instant in UTC; the script adds that of the viewer's zone. */
export function time(atMs: number | null): Html | string {
  if (atMs === null) return '–';
  const iso = isoOf(atMs);
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** A state by a shape and by its word: never by colour alone. */
export function stateMark(state: DeliveryState | 'suppressed', word: string = state): Html {
  return html`<span class="state ${state}">${word}</span>`;
}

export const SERVICE_NAMES = {
  fcm: 'Google (FCM)',
  mozilla: 'Mozilla',
  apple: 'Apple',
  wns: 'Microsoft (WNS)',
} as const;

/** What people call the push service of an origin. */
export function serviceName(origin: string): string {
  if (!URL.canParse(origin)) return 'the push service';
  const { service, hostname } = pushTargetOf(origin);
  return service === 'other' ? hostname : SERVICE_NAMES[service];
}

/** How many of a notification are in each state; those that are in none are left out. */
export function countMarks(counts: DeliveryCounts): Html {
  const found = DELIVERY_STATES.filter((state) => counts[state] > 0);
  if (found.length === 0) return html`<span class="muted">no deliveries</span>`;
  return html`<span class="marks">${found.map((state) => stateMark(state, `${number(counts[state])} ${state}`))}</span>`;
}

export function number(count: number): string {
  return count.toLocaleString('en-US');
}

/** Names and what they are, as a list. */
export function facts(rows: readonly (readonly [name: string, value: Html | string | number | null])[]): Html {
  const shown = rows.filter(([, value]) => value !== null && value !== '');
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export type Column = readonly [name: string, kind?: 'number' | 'wide'];

type TableOf = {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (Html | string | number)[])[];
  readonly empty: string;
};

/** A table that scrolls by itself on a narrow screen, or stacks its cells where it has words; a sentence where it has no rows. */
export function table({ caption, columns, rows, empty }: TableOf): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const stacks = columns.some(([, kind]) => kind === 'wide');
  // A table that style makes blocks of is one to nobody who hears it, but by its roles.
  const is = (role: string) => (stacks ? html` role="${role}"` : '');
  const classOf = (at: number) => (columns[at]?.[1] === undefined ? '' : html` class="${columns[at][1]}"`);
  const column = (at: number) => (stacks ? html` data-column="${columns[at]?.[0] ?? ''}"` : '');
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table${stacks ? html` class="stacks" role="table"` : ''}>
<caption class="visually-hidden">${caption}</caption>
<thead${is('rowgroup')}><tr${is('row')}>${columns.map(([name], at) => html`<th scope="col"${is('columnheader')}${classOf(at)}>${name}</th>`)}</tr></thead>
<tbody${is('rowgroup')}>${rows.map((row) => html`<tr${is('row')}>${row.map((cell, at) => html`<td${is('cell')}${column(at)}${classOf(at)}>${stacks ? html`<div>${cell}</div>` : cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** The way to the next page of a listing. */
export function more(page: string, query: Readonly<Record<string, string>>, next: string | null): Html | string {
  return next === null
    ? ''
    : html`<p class="more"><a class="button" href="${address(page, { ...query, cursor: next })}">Older</a></p>`;
}

/** A page of the console with what it is asked for; what is empty is left out. */
export function address(page: string, query: Readonly<Record<string, string>>): string {
  const asked = Object.entries(query).filter(([, value]) => value !== '');
  return asked.length === 0 ? page : `${page}?${new URLSearchParams(asked)}`;
}

/** A button that changes something; with `sure` it is pressed twice. */
export function actionButton(of: {
  readonly action: string;
  readonly label: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly isMain?: boolean;
  readonly sure?: string;
  readonly more?: Html | string;
}): Html {
  const fields = Object.entries(of.fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const form = html`<form method="post" action="${of.action}" class="act">${fields}${of.more ?? ''}<button class="button${of.isMain ? ' primary' : ''}">${of.label}</button></form>`;
  if (of.sure === undefined) return form;
  return html`<details class="sure"><summary class="button">${of.label} …</summary><div><p>${of.sure}</p>${form}</div></details>`;
}

/** A select with a word for nothing in particular. */
export function choice(
  name: string,
  label: string,
  of: {
    readonly words: readonly string[];
    readonly chosen: string;
    readonly none?: string;
    readonly more?: Html | string;
  },
): Html {
  const options = of.words.map(
    (word) => html`<option value="${word}"${word === of.chosen ? html` selected` : ''}>${word}</option>`,
  );
  return html`<label>${label} <select name="${name}"${of.more ?? ''}><option value="">${of.none ?? 'any'}</option>${options}</select></label>`;
}
