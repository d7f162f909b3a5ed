import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { SEGMENT_KEY } from '../../domain/audience/expression.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { countSentence } from './audience-count.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, address, table } from './parts.ts';
import { ruleIn, typedRule, typeForm, typeTable } from './type-rules.ts';

const MENU = { title: 'Audiences and types', menu: 'audiences' } as const;

/** Who can be reached: an expression counted, segments, and what holds for types. */
export function addAudiencePage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { audiences, types } = parts;
  routes.page('audiences', async ({ query, session }) => {
    const [segments, rules] = await Promise.all([audiences.segments(), types.all()]);
    const [tags, segment, type] = [query('tags').trim(), query('segment'), query('type')];
    const isOperator = session.role === 'operator';
    const body = html`<h1>Audiences and types</h1>
<section class="card"><h2>How many are they?</h2>
<form method="get" action="audiences" class="row"><label>Expression <input name="tags" value="${tags}" placeholder="beta && !trial" size="40" autocomplete="off" spellcheck="false"></label><button class="button">Count</button></form>
${tags === '' ? '' : await countAnswer(parts, tags)}</section>
<section><h2>Segments</h2>${segmentTable(segments, session)}
${isOperator ? folded('Add or change a segment', segment !== '', segmentForm(segment, segments.get(segment) ?? tags, null)) : ''}</section>
<section><h2>Types</h2>${typeTable(rules, session)}
${isOperator ? folded('Add or change a type', type !== '', typeForm(typedRule(type, rules.get(type)), null)) : ''}</section>`;
    return { ...MENU, body };
  });
  addSegmentActions(routes, parts);
  routes.action(
    { name: 'put-type', operation: 'putTypeRule', target: 'pattern' },
    async (_, form) => {
      const { pattern, rule } = ruleIn(form);
      await types.put(pattern, rule);
      return 'audiences?done=saved';
    },
    (form, error) => notSaved(typeForm(form, error.message)),
  );
  routes.action({ name: 'delete-type', operation: 'deleteTypeRule', target: 'pattern' }, async (_, form) => {
    await types.delete(form.get('pattern'));
    return 'audiences?done=deleted';
  });
}

function addSegmentActions(routes: ConsoleRoutes, { audiences }: ConsoleParts): void {
  routes.action(
    { name: 'put-segment', operation: 'putSegment', target: 'key' },
    async (_, form) => {
      const key = form.get('key');
      if (!SEGMENT_KEY.test(key))
        throw new AppError('invalid_request', 'The key of a segment is 1 to 64 letters, digits and _ . -');
      await audiences.putSegment(key, form.get('tags'));
      return address('audiences', { tags: `#${key}`, done: 'saved' });
    },
    (form: Form, error) => notSaved(segmentForm(form.get('key'), form.get('tags'), error.message)),
  );
  routes.action({ name: 'delete-segment', operation: 'deleteSegment', target: 'key' }, async (_, form) => {
    await audiences.deleteSegment(form.get('key'));
    return 'audiences?done=deleted';
  });
}

function notSaved(form: Html) {
  const body = html`<p class="path"><a href="audiences">Audiences and types</a></p><h1>Not saved</h1><section class="card">${form}</section>`;
  return { ...MENU, body };
}

function folded(summary: string, isOpen: boolean, form: Html): Html {
  return html`<details class="card"${isOpen ? html` open` : ''}><summary>${summary}</summary>${form}</details>`;
}

/** How many an expression has, or what is wrong with it. */
async function countAnswer(parts: ConsoleParts, text: string): Promise<Html> {
  try {
    return html`<p class="answer" role="status">${await countSentence(parts, text)}</p>`;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'invalid_audience') throw error;
    return html`<p class="error" role="alert">${error.message}</p>`;
  }
}

function segmentTable(segments: ReadonlyMap<string, string>, { role }: OperatorSession): Html {
  const change = (key: string): Html | string =>
    role === 'operator'
      ? html`<div class="row"><a class="button" href="${address('audiences', { segment: key })}#segment">Edit</a>${actionButton(
          {
            ...{ action: 'delete-segment', label: 'Delete', fields: { key } },
            sure: 'Audiences that name it find nobody by it.',
          },
        )}</div>`
      : '';
  return table({
    caption: 'Segments',
    columns: [['Segment'], ['Expression', 'wide'], ['Change']],
    rows: [...segments].map(([key, tags]) => [
      html`<a href="${address('audiences', { tags: `#${key}` })}"><code>#${key}</code></a>`,
      html`<code>${tags}</code>`,
      change(key),
    ]),
    empty: 'No expression has a name yet.',
  });
}

function segmentForm(key: string, tags: string, problem: string | null): Html {
  return html`<form method="post" action="put-segment" class="stack" id="segment">
${problem === null ? '' : html`<p class="error" role="alert">${problem}</p>`}
<div class="row"><label>Key <input name="key" value="${key}" required pattern="[A-Za-z0-9_.\\-]{1,64}" autocomplete="off" spellcheck="false"></label>
<label>Expression <input name="tags" value="${tags}" required size="40" autocomplete="off" spellcheck="false"></label>
<button class="button primary">Save</button></div></form>`;
}
