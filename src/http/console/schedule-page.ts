import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { Occurrence } from '../../domain/schedule/occurrence.ts';
import { RECIPIENT, type Recurrence } from '../../domain/schedule/recurrence.ts';
import type { Schedule } from '../../domain/schedule/schedule.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes, Visit } from './console-routes.ts';
import type { Html } from './layout.ts';
import { actionButton, address, facts, more, table, time } from './parts.ts';
import { addScheduleActions } from './schedule-actions.ts';
import { fieldsOf, scheduleForm } from './schedule-form.ts';
import { calendar, momentWords, timeTable } from './schedule-times.ts';

const ROWS = 50;
const TIMES = 10;
const CALENDAR_TIMES = 200;

/** What is sent again and again: when next, what came of it, and how to hold or hurry it. */
export function addSchedulePages(routes: ConsoleRoutes, parts: ConsoleParts): void {
  routes.page('schedules', async (visit) => {
    const page = await parts.schedules.list({ cursor: visit.query('cursor') || null, limit: ROWS });
    const body = html`<h1>Schedules</h1>
<p class="lead">Notifications that are sent again and again.</p>
${await listTable(parts, page.items)}${more('schedules', {}, page.next)}
<section class="card"><h2>When would that be?</h2>${await tryOut(parts, visit)}</section>
${visit.session.role === 'operator' ? html`<details class="card"><summary>Add a schedule</summary>${scheduleForm(fieldsOf(null), { isNew: true, problem: null })}</details>` : ''}`;
    return { title: 'Schedules', menu: 'schedules', body };
  });
  routes.page('schedule', async (visit) => {
    const schedule = await parts.schedules.get(visit.query('key'));
    const body = await scheduleBodyOf(parts, schedule, visit);
    return { title: `Schedule ${schedule.key}`, menu: 'schedules', body };
  });
  addScheduleActions(routes, parts);
}

async function listTable({ schedules }: ConsoleParts, all: readonly Schedule[]): Promise<Html> {
  const nexts = await Promise.all(
    all.map(async (each) => (each.nextAtMs === null ? null : ((await schedules.preview(each, 1))[0] ?? null))),
  );
  return table({
    caption: 'Schedules, in order of key',
    columns: [['Schedule'], ['State'], ['Next', 'wide'], ['Cron'], ['Last', 'wide']],
    rows: all.map((each, at) => {
      const next = nexts[at] ?? null;
      return [
        html`<a href="${address('schedule', { key: each.key })}">${each.key}</a>`,
        stateOf(each),
        next === null ? '–' : momentWords(each.timeZone, next),
        html`<code>${each.cron}</code>`,
        each.latest === null ? '–' : html`${outcomeMark(each.latest)} ${time(each.latest.atMs)}`,
      ];
    }),
    empty: 'There is none yet.',
  });
}

function stateOf({ isPaused, nextAtMs }: Schedule): Html {
  if (isPaused) return html`<span class="state suppressed">paused</span>`;
  return nextAtMs === null
    ? html`<span class="state cancelled">over</span>`
    : html`<span class="state active">on</span>`;
}

function outcomeMark({ status, missed }: Occurrence): Html {
  const state = status === 'sent' ? 'delivered' : status === 'missed' ? 'expired' : 'failed';
  const count =
    missed === null || missed.count === 1 ? '' : ` ${missed.isAtLeast ? 'at least ' : ''}${missed.count} times`;
  return html`<span class="state ${state}">${status}${count}</span>`;
}

/** Times of a cron expression that is not kept. */
async function tryOut({ schedules }: ConsoleParts, { query }: Visit): Promise<Html> {
  const [cron, zone] = [query('cron').trim(), query('zone').trim() || 'UTC'];
  const form = html`<form method="get" action="schedules" class="row">
<label>Cron <input name="cron" value="${cron}" placeholder="0 9 * * 1-5" required spellcheck="false"></label>
<label>Time zone <input name="zone" value="${zone}" required spellcheck="false"></label><button class="button">Show</button></form>`;
  if (cron === '') return form;
  try {
    if (!isZone(zone)) throw new AppError('invalid_schedule', 'That is no time zone: Europe/Berlin is one.');
    const recurrence: Recurrence = { cron, timeZone: zone, startsAtMs: null, endsAtMs: null };
    return html`${form}${timeTable(zone, await schedules.preview(recurrence, TIMES))}`;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'invalid_schedule') throw error;
    return html`${form}<p class="error" role="alert">${error.message}</p>`;
  }
}

function isZone(zone: string): boolean {
  if (zone === RECIPIENT) return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

async function scheduleBodyOf(
  { schedules, viewersSeeContent, clock }: ConsoleParts,
  schedule: Schedule,
  { session, query }: Visit,
): Promise<Html> {
  const { key, timeZone } = schedule;
  const [moments, past] = await Promise.all([
    schedules.preview(schedule, CALENDAR_TIMES),
    schedules.occurrences(key, { cursor: query('cursor') || null, limit: ROWS }),
  ]);
  const isOperator = session.role === 'operator';
  const hasMore = moments.length === CALENDAR_TIMES;
  return html`<p class="path"><a href="schedules">Schedules</a> › schedule</p>
<h1>${key} <small>${stateOf(schedule)}</small></h1>
<p class="lead">${nextWords(schedule, moments[0])}</p>
<div class="columns"><section class="card"><h2>Facts</h2>${factsOf(schedule)}</section>
<section class="card"><h2>What it sends</h2>${isOperator || viewersSeeContent ? html`<pre>${JSON.stringify(schedule.notification, null, 2)}</pre>` : html`<p class="empty">Viewers are not shown what notifications say.</p>`}</section></div>
${isOperator ? html`<section><h2>Change</h2>${buttons(schedule)}</section>` : ''}
<section><h2>Calendar</h2>${calendar({ zone: timeZone, moments, hasMore, nowMs: clock.now() })}</section>
<section><h2>Coming times</h2>${timeTable(timeZone, moments.slice(0, TIMES))}</section>
<section><h2>What came of it</h2>${occurrenceTable(past.items)}${more('schedule', { key }, past.next)}</section>
${isOperator ? html`<details class="card"><summary>Edit</summary>${scheduleForm(fieldsOf(schedule), { isNew: false, problem: null })}</details>` : ''}`;
}

function nextWords({ isPaused, timeZone }: Schedule, next: Parameters<typeof momentWords>[1] | undefined): string {
  if (next === undefined) return 'It is over: none of its times is left.';
  const words = momentWords(timeZone, next);
  return isPaused ? `Paused: nothing is sent. Without that: ${words}.` : `Next: ${words}.`;
}

function factsOf(schedule: Schedule): Html {
  const { startsAtMs, endsAtMs } = schedule;
  const { type } = schedule.notification;
  return facts([
    ['Cron', html`<code>${schedule.cron}</code>`],
    ['Time zone', schedule.timeZone === RECIPIENT ? 'that of each user' : schedule.timeZone],
    ['Type', typeof type === 'string' ? type : null],
    ['Starts', startsAtMs === null ? null : time(startsAtMs)],
    ['Ends', endsAtMs === null ? null : time(endsAtMs)],
    ['Catches up', `what was missed within ${schedule.catchUpSeconds} s`],
    ['Made', time(schedule.createdAtMs)],
    ['Changed', time(schedule.updatedAtMs)],
  ]);
}

function buttons({ key, isPaused }: Schedule): Html {
  const hold = isPaused
    ? actionButton({ action: 'go-on-with-schedule', label: 'Go on', fields: { key }, isMain: true })
    : actionButton({ action: 'pause-schedule', label: 'Pause', fields: { key } });
  const once = crypto.randomUUID();
  return html`<div class="row">${hold}
${actionButton({ action: 'trigger-schedule', label: 'Send now', fields: { key, once }, sure: 'Its notification is sent at once, to its whole audience. Its times stay as they are.' })}
${actionButton({ action: 'delete-schedule', label: 'Delete', fields: { key }, sure: 'It sends nothing more. What it has sent stays.' })}</div>`;
}

function occurrenceTable(occurrences: readonly Occurrence[]): Html {
  return table({
    caption: 'What came of its times, newest first',
    columns: [['Due'], ['What came of it'], ['By'], ['Notification', 'wide']],
    rows: occurrences.map((each) => [
      time(each.atMs),
      outcomeMark(each),
      each.trigger === 'hand' ? 'hand' : 'its time',
      each.notificationId === null
        ? (each.detail ?? each.code ?? '–')
        : html`<a href="${address('notification', { id: each.notificationId })}"><code>${each.notificationId}</code></a>`,
    ]),
    empty: 'None of its times has come yet.',
  });
}
