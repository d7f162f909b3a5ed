import { html } from 'hono/html';
import { decidesAtMs } from '../../domain/experiment/lot.ts';
import type { Milestones } from '../../domain/notification/milestones.ts';
import { deadlineAtMs, type Notification } from '../../domain/notification/notification.ts';
import type { Html } from './layout.ts';
import { number, time } from './parts.ts';

type Step = { readonly says: Html | string; readonly atMs: number };

/** What happened to a notification, and what is to come, as far as it is kept: in the order of time. */
export function notificationTimeline(notification: Notification, milestones: Milestones, nowMs: number): Html {
  const steps = [...stepsOf(notification), ...reached(milestones, notification)].toSorted(
    (one, other) => one.atMs - other.atMs,
  );
  const isToCome = (atMs: number) => (atMs > nowMs ? html` <span class="muted">to come</span>` : '');
  return html`<ol class="timeline">${steps.map(({ says, atMs }) => html`<li>${says}${isToCome(atMs)} ${time(atMs)}</li>`)}</ol>
<p>${stands(notification)}</p>`;
}

function stepsOf(notification: Notification): readonly Step[] {
  const { acceptedAtMs, sendAt, dueAtMs, lastWaveAtMs, cancelledAtMs, status } = notification;
  const decidedAtMs = decidesAtMs(notification);
  const isOver = status === 'completed' || status === 'cancelled';
  const waves: Step[] =
    sendAt === null
      ? []
      : sendAt.kind === 'instant'
        ? [{ says: decidedAtMs === null ? 'Sent' : 'Test sent', atMs: sendAt.atMs }]
        : [
            ...(dueAtMs === null || isOver ? [] : [{ says: 'Next wave', atMs: dueAtMs }]),
            ...(lastWaveAtMs === null ? [] : [{ says: 'Last wave', atMs: lastWaveAtMs }]),
          ];
  return [
    { says: 'Accepted', atMs: acceptedAtMs },
    ...waves,
    ...(decidedAtMs === null || (cancelledAtMs !== null && notification.decided === undefined)
      ? []
      : [{ says: 'Test decided', atMs: decidedAtMs }]),
    ...(cancelledAtMs === null ? [] : [{ says: 'Called off', atMs: cancelledAtMs }]),
    { says: 'Deadline', atMs: deadlineAtMs(notification) },
  ];
}

/** One commit may do all of it: then it is one step. */
function reached(
  { fanOutBeganAtMs: began, fanOutEndedAtMs: ended, completedAtMs }: Milestones,
  { status }: Pick<Notification, 'status'>,
): readonly Step[] {
  const step = (says: string, atMs: number | null): readonly Step[] => (atMs === null ? [] : [{ says, atMs }]);
  return [
    ...(began === ended
      ? step('Deliveries made', ended)
      : [...step('First deliveries made', began), ...step('All deliveries made', ended)]),
    ...step(status === 'cancelled' ? 'All has ended' : 'Completed', completedAtMs),
  ];
}

const STANDS: Readonly<Record<Notification['status'], string>> = {
  scheduled: 'Its time has not come: nobody has a delivery of it yet.',
  accepted: 'Its deliveries are being made.',
  sending: 'Some of its deliveries have not ended, or a wave is to come.',
  completed: 'All of its deliveries have ended.',
  cancelled: 'Called off: what had not been sent ends unsent.',
};

function stands({ status, sendAt, releasedUsers }: Notification): string {
  const released =
    sendAt?.kind === 'local' && releasedUsers !== null ? ` Released to ${number(releasedUsers)} users.` : '';
  return `${STANDS[status]}${released}`;
}
