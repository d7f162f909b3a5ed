import { createHash } from 'node:crypto';
import { AppError } from '../../domain/app-error.ts';
import type { NotifyRequest } from '../../intake/notify-request.ts';
import { validate } from '../kit/validation.ts';
import { notificationBody, notifyRequestOf } from '../v1/notification-schema.ts';
import { LOCALE_FIELDS, localesIn } from './compose-locales.ts';
import { WAY_FIELDS, waysIn } from './compose-ways.ts';
import type { Form } from './console-routes.ts';

/** To whom, and when, as the form has it. */
export const TO = ['users', 'tags', 'everyone'] as const;
export const WHEN = ['now', 'utc', 'local'] as const;

/** Every field that says something of the notification. */
const FIELDS: readonly string[] = [
  ...['to', 'user_ids', 'tags', 'type', 'title', 'body', 'url', 'template', 'variables'],
  ...LOCALE_FIELDS,
  ...WAY_FIELDS,
  ...['topic', 'ttl_seconds', 'priority', 'when', 'at', 'if_passed'],
];

/** As the API takes it: what is empty is left out. Throws `invalid_request` with a sentence. */
export function requestIn(form: Form): NotifyRequest {
  const locales = form.get('template').trim() === '' ? localesIn(form) : null;
  const { value, issues } = validate(notificationBody, {
    ...texts(form, ['type', 'topic', 'priority', ...(locales === null ? ['title', 'body', 'url'] : [])]),
    ...locales,
    ...(form.get('ttl_seconds').trim() === '' ? {} : { ttl_seconds: Number(form.get('ttl_seconds')) }),
    ...toWhom(form),
    ...templateIn(form),
    ...waysIn(form, () => variablesIn(form)),
    ...sendAtIn(form),
  });
  if (value !== null) return notifyRequestOf(value);
  const says = issues.map(({ path, message }) => `“${path}” ${message}`).join('; ');
  throw new AppError('invalid_request', `${says}.`, { issues });
}

/** The same for the same notification: what is sent is what was looked at. */
export function digestOf(form: Form): string {
  return createHash('sha256')
    .update(JSON.stringify(FIELDS.map((name) => form.get(name))))
    .digest('base64url');
}

function texts(form: Form, names: readonly string[]): Readonly<Record<string, string>> {
  const given = names.map((name) => [name, form.get(name).trim()] as const);
  return Object.fromEntries(given.filter(([, text]) => text !== ''));
}

function toWhom(form: Form): Readonly<Record<string, unknown>> {
  const to = form.get('to');
  if (to === 'everyone') return { audience: { everyone: true } };
  if (to === 'tags') return { audience: { tags: form.get('tags').trim() } };
  const lines = form.get('user_ids').split('\n');
  return { user_ids: lines.map((line) => line.trim()).filter((line) => line !== '') };
}

function templateIn(form: Form): Readonly<Record<string, unknown>> {
  const key = form.get('template').trim();
  if (key === '') return {};
  return { template: { key, variables: variablesIn(form) } };
}

/** Undefined where there are none. */
function variablesIn(form: Form): unknown {
  const text = form.get('variables').trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError(
      'invalid_request',
      'The variables are not valid JSON.',
      wrongAt('variables', 'are not valid JSON'),
    );
  }
}

function wrongAt(path: string, message: string) {
  return { issues: [{ path, message }] };
}

/** A field for date and time gives `2026-03-29T09:00`. */
function sendAtIn(form: Form): Readonly<Record<string, unknown>> {
  const [when, at] = [form.get('when'), form.get('at').trim()];
  if (when !== 'utc' && when !== 'local') return {};
  if (at === '') {
    const words = 'Say at which date and time it is sent.';
    throw new AppError('invalid_request', words, wrongAt('send_at', words));
  }
  if (when === 'utc') return { send_at: `${at.length === 16 ? `${at}:00` : at}Z` };
  const ifPassed = form.get('if_passed');
  return { send_at: { local: at, ...(ifPassed === '' ? {} : { if_passed: ifPassed }) } };
}
