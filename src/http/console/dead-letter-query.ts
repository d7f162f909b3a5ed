import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { DeadLetterFilter } from '../../domain/delivery/dead-letter-filter.ts';
import { END_REASONS } from '../../domain/delivery/delivery.ts';
import { PUSH_SERVICES } from '../../domain/push-service/push-service.ts';
import { validate } from '../kit/validation.ts';
import { isoOf } from '../kit/wire-fields.ts';
import { deadLetterFilterBody } from '../v1/bulk-actions.ts';
import { deadLetterFilterOf } from '../v1/delivery-query.ts';
import type { Html } from './layout.ts';
import { choice, facts, time } from './parts.ts';

/** Those with which a delivery fails. */
const REASONS = END_REASONS.slice(0, END_REASONS.indexOf('subscription_gone'));

/** The fields of the form, and what the API calls each. */
const FIELDS = {
  reason: 'reason',
  service: 'push_service',
  type: 'type',
  remedy: 'remedy',
  user: 'user_id',
  notification: 'notification_id',
  from: 'from',
  until: 'until',
} as const;

type Field = keyof typeof FIELDS;
type Asked = (name: string) => string;

/** What was typed, field by field: the way back to the same list. */
export function deadLetterAddress(query: Asked): Readonly<Record<Field, string>> {
  const names = Object.keys(FIELDS) as Field[];
  return Object.fromEntries(names.map((name) => [name, query(name).trim()])) as Record<Field, string>;
}

/** What was typed, as the API understands it. Throws `invalid_request` with a sentence. */
export function deadLetterFilterIn(query: Asked): DeadLetterFilter {
  const given = Object.entries(deadLetterAddress(query)).filter(([, text]) => text !== '');
  const said = given.map(([name, text]) => [
    FIELDS[name as Field],
    name === 'from' || name === 'until' ? utc(text) : text,
  ]);
  const { value, issues } = validate(deadLetterFilterBody, Object.fromEntries(said));
  if (value !== null) return deadLetterFilterOf(value);
  throw new AppError('invalid_request', `${issues.map(({ path, message }) => `“${path}” ${message}`).join('; ')}.`);
}

/** A field for date and time gives `2026-03-29T09:00`. */
function utc(text: string): string {
  if (text.endsWith('Z')) return text;
  return `${text.length === 16 ? `${text}:00` : text}Z`;
}

export function deadLetterForm(query: Asked): Html {
  const text = (name: Field, label: string) =>
    html`<label>${label} <input name="${name}" value="${query(name)}" autocomplete="off" spellcheck="false"></label>`;
  const instant = (name: 'from' | 'until', label: string) =>
    html`<label>${label} <input name="${name}" type="datetime-local" value="${query(name)}"></label>`;
  return html`<form method="get" action="dead-letters" class="filter">
${choice('reason', 'Reason', { words: REASONS, chosen: query('reason') })}
${choice('service', 'Push service', { words: PUSH_SERVICES, chosen: query('service') })}
${text('type', 'Type')}${text('remedy', 'Remedy has')}${text('user', 'User')}
${instant('from', 'Failed from, in UTC')}${instant('until', 'Failed before, in UTC')}
${query('notification') === '' ? '' : text('notification', 'Notification')}<button class="button">Show</button></form>`;
}

/** Which dead letters are meant, in words. */
export function deadLetterFacts(filter: DeadLetterFilter): Html {
  const { userId, notificationId, reason, service, type, remedy, fromMs, untilMs } = filter;
  if (Object.values(filter).every((asked) => asked === null)) return html`<p>All dead letters.</p>`;
  return facts([
    ['Reason', reason],
    ['Push service', service],
    ['Type', type],
    ['Remedy has', remedy],
    ['User', userId],
    ['Notification', notificationId],
    ['Failed from', fromMs === null ? null : time(fromMs)],
    ['Failed before', untilMs === null ? null : time(untilMs)],
  ]);
}

/** The fields by which the list of a filter is asked for. */
export function addressOfFilter(filter: DeadLetterFilter): Readonly<Record<Field, string>> {
  const { userId, notificationId, reason, service, type, remedy, fromMs, untilMs } = filter;
  const at = (atMs: number | null) => (atMs === null ? '' : isoOf(atMs).slice(0, 19));
  return {
    reason: reason ?? '',
    service: service ?? '',
    type: type ?? '',
    remedy: remedy ?? '',
    user: userId ?? '',
    notification: notificationId ?? '',
    from: at(fromMs),
    until: at(untilMs),
  };
}
