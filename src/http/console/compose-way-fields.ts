import { html } from 'hono/html';
import { IF_INCONCLUSIVE, METRICS } from '../../domain/experiment/experiment.ts';
import { type Filled, inputField, marks, textField, withWrong } from './compose-filled.ts';
import { OTHER_WAYS, WAY_FIELDS, type WayField } from './compose-ways.ts';
import type { Html } from './layout.ts';
import { choice } from './parts.ts';

/** What makes an experiment of it: the key of each way, how many get it, and what is compared when. */
export function wayFields(form: Filled): Html {
  const isOpen = WAY_FIELDS.some((name) => form.get(name) !== '' || form.wrong(name) !== '');
  return html`<details${isOpen ? html` open` : ''}><summary>In several ways, to see which does better</summary>
<p class="hint">An experiment: each user gets one of the ways, always the same one. The first is what stands above.</p>
<div class="stack">${inputField(form, { name: 'experiment', label: 'Key of the experiment', isShort: true, more: html` placeholder="sale-subject" spellcheck="false"` })}
<fieldset class="stack"><legend>First way, as above</legend>${keyAndWeight(form, 1)}</fieldset>
${OTHER_WAYS.map((way) => otherFields(form, way))}
<fieldset class="stack"><legend>Who takes part</legend>
${percentField(form, 'holdout_percent', 'Of a hundred, get nothing')}
${select(form, 'metric', 'What is compared', METRICS, 'clicked, as usual')}</fieldset>
<fieldset class="stack"><legend>Test first, then send the winner</legend>
${percentField(form, 'test_percent', 'Of a hundred, are sent it first')}
${inputField(form, { name: 'decide_after_seconds', label: 'Decided after, in seconds', isShort: true, more: html` type="number" min="60" placeholder="3600"` })}
${select(form, 'if_inconclusive', 'If nothing can be said then', IF_INCONCLUSIVE, 'stop, as usual')}</fieldset></div></details>`;
}

function otherFields(form: Filled, way: (typeof OTHER_WAYS)[number]): Html {
  const field = (name: WayField, label: string) =>
    inputField(form, { name: `way${way}_${name}`, label, isShort: true });
  return html`<fieldset class="stack"><legend>${way === 2 ? 'Second' : 'Third'} way</legend>${keyAndWeight(form, way)}
${field('title', 'Title')}
${textField(form, { name: `way${way}_body`, label: 'Text', rows: 2, isShort: true })}
${field('url', 'Leads to, if not as above')}
${field('template', 'Template, in place of title and text')}</fieldset>`;
}

function keyAndWeight(form: Filled, way: 1 | 2 | 3): Html {
  const example = ['short', 'long', 'question'][way - 1];
  return html`<div class="pair">${inputField(form, { name: `way${way}_key`, label: 'Key', isShort: true, more: html` placeholder="${example}" spellcheck="false"` })}
${inputField(form, { name: `way${way}_weight`, label: 'Weight', isShort: true, more: html` type="number" min="1" max="1000" placeholder="1"` })}</div>`;
}

function percentField(form: Filled, name: string, label: string): Html {
  const more = html` type="number" min="0" max="99" step="any" placeholder="${name === 'holdout_percent' ? '0' : 'all at once'}"`;
  return inputField(form, { name, label, isShort: true, more });
}

function select(form: Filled, name: string, label: string, words: readonly string[], none: string): Html {
  return withWrong(form, name, choice(name, label, { words, chosen: form.get(name), none, more: marks(form, name) }));
}
