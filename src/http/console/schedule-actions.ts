import { html } from 'hono/html';
import type { Schedule } from '../../domain/schedule/schedule.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import { onceClaim } from './once-claim.ts';
import { address } from './parts.ts';
import { draftIn, scheduleForm, typedIn } from './schedule-form.ts';

/** What operators do with schedules. */
export function addScheduleActions(routes: ConsoleRoutes, { schedules }: ConsoleParts): void {
  routes.action(
    { name: 'put-schedule', operation: 'putSchedule', target: 'key' },
    async (_, form) => {
      const fields = typedIn(form);
      const { key } = await schedules.put(fields.key, draftIn(fields));
      return address('schedule', { key, done: 'saved' });
    },
    (form, error) => {
      const again = scheduleForm(typedIn(form), { isNew: true, problem: error.message });
      const body = html`<p class="path"><a href="schedules">Schedules</a> › schedule</p>
<h1>Not saved</h1><section class="card">${again}</section>`;
      return { title: 'Schedules', menu: 'schedules', body };
    },
  );
  const setPaused = (name: string, isPaused: boolean): void =>
    routes.action({ name, operation: 'patchSchedule', target: 'key' }, async (_, form) => {
      const { key } = await schedules.change(form.get('key'), (before) => ({ ...saidOf(before), isPaused }));
      return address('schedule', { key, done: 'saved' });
    });
  setPaused('pause-schedule', true);
  setPaused('go-on-with-schedule', false);
  routes.action({ name: 'trigger-schedule', operation: 'triggerSchedule', target: 'key' }, async (visit, form) => {
    const { notification } = await schedules.trigger(form.get('key'), onceClaim(visit, form, 'key'));
    return address('notification', { id: notification.id, done: 'accepted' });
  });
  routes.action({ name: 'delete-schedule', operation: 'deleteSchedule', target: 'key' }, async (_, form) => {
    await schedules.delete(form.get('key'));
    return 'schedules?done=deleted';
  });
}

/** What a caller says of a schedule, of all that is kept of it. */
function saidOf({ key, cron, timeZone, startsAtMs, endsAtMs, notification, catchUpSeconds, isPaused }: Schedule) {
  return { key, cron, timeZone, startsAtMs, endsAtMs, notification, catchUpSeconds, isPaused };
}
