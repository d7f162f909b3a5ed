import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import { SCHEDULE_KEY, type Schedule, type ScheduleDraft } from '../../domain/schedule/schedule.ts';
import { validate } from '../kit/validation.ts';
import { bodyOf, draftOf, scheduleBody } from '../v1/schedule-schema.ts';
import type { Form } from './console-routes.ts';
import type { Html } from './layout.ts';

/** What stands in the form, as it was typed. */
export type ScheduleFields = Readonly<Record<(typeof FIELDS)[number], string>>;

const FIELDS = ['key', 'cron', 'time_zone', 'starts_at', 'ends_at', 'catch_up_seconds', 'notification'] as const;

const EXAMPLE = { type: 'digest.daily', audience: { tags: 'staff' }, title: 'Good morning' };

/** Of a schedule there is, or of one to come. */
export function fieldsOf(schedule: Schedule | null): ScheduleFields {
  if (schedule === null)
    return {
      ...{ key: '', cron: '0 9 * * 1-5', time_zone: 'UTC', starts_at: '', ends_at: '', catch_up_seconds: '3600' },
      notification: JSON.stringify(EXAMPLE, null, 2),
    };
  const body = bodyOf(schedule);
  return {
    ...{ key: schedule.key, cron: body.cron, time_zone: body.time_zone },
    ...{ starts_at: body.starts_at ?? '', ends_at: body.ends_at ?? '' },
    catch_up_seconds: String(body.catch_up_seconds ?? ''),
    notification: JSON.stringify(body.notification, null, 2),
  };
}

export function typedIn(form: Form): ScheduleFields {
  return Object.fromEntries(FIELDS.map((name) => [name, form.get(name).trim()])) as ScheduleFields;
}

/** What the form asks for. Throws `invalid_request` with a sentence. */
export function draftIn(fields: ScheduleFields): (before: Schedule | null) => ScheduleDraft {
  if (!SCHEDULE_KEY.test(fields.key))
    throw new AppError('invalid_request', 'The key is 1 to 64 letters, digits and _ . -');
  const { value, issues } = validate(scheduleBody, {
    ...{ cron: fields.cron, time_zone: fields.time_zone },
    ...(fields.starts_at === '' ? {} : { starts_at: fields.starts_at }),
    ...(fields.ends_at === '' ? {} : { ends_at: fields.ends_at }),
    ...(fields.catch_up_seconds === '' ? {} : { catch_up_seconds: Number(fields.catch_up_seconds) }),
    notification: notificationIn(fields.notification),
  });
  if (value === null)
    throw new AppError('invalid_request', issues.map(({ path, message }) => `${path} ${message}`).join('; '));
  return (before) => draftOf(fields.key, value, before);
}

function notificationIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('invalid_request', 'The notification is not valid JSON.');
  }
}

/** With what is wrong in it above it. */
export function scheduleForm(
  fields: ScheduleFields,
  { isNew, problem }: { isNew: boolean; problem: string | null },
): Html {
  const input = (name: (typeof FIELDS)[number], label: string, hint: string) =>
    html`<label class="field">${label} <input name="${name}" value="${fields[name]}" autocomplete="off" spellcheck="false"> <small class="muted">${hint}</small></label>`;
  const key = isNew
    ? input('key', 'Key', 'The name of the schedule: letters, digits and _ . -')
    : html`<input type="hidden" name="key" value="${fields.key}">`;
  return html`<form method="post" action="put-schedule">
${problem === null ? '' : html`<p class="error" role="alert">${problem}</p>`}
<div class="columns"><div>${key}
${input('cron', 'Cron', 'Minute, hour, day of the month, month, day of the week: 0 9 * * 1-5')}
${input('time_zone', 'Time zone', 'Such as Europe/Berlin; “recipient”: where each user lives')}</div>
<div>${input('starts_at', 'Starts', 'An instant with its zone, such as 2026-03-29T09:00:00Z; empty: at once')}
${input('ends_at', 'Ends', 'Likewise; empty: never')}
${input('catch_up_seconds', 'Catch up, in seconds', 'Where it was missed, the newest is sent if it is not older')}</div></div>
<label class="field">Notification <textarea name="notification" rows="8" spellcheck="false">${fields.notification}</textarea>
<small class="muted">As POST /v1/notifications takes it, as JSON.</small></label>
<p class="row"><button class="button primary">Save</button></p></form>`;
}
