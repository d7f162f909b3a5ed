import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { BellhopEvent, PartName } from '../domain/events.ts';
import { accountOf } from './error-account.ts';
import { summarize } from './error-summary.ts';

type Failure = Extract<BellhopEvent, { type: 'part.failed' }>;

/** While a server is away, every job and every call fails alike: one line tells it, and then one at most in this time. */
const QUIET_MS = 10_000;

/** Kinds of failure that are known at a time, so that their texts cannot fill the memory. */
const MOST_KINDS = 100;

/** What follows when a part fails. */
const FOLLOWS: Readonly<Record<PartName, string>> = {
  store: 'the store is lost to another process',
  queue: 'the queue has trouble: Bellhop connects again by itself, and the rescuer queues what is due',
  coordination: 'Redis, where processes share pauses and leaders, has trouble: Bellhop connects again by itself',
  notifications: 'what was accepted could not be queued: it is stored, and the rescuer queues it',
  dead_letters: 'a replayed delivery could not be queued: it is stored, and the rescuer queues it',
  worker: 'a job failed: the rescuer finds it again',
  push: 'a push failed in a way that Bellhop does not know, and is tried again: please report this line',
  sender_thread:
    'a thread that sends pushes ended: what it had not begun is sent by another, the rest is tried again, and a new one is started',
  prune_guard: 'holds on pruning could not be read or kept: the guard tries again',
  rescuer: 'what is due could not be looked for or queued: the rescuer tries again',
  sweeper: 'what is old could not be deleted: the sweeper tries again',
  scheduler: 'a notification whose time had come could not be made: the scheduler tries again',
  bulk_actions: 'a bulk action on dead letters is held up: it is tried again, and nothing is done twice',
  erasures: 'the erasing of a person is held up: it is gone on with where it stopped',
  sending_watch:
    'whether sending is paused could not be read: what is known holds, and at start nothing is sent before it is known',
  tally_keeper: 'counts could not be checked against what they count: the keeper tries again',
  ager: 'how many subscriptions will go stale could not be counted: it is tried again within an hour',
  presence: 'other processes could not be told that this one is there: it tells them again',
  event_relay: 'events could not be given their place: nothing is lost, and the relay tries again',
  webhooks: 'events could not be sent to a webhook endpoint, or that could not be kept: it is tried again',
  tracing:
    'spans are dropped, and pushes are sent all the same: the collector at OTEL_EXPORTER_OTLP_ENDPOINT must be reached from here, and take OTLP over HTTP as JSON. This is told every two minutes at most, and once it works again',
  backup_keeper: 'no backup was made: it is tried again within ten minutes',
};

/** Equal failures whose first line is written: those after it are counted until `untilMs`. */
type Kind = {
  readonly fields: object;
  readonly says: string;
  readonly untilMs: number;
  leftOut: number;
  lastAtMs: number;
};

/**
 * | A failure comes | Line |
 * |---|---|
 * | of a new kind | written |
 * | of a known kind, in its quiet time | left out and counted |
 * | of a known kind, later | written, with how many were left out and until when |
 *
 * Failures are of one kind where part and error summary are equal. A kind that is forgotten to make room for another has
 * what was left out of it written.
 */
export function createFailureLog(log: Logger, clock: Clock): (failure: Failure) => void {
  const kinds = new Map<string, Kind>();

  const write = ({ fields, says }: Kind, before: Kind | undefined): void => {
    const repeated =
      before === undefined || before.leftOut === 0
        ? {}
        : { repeated: before.leftOut, repeated_until: new Date(before.lastAtMs).toISOString() };
    log.error({ ...fields, ...repeated }, says);
  };

  const forgetOldest = (): void => {
    for (const [key, kind] of kinds) {
      kinds.delete(key);
      if (kind.leftOut > 0) write(kind, kind);
      return;
    }
  };

  return ({ type, part, error, hidden }) => {
    const nowMs = clock.now();
    const fields = { event: type, part, ...summarize(error) };
    const key = JSON.stringify(fields);
    const known = kinds.get(key);
    if (known !== undefined && nowMs < known.untilMs) {
      known.leftOut += 1;
      known.lastAtMs = nowMs;
      return;
    }
    if (known === undefined && kinds.size >= MOST_KINDS) forgetOldest();
    const whole = hidden === undefined ? {} : { detail: accountOf(error, hidden) };
    const kind = {
      fields: { ...fields, ...whole },
      says: FOLLOWS[part],
      untilMs: nowMs + QUIET_MS,
      leftOut: 0,
      lastAtMs: nowMs,
    };
    kinds.delete(key);
    kinds.set(key, kind);
    write(kind, known);
  };
}
