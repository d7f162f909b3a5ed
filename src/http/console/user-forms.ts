import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { User } from '../../domain/user/user.ts';
import { validate } from '../kit/validation.ts';
import { notificationBody, notifyRequestOf } from '../v1/notification-schema.ts';
import { userPatchBody, userPatchOf, userWire } from '../v1/user-schema.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Form } from './console-routes.ts';
import type { Html } from './layout.ts';
import { onceClaim } from './once-claim.ts';
import { actionButton, address } from './parts.ts';

/** What an operator does for one user: says what holds for them, and sends them a test. */
export function addUserForms(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.action({ name: 'patch-user', operation: 'patchUser', target: 'id' }, async (_, form) => {
    const id = form.get('id');
    const { value, issues } = validate(userPatchBody, patchIn(form));
    if (value === null) throw new AppError('invalid_request', sentenceOf(issues));
    await parts.users.patch(id, userPatchOf(value));
    return address('user', { id, done: 'saved' });
  });
  routes.action({ name: 'send-test', operation: 'sendNotification', target: 'id' }, async (visit, form) => {
    const body = {
      type: form.get('type').trim() || 'test',
      title: 'A test',
      body: `${visit.session.name} tries whether this device gets what is sent.`,
      user_ids: [form.get('id')],
      ttl_seconds: TEST_TTL_SECONDS,
    };
    const { value, issues } = validate(notificationBody, body);
    if (value === null) throw new AppError('invalid_request', sentenceOf(issues));
    const claim = onceClaim(visit, form, 'id', 'type');
    const { notification } = await parts.notifications.accept(notifyRequestOf(value), claim);
    return address('notification', { id: notification.id, done: 'accepted' });
  });
}

/** A device that is away for longer tells nothing about the way there. */
const TEST_TTL_SECONDS = 600;

function sentenceOf(issues: readonly { readonly path: string; readonly message: string }[]): string {
  return `${issues.map(({ path, message }) => `“${path}” ${message}`).join('; ')}.`;
}

/** As the API takes it. What is empty is taken away; wishes that are no longer there, too. */
function patchIn(form: Form): Readonly<Record<string, unknown>> {
  const text = (name: string): string | null => form.get(name).trim() || null;
  const [from, until, days] = [text('quiet_from'), text('quiet_until'), form.all('quiet_days')];
  const paused = text('paused_until');
  return {
    time_zone: text('time_zone'),
    locale: text('locale'),
    quiet_hours:
      from === null && until === null
        ? null
        : { ...(from && { from }), ...(until && { until }), days: days.length === 0 ? null : days },
    paused_until: paused === null ? null : `${paused.length === 16 ? `${paused}:00` : paused}Z`,
    preferences: wishesIn(form),
  };
}

function wishesIn(form: Form): Readonly<Record<string, boolean | null>> {
  const lines = form.get('wishes').split('\n');
  const said = lines.map((line) => line.trim().split(/\s+/)).filter(([pattern]) => pattern !== '');
  const wishes: Record<string, boolean | null> = {};
  for (const pattern of form.get('wishes_before').split(' ')) if (pattern !== '') wishes[pattern] = null;
  for (const [pattern = '', wish = '', ...more] of said) {
    if ((wish !== 'yes' && wish !== 'no') || more.length > 0)
      throw new AppError('invalid_request', 'A line of wishes is a type and yes or no, such as: digest.* no');
    wishes[pattern] = wish === 'yes';
  }
  return wishes;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** All that is said of the user but for the tags, which have a form of their own. */
export function userForm(id: string, user: User | null): Html {
  const said = user === null ? null : userWire(user);
  const quiet = said?.quiet_hours ?? null;
  const wishes = Object.entries(said?.preferences ?? {});
  const input = (name: string, label: string, value: string, kind = 'text') =>
    html`<label>${label} <input name="${name}" type="${kind}" value="${value}" autocomplete="off"></label>`;
  const days = DAYS.map(
    (day) =>
      html`<label class="check"><input type="checkbox" name="quiet_days" value="${day}"${quiet?.days?.includes(day) ? html` checked` : ''}> ${day}</label>`,
  );
  return html`<details><summary class="button">Zone, quiet hours, wishes …</summary>
<form method="post" action="patch-user" class="stack"><input type="hidden" name="id" value="${id}">
<input type="hidden" name="wishes_before" value="${wishes.map(([pattern]) => pattern).join(' ')}">
<div class="row">${input('time_zone', 'Time zone', said?.time_zone ?? '')}${input('locale', 'Language', said?.locale ?? '')}</div>
<div class="row">${input('quiet_from', 'Quiet from', quiet?.from ?? '', 'time')}${input('quiet_until', 'until', quiet?.until ?? '', 'time')}</div>
<fieldset><legend>Quiet on; none for every day</legend><div class="row">${days}</div></fieldset>
<div class="row">${input('paused_until', 'Paused until, in UTC', (said?.paused_until ?? '').slice(0, 16), 'datetime-local')}</div>
<label>Wishes, one a line: a type, and yes or no <textarea name="wishes" rows="3" spellcheck="false">${wishes.map(([pattern, isWanted]) => `${pattern} ${isWanted ? 'yes' : 'no'}`).join('\n')}</textarea></label>
<p><button class="button primary">Save</button></p></form></details>`;
}

export function testForm(id: string): Html {
  const type = html`<label>Type <input name="type" value="test" autocomplete="off" spellcheck="false"></label>`;
  const hint = html`<p class="hint">A notification as any other, on all of their devices, worth sending for ten minutes. What holds for its type and this user holds for it, too.</p>`;
  const fields = { id, once: crypto.randomUUID() };
  return html`${hint}${actionButton({ action: 'send-test', label: 'Send a test', fields, more: type })}`;
}
