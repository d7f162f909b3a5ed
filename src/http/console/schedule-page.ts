import { html } from 'hono/html';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import type { Occurrence } from '../../domain/schedule/occurrence.ts';
import type { Moment } from '../../domain/schedule/recurrence.ts';
import type { Schedule } from '../../domain/schedule/schedule.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, more, table, time } from './parts.ts';

const ROWS = 50;
const COMING = 10;

/** What is sent again and again: the coming times, what came of the last ones, pause and trigger. */
export function addSchedulePages(routes: ConsoleRoutes, { schedules }: ConsoleParts): void {
  routes.page('schedules', async ({ query }) => {
    const page = await schedules.list({ cursor: query('cursor') || null, limit: ROWS });
    const body = html`<h1>Schedules</h1>${listTable(page.items)}${more('schedules', {}, page.next)}`;
    return { title: 'Schedules', menu: 'schedules', body };
  });
  routes.page('schedule', async ({ query, session }) => {
    const schedule = await schedules.get(query('key'));
    const [coming, past] = await Promise.all([
      schedules.preview(schedule, COMING),
      schedules.occurrences(schedule.key, { cursor: query('cursor') || null, limit: ROWS }),
    ]);
    const body = bodyOf(schedule, { coming, past: past.items, next: past.next, session });
    return { title: `Schedule ${schedule.key}`, menu: 'schedules', body };
  });
  const pause = (name: string, isPaused: boolean) =>
    routes.action({ name, operation: 'patchSchedule', target: 'key' }, async (_, form) => {
      await schedules.change(
        form.get('key'),
        ({ key, cron, timeZone, startsAtMs, endsAtMs, notification, catchUpSeconds }) => ({
          ...{ key, cron, timeZone, startsAtMs, endsAtMs, notification, catchUpSeconds },
          isPaused,
        }),
      );
      return address('schedule', { key: form.get('key'), done: 'saved' });
    });
  pause('pause-schedule', true);
  pause('go-on-with-schedule', false);
  routes.action({ name: 'trigger-schedule', operation: 'triggerSchedule', target: 'key' }, async (_, form) => {
    const { notification } = await schedules.trigger(form.get('key'), null);
    return address('notification', { id: notification.id, done: 'accepted' });
  });
}

function listTable(schedules: readonly Schedule[]): Html {
  return table({
    caption: 'Schedules',
    columns: [['Key'], ['When', 'wide'], ['Next'], ['Last time']],
    rows: schedules.map(({ key, cron, timeZone, isPaused, nextAtMs, latest }) => [
      html`<a href="${address('schedule', { key })}">${key}</a>`,
      html`<code>${cron}</code> ${timeZone === 'recipient' ? 'by each user’s clock' : timeZone}`,
      isPaused ? html`<span class="state held">paused</span>` : time(nextAtMs),
      latest === null ? '–' : came(latest),
    ]),
    empty: 'Nothing is sent again and again.',
  });
}

type Seen = {
  readonly coming: readonly Moment[];
  readonly past: readonly Occurrence[];
  readonly next: string | null;
  readonly session: OperatorSession;
};

function bodyOf(schedule: Schedule, { coming, past, next, session }: Seen): Html {
  const { key, cron, timeZone, isPaused, catchUpSeconds, startsAtMs, endsAtMs } = schedule;
  return html`<p class="path"><a href="schedules">Schedules</a> › schedule</p>
<h1>${key}</h1>
<div class="columns"><section class="card"><h2>Facts</h2>${facts([
    ['Cron', html`<code>${cron}</code>`],
    ['Time zone', timeZone === 'recipient' ? 'each user’s own' : timeZone],
    ['State', isPaused ? html`<span class="state held">paused</span>` : html`<span class="state active">on</span>`],
    ['Begins', startsAtMs === null ? null : time(startsAtMs)],
    ['Ends', endsAtMs === null ? null : time(endsAtMs)],
    ['Made up for when missed', `${catchUpSeconds} s`],
    [
      'Notification',
      session.role === 'operator'
        ? html`<code>${JSON.stringify(schedule.notification)}</code>`
        : 'not shown to viewers',
    ],
  ])}${session.role === 'operator' ? actionsOf(schedule) : ''}</section>
<section class="card"><h2>Coming times</h2>${comingList(coming, isPaused)}</section></div>
<section><h2>What came of it</h2>${pastTable(past)}${more('schedule', { key }, next)}</section>`;
}

function actionsOf({ key, isPaused }: Schedule): Html {
  const fields = { key };
  return html`<div class="row">${
    isPaused
      ? actionButton({ action: 'go-on-with-schedule', label: 'Go on', fields })
      : actionButton({ action: 'pause-schedule', label: 'Pause', fields })
  }${actionButton({ action: 'trigger-schedule', label: 'Send now', fields, sure: 'Its notification is sent at once, beside its times.' })}</div>`;
}

const SHIFTS = {
  gap: 'clocks leave this minute out: moved on',
  overlap: 'clocks show this minute twice: the first',
} as const;

function comingList(moments: readonly Moment[], isPaused: boolean): Html {
  if (moments.length === 0) return html`<p class="empty">None: it is over.</p>`;
  const list = moments.map(({ atMs, wallMs, shift }) => {
    const wall = new Date(wallMs).toISOString().slice(0, 16).replace('T', ' ');
    return html`<li>${wall} local <span class="muted">${time(atMs)}${shift === null ? '' : ` (${SHIFTS[shift]})`}</span></li>`;
  });
  return html`${isPaused ? html`<p class="hint">Were it not paused:</p>` : ''}<ol class="timeline">${list}</ol>`;
}

function came({ status, atMs }: Occurrence): Html {
  const shape = status === 'sent' ? 'delivered' : status === 'missed' ? 'expired' : 'failed';
  return html`<span class="state ${shape}">${status}</span> ${time(atMs)}`;
}

function pastTable(past: readonly Occurrence[]): Html {
  return table({
    caption: 'Occurrences, newest first',
    columns: [['What and when'], ['By'], ['Notification'], ['Why not', 'wide']],
    rows: past.map((one) => [
      came(one),
      one.trigger,
      one.notificationId === null
        ? '–'
        : html`<a href="${address('notification', { id: one.notificationId })}"><code>…${one.notificationId.slice(-6)}</code></a>`,
      one.detail ?? '–',
    ]),
    empty: 'Nothing yet.',
  });
}
