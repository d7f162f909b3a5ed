import { html } from 'hono/html';
import type { Value, Values, VariableType, Wording } from '../../domain/content/wording.ts';
import type { Visit } from './console-routes.ts';
import type { Html } from './layout.ts';

/** What a preview has where nothing was typed. */
const SAMPLES: Readonly<Record<VariableType, string>> = {
  string: 'Ada',
  number: '2',
  boolean: 'true',
  datetime: '2026-01-31T12:00:00Z',
};

/** What was typed for each variable, as its type has it: what is no number is refused by whoever is given it. */
export function typedValues(variables: Wording['variables'], query: Visit['query']): Values {
  const entries = Object.entries(variables).map(([name, type]) => [name, readValue(type, typedOf(name, type, query))]);
  return Object.fromEntries(entries) as Values;
}

/** A field for the value of a variable. */
export function valueField(name: string, type: VariableType, query: Visit['query']): Html {
  return html`<label>${name} <input name="v.${name}" value="${typedOf(name, type, query)}" autocomplete="off"></label>`;
}

function typedOf(name: string, type: VariableType, query: Visit['query']): string {
  return query(`v.${name}`) || SAMPLES[type];
}

function readValue(type: VariableType, text: string): Value {
  if (type === 'number') return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
