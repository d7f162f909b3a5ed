import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Priority } from '../domain/notification/priority.ts';

/** A reminder to look at something in the store. Losing a job loses nothing: the rescuer finds what is due. */
export type Job = {
  readonly kind: 'deliver' | 'fan_out';
  /** A delivery id, or for `fan_out` a notification id. */
  readonly id: string;
  /** The attempt the reminder is for; for `fan_out` the number of pages done. A job is known by kind, id and step. */
  readonly step: number;
  readonly priority: Priority;
  /** Where the push will go, for example `https://fcm.googleapis.com`; empty for a fan-out, and where that is not known. */
  readonly origin: string;
  /** Whose subscription it is for; of a fan-out the only user of its audience, and empty where there are several. */
  readonly userId: string;
  /** When the push is of no use any more; null for a fan-out. */
  readonly deadlineAtMs: number | null;
  /** Not before this instant. */
  readonly runAtMs: number;
  /** It only waits for a place in its lane, and `wake` may have it run sooner. */
  readonly waitsForLane?: boolean;
};

/**
 * What keeps a job that is due from running now: all jobs of its line wait for the same (the pushes to one push service, or
 * the fan-outs); or all of its user there; or it waits for another push to the same subscription to end.
 */
export type WaitsFor = 'line' | 'user' | 'subscription';

type Reminded = Pick<Delivery, 'id' | 'attemptCount' | 'priority' | 'origin' | 'userId' | 'deadlineAtMs'>;

/** The job that looks at a waiting delivery again: for its next attempt, at `runAtMs`. */
export function reminderOf(delivery: Reminded, runAtMs: number): Job {
  const { id, attemptCount, priority, origin, userId, deadlineAtMs } = delivery;
  return { kind: 'deliver', id, step: attemptCount + 1, priority, origin, userId, deadlineAtMs, runAtMs };
}

/** The job that turns an accepted notification into deliveries, from the first page on that is not done. */
export function fanOutJobOf(
  { id, priority }: Pick<Notification, 'id' | 'priority'>,
  userIds: readonly string[],
  runAtMs: number,
): Job {
  const userId = userIds.length === 1 ? (userIds[0] ?? '') : '';
  return { kind: 'fan_out', id, step: 0, priority, origin: '', userId, deadlineAtMs: null, runAtMs };
}

/** How long before a wave its job is queued: longer than it takes until the rescuer looks again. */
export const ALARM_AHEAD_MS = 15_000;

/** Whether a wave is so near that its job is to be queued. Earlier, it would only stand in the queue: the rescuer finds it in time. */
export function isAlarmDue(waveAtMs: number, nowMs: number): boolean {
  return waveAtMs <= nowMs + ALARM_AHEAD_MS;
}

/** A step that no fan-out reaches: the job to end what was cancelled is another one than the page that may wait in the queue. */
const FIRST_STEP_OF_CANCELLING = 1_000_000_000;

/** The job that ends what waits of a notification that somebody called off. */
export function cancelJobOf(notification: Pick<Notification, 'id' | 'priority'>, runAtMs: number): Job {
  return { ...fanOutJobOf(notification, [], runAtMs), step: FIRST_STEP_OF_CANCELLING };
}

/**
 * `onPosted` is called once the job only waits for the push service's answer. Calling it again, or never, is harmless.
 */
export type JobHandler = (job: Job, onPosted: () => void) => Promise<void>;

export type StartOptions = {
  readonly concurrency: number;
  /**
   * The most jobs at work at once: begun, and not posted yet. More jobs than keep the process busy only make its other work
   * wait. Unless given, the same as `concurrency`.
   */
  readonly mostAtWork?: number;
  /** The same, while jobs of several priorities begin side by side. Unless given, the same as `mostAtWork`. */
  readonly mostAtWorkWhenMixed?: number;
  /** So many jobs of a priority begin although `mostAtWork` less urgent ones are at work. None, unless given. */
  readonly mostOvertaking?: number;
  /**
   * What a job must wait for in the queue for now, as far as the queue can pass it over; null where it may run. Asked again
   * each time that a job has posted or ended.
   */
  readonly waitsFor?: (job: Job) => WaitsFor | null;
};

/**
 * Jobs of three priorities, which take turns by `PRIORITY_WEIGHTS`; a priority without a job takes no turn. In a priority the
 * users take turns: however many jobs one user has there, another's next one waits for a bounded few of them.
 */
export interface JobQueue {
  /**
   * Adds reminders. A job that already waits (same kind, id and step) is not added twice. A queue may drop a job that it has
   * no room for; it then calls the `onRoom` listener once it has room. A handler may add the very job it runs, for later.
   */
  enqueueMany(jobs: readonly Job[]): Promise<void>;
  /** Runs jobs, at most `concurrency` at once. The handler does not reject for an expected failure. */
  start(handler: JobHandler, options: StartOptions): Promise<void>;
  /** Hands out no further job; resolves when those under way have ended. Harmless before start and when repeated. */
  stop(): Promise<void>;
  /**
   * Lets jobs run now that wait for the lane of this origin: asks again of those that are due, and of the others, as far as that
   * is cheap, does not wait for their time.
   */
  wake(origin: string): void;
  /** The listener is called when jobs of a priority were dropped or refused, and there is room for more of them again. */
  onRoom(listener: (priority: Priority) => void): void;
  /** How many jobs of this priority wait whose time has come: neither those that run nor those for later. */
  depthOf(priority: Priority): Promise<number>;
  /** Rejects when the queue cannot take jobs now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
