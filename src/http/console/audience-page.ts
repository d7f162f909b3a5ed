import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { TypeRule, TypeRules } from '../../domain/notification-type/type-policy.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import { typeRuleBody, typeRuleOf } from '../v1/type-rules.ts';
import { typePattern } from '../v1/user-schema.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, address, number, table } from './parts.ts';

const SEGMENT_KEY = /^[A-Za-z0-9_.-]{1,64}$/;

/** Who can be reached: an expression counted, segments, and what holds for types. */
export function addAudiencePage(routes: ConsoleRoutes, parts: ConsoleParts): void {
  const { audiences, types } = parts;
  routes.page('audiences', async ({ query, session }) => {
    const [segments, rules] = await Promise.all([audiences.segments(), types.all()]);
    const body = html`<h1>Audiences and types</h1>
<section class="card"><h2>How many are they?</h2>
<form method="get" action="audiences" class="row"><label>Expression <input name="tags" value="${query('tags')}" placeholder="beta && !trial" size="40"></label><button class="button">Count</button></form>
${query('tags') === '' ? '' : await countOf(parts, query('tags'))}</section>
<section><h2>Segments</h2>${segmentTable(segments, session)}${session.role === 'operator' ? segmentForm() : ''}</section>
<section><h2>Types</h2>${typeTable(rules, session)}${session.role === 'operator' ? typeForm(rules, query('type')) : ''}</section>`;
    return { title: 'Audiences and types', menu: 'audiences', body };
  });
  addSegmentActions(routes, parts);
  routes.action({ name: 'put-type', operation: 'putTypeRule', target: 'pattern' }, async (_, form) => {
    const pattern = typePattern.safeParse(form.get('pattern'));
    const rule = typeRuleBody.safeParse(parsed(form.get('rule')));
    if (!pattern.success || !rule.success)
      throw new AppError('invalid_request', 'The pattern or its rule is not valid: docs/http.md#types has the fields.');
    await types.put(pattern.data, typeRuleOf(rule.data));
    return 'audiences?done=saved';
  });
  routes.action({ name: 'delete-type', operation: 'deleteTypeRule', target: 'pattern' }, async (_, form) => {
    await types.delete(form.get('pattern'));
    return 'audiences?done=deleted';
  });
}

function addSegmentActions(routes: ConsoleRoutes, { audiences }: ConsoleParts): void {
  routes.action({ name: 'put-segment', operation: 'putSegment', target: 'key' }, async (_, form) => {
    const key = form.get('key');
    if (!SEGMENT_KEY.test(key))
      throw new AppError('invalid_request', 'The key of a segment is 1 to 64 letters, digits and _ . -');
    await audiences.putSegment(key, form.get('tags'));
    return 'audiences?done=saved';
  });
  routes.action({ name: 'delete-segment', operation: 'deleteSegment', target: 'key' }, async (_, form) => {
    await audiences.deleteSegment(form.get('key'));
    return 'audiences?done=deleted';
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function countOf({ audiences }: ConsoleParts, text: string): Promise<Html> {
  try {
    const { users, devices, isAtLeast } = await audiences.count({ kind: 'tags', text, excludedIds: [] });
    const found = PUSH_SERVICES.filter((service) => devices[service] > 0).map(
      (service) => `${number(devices[service])} ${service}`,
    );
    return html`<p class="answer" role="status">${isAtLeast ? 'At least ' : 'Now '}${users === 1 ? 'one user' : `${number(users)} users`}${found.length === 0 ? '' : `; devices: ${found.join(', ')}`}.</p>`;
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_audience')
      return html`<p class="error" role="alert">${error.message}</p>`;
    throw error;
  }
}

function segmentTable(segments: ReadonlyMap<string, string>, session: OperatorSession): Html {
  return table({
    caption: 'Segments',
    columns: [['Key'], ['Expression', 'wide'], ['Change']],
    rows: [...segments].map(([key, tags]) => [
      html`<code>#${key}</code>`,
      html`<a href="${address('audiences', { tags })}"><code>${tags}</code></a>`,
      session.role === 'operator'
        ? actionButton({
            action: 'delete-segment',
            label: 'Delete',
            fields: { key },
            sure: 'Audiences that name it find nobody by it.',
          })
        : '',
    ]),
    empty: 'No expression has a name yet.',
  });
}

function segmentForm(): Html {
  return html`<details class="card"><summary>Add or change a segment</summary><form method="post" action="put-segment">
<label class="field">Key <input name="key" required pattern="[A-Za-z0-9_.\\-]{1,64}"></label>
<label class="field">Expression <input name="tags" required></label><button class="button primary">Save</button></form></details>`;
}

function typeTable(rules: TypeRules, session: OperatorSession): Html {
  return table({
    caption: 'Types',
    columns: [['Pattern'], ['What holds', 'wide'], ['Change']],
    rows: [...rules].map(([pattern, rule]) => [
      html`<a href="${address('audiences', { type: pattern })}"><code>${pattern}</code></a>`,
      html`<code>${JSON.stringify(wireOf(rule))}</code>`,
      session.role === 'operator'
        ? actionButton({
            action: 'delete-type',
            label: 'Delete',
            fields: { pattern },
            sure: 'What shorter patterns say holds again.',
          })
        : '',
    ]),
    empty: 'Nothing was said of any type: everybody gets everything.',
  });
}

function typeForm(rules: TypeRules, chosen: string): Html {
  const rule = rules.get(chosen);
  return html`<details class="card"${rule === undefined ? '' : html` open`}><summary>Add or change a type</summary><form method="post" action="put-type">
<label class="field">Pattern <input name="pattern" value="${chosen}" required></label>
<label class="field">Rule, as JSON <textarea name="rule" rows="4" required spellcheck="false">${rule === undefined ? '{"ttl_seconds": 3600}' : JSON.stringify(wireOf(rule))}</textarea></label>
<button class="button primary">Save</button></form></details>`;
}

/** As the API has it. */
function wireOf({ ttlSeconds, onQuiet, cap, ...rest }: TypeRule): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    ...(ttlSeconds === undefined ? {} : { ttl_seconds: ttlSeconds }),
    ...(onQuiet === undefined ? {} : { on_quiet: onQuiet }),
    ...(cap === undefined ? {} : { cap: { limit: cap.limit, per_seconds: cap.perSeconds } }),
  };
}
