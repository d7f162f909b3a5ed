import type { Clock } from '../clock.ts';
import { AppError, type AppErrorCode } from '../domain/app-error.ts';
import type { Events } from '../domain/events.ts';
import { type Cron, readCron } from '../domain/schedule/cron.ts';
import { type DueStep, dueStep } from '../domain/schedule/due.ts';
import { idsOfMoment, type Occurrence } from '../domain/schedule/occurrence.ts';
import type { Moment } from '../domain/schedule/recurrence.ts';
import type { Schedule } from '../domain/schedule/schedule.ts';
import { readSending, SENDING_FACT } from '../domain/sending/sending.ts';
import type { Store } from '../store/store.ts';
import type { Accepting, Prepared } from './accepting.ts';
import type { NotifyRequest } from './notify-request.ts';
import { requestAt } from './schedule-request.ts';

/** What makes the notifications of schedules. */
export type Occurrences = {
  /** Deals with all moments of a schedule that have come. Nothing while sending is paused. */
  settle(schedule: Schedule): Promise<void>;
};

export type OccurrencesOptions = {
  readonly store: Pick<Store, 'schedules' | 'notifications' | 'facts'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly accepting: Accepting;
  /** Throws what `POST /v1/notifications` would refuse a body with. */
  readonly readBody: (body: unknown) => NotifyRequest;
};

/** These say nothing about the notification: it is tried again. */
const PASSING: readonly AppErrorCode[] = ['store_unavailable', 'overloaded', 'shutting_down', 'internal_error'];

export function createOccurrences(options: OccurrencesOptions): Occurrences {
  const { store } = options;
  return {
    async settle(schedule) {
      const sending = readSending(await store.facts.find(SENDING_FACT));
      if (sending.state === 'paused') return;
      const cron = await cronOf(schedule);
      let current: Schedule | null = schedule;
      while (current !== null && (await settleOnce(options, current, cron, sending.drop?.acceptedBeforeMs ?? null))) {
        current = await store.schedules.get(schedule.key);
        if (current?.id !== schedule.id || current.cron !== schedule.cron) return;
      }
    },
  };
}

/** Of a schedule that was checked before it was kept. */
async function cronOf({ cron: text }: Pick<Schedule, 'cron'>): Promise<Cron> {
  const reading = await readCron(text);
  if (reading.kind === 'cron') return reading.cron;
  throw new AppError('internal_error', `A cron expression that was kept ${reading.message}.`);
}

/** Whether there may be more to do. */
async function settleOnce(
  options: OccurrencesOptions,
  schedule: Schedule,
  cron: Cron,
  droppedBeforeMs: number | null,
): Promise<boolean> {
  const { store, clock, accepting } = options;
  const nowMs = clock.now();
  const step = dueStep(schedule, cron, nowMs, { droppedBeforeMs, made: await madeAlready(options, schedule) });
  if (step === null) return false;
  const { prepared, occurrences } = await outcomeOf(options, schedule, step, { nowMs, droppedBeforeMs });
  const result = await store.schedules.commit({
    schedule,
    made: step.send,
    acceptance: prepared?.acceptance ?? null,
    occurrences,
    nextAtMs: step.next?.atMs ?? null,
    lastAtMs: step.send?.atMs ?? step.missed?.all.lastAtMs ?? schedule.lastAtMs,
  });
  if (result.kind === 'lost') return true;
  if (prepared !== null && result.accepted !== null) accepting.conclude(prepared, result.accepted);
  for (const occurrence of occurrences) announce(options, schedule.key, occurrence);
  return true;
}

/** The moment that another process had under way when it died, if its notification is there. */
async function madeAlready({ store }: OccurrencesOptions, schedule: Schedule): Promise<Moment | null> {
  const { underWay } = schedule;
  if (underWay === null) return null;
  const found = await store.notifications.get(idsOfMoment(schedule, underWay).notificationId);
  return found === null ? null : underWay;
}

type Outcome = { readonly prepared: Prepared | null; readonly occurrences: readonly Occurrence[] };

async function outcomeOf(
  options: OccurrencesOptions,
  schedule: Schedule,
  { missed, send }: DueStep,
  { nowMs, droppedBeforeMs }: { readonly nowMs: number; readonly droppedBeforeMs: number | null },
): Promise<Outcome> {
  const plain = {
    scheduleId: schedule.id,
    trigger: 'time',
    notificationId: null,
    code: null,
    detail: null,
    missed: null,
    recordedAtMs: nowMs,
  } as const;
  const occurrences: Occurrence[] = [];
  if (missed !== null) {
    const { wallMs, atMs } = missed.first;
    const detail = `Nobody was there to send it: Bellhop was not running, or sending was paused. Of what was missed only the newest is sent, and only within ${schedule.catchUpSeconds} seconds.`;
    const { occurrenceId: id } = idsOfMoment(schedule, missed.first);
    occurrences.push({ ...plain, id, atMs, wallMs, status: 'missed', missed: missed.all, detail });
  }
  if (send === null) return { prepared: null, occurrences };
  const { occurrenceId: id, notificationId } = idsOfMoment(schedule, send);
  const made = { ...plain, id, atMs: send.atMs, wallMs: send.wallMs };
  const sent = { ...made, status: 'sent', notificationId } as const;
  if (await isThere(options, notificationId)) return { prepared: null, occurrences: [...occurrences, sent] };
  try {
    const request = requestAt(options.readBody(schedule.notification), schedule, send, { nowMs, droppedBeforeMs });
    const prepared = await options.accepting.prepare(request, { nowMs, id: notificationId, claim: null });
    return { prepared, occurrences: [...occurrences, sent] };
  } catch (error) {
    if (!(error instanceof AppError) || PASSING.includes(error.code)) throw error;
    const refused = { ...made, status: 'failed', code: error.code, detail: reasonOf(error) } as const;
    return { prepared: null, occurrences: [...occurrences, refused] };
  }
}

/** Made by a process that died before it could say so, or under an earlier form of the schedule. */
async function isThere({ store }: OccurrencesOptions, notificationId: string): Promise<boolean> {
  return (await store.notifications.get(notificationId)) !== null;
}

/** What is wrong, also where the error only counts its problems. It is kept, so it names no user. */
function reasonOf({ message, details }: AppError): string {
  const issues = (details.issues ?? []) as readonly { readonly path: string; readonly message: string }[];
  return issues.length === 0
    ? withoutName(message, details)
    : issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
}

/** As `value-check.ts` and `measure.ts` name a recipient, whose place in the list says as much. */
function withoutName(message: string, { user_id, problems }: AppError['details']): string {
  const [first] = (problems ?? []) as readonly { readonly user_id?: unknown }[];
  const userId = user_id ?? first?.user_id ?? null;
  return userId === null ? message : message.replace(`, “${userId}”`, '').replace(` to “${userId}”`, ' to a recipient');
}

function announce({ events }: OccurrencesOptions, scheduleKey: string, occurrence: Occurrence): void {
  const { atMs, status, notificationId, code, detail, missed, trigger } = occurrence;
  const about = { scheduleKey, atMs };
  if (status === 'sent') {
    events.publish({ type: 'schedule.sent', ...about, notificationId: notificationId ?? '', trigger });
  }
  if (status === 'failed')
    events.publish({ type: 'schedule.failed', ...about, code: code ?? '', detail: detail ?? '' });
  if (missed !== null) events.publish({ type: 'schedule.missed', ...about, ...missed });
}
