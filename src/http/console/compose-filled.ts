import { html } from 'hono/html';
import type { AppError } from '../../domain/app-error.ts';
import { pathField } from './compose-ways.ts';
import type { Form } from './console-routes.ts';
import type { Html } from './layout.ts';

/** The form as it was typed, and what is wrong with each of its fields; empty where nothing is. */
export type Filled = Form & { readonly wrong: (name: string) => string };

type Issue = { readonly path: string; readonly message: string };

/** What a refusal says of each field. What it says of no field stands above the form’s buttons alone. */
export function filled(form: Form, error: AppError | null): Filled {
  const said = new Map<string, string>();
  for (const { path, message } of error === null ? [] : issuesOf(error)) {
    const name = pathField(path, form);
    const before = said.get(name);
    said.set(name, before === undefined ? message : `${before}; ${message}`);
  }
  return { ...form, wrong: (name) => said.get(name) ?? '' };
}

function issuesOf({ code, message, details }: AppError): readonly Issue[] {
  if (code === 'invalid_audience') return [{ path: 'audience.tags', message }];
  if (code === 'experiment_key_used') return [{ path: 'experiment.key', message }];
  const { issues, path } = details as { readonly issues?: readonly Issue[]; readonly path?: unknown };
  if (issues !== undefined) return issues;
  return typeof path === 'string' ? [{ path, message }] : [];
}

type FieldOf = {
  readonly name: string;
  readonly label: string;
  readonly more?: Html | string;
  /** In a row with others. */
  readonly isShort?: boolean;
};

export function inputField(form: Filled, of: FieldOf): Html {
  return labelled(
    form,
    of,
    html`<input name="${of.name}" value="${form.get(of.name)}" autocomplete="off"${of.more ?? ''}${marks(form, of.name)}>`,
  );
}

export function textField(form: Filled, of: FieldOf & { readonly rows: number }): Html {
  return labelled(
    form,
    of,
    html`<textarea name="${of.name}" rows="${of.rows}"${of.more ?? ''}${marks(form, of.name)}>${form.get(of.name)}</textarea>`,
  );
}

export function marks(form: Filled, name: string): Html | string {
  return form.wrong(name) === '' ? '' : html` aria-invalid="true" aria-describedby="wrong-${name}"`;
}

function labelled(form: Filled, { name, label, isShort }: FieldOf, field: Html): Html {
  return withWrong(form, name, html`<label${isShort ? '' : html` class="field"`}>${label} ${field}</label>`);
}

/** What is wrong stands at the field, and is read out with it. */
export function withWrong(form: Filled, name: string, field: Html): Html {
  const wrong = form.wrong(name);
  return wrong === '' ? field : html`<div class="wrong">${field}<p id="wrong-${name}">${sentence(wrong)}</p></div>`;
}

function sentence(text: string): string {
  const said = text.replaceAll('`test_percent`', 'a test').replaceAll('`', '');
  const whole = said.charAt(0).toUpperCase() + said.slice(1);
  return whole.endsWith('.') ? whole : `${whole}.`;
}
