import { wallClockMs } from '../time/zone.ts';
import { type ReleaseAnswer, type ReleaseFacts, release } from './release.ts';

/** What would become of a notification for a user, as a person is told. */
export type Account = {
  readonly answer: ReleaseAnswer;
  readonly sentence: string;
};

type Stop = Extract<ReleaseAnswer, { kind: 'stop' }>;

/** What the account is of, beside the gates: `isNow`, the instant is the present one; `decided`, what stopped it when it came. */
type Occasion = { readonly isNow: boolean; readonly decided: Stop | null };

/** Asks the gates that fan-out asks, and puts their answer into words, with what would come were it not for the one that stops it. */
export function accountOf(facts: ReleaseFacts, nowMs: number, { isNow, decided }: Occasion): Account {
  const answer = decided ?? release(facts, nowMs);
  const when = isNow ? 'now' : `on ${clockIn(facts.zone, nowMs)}`;
  if (answer.kind !== 'stop') return { answer, sentence: `Yes: ${thenOf(answer, facts, when)}.` };
  const then = without(answer.reason, facts, nowMs);
  const isAlone = answer.reason === 'no_subscription';
  const otherwise = isAlone
    ? `With one: ${thenOf(then, { ...facts, deviceCount: 1 }, when)}`
    : `Without that: ${thenOf(then, facts, when)}`;
  return { answer, sentence: `No: ${whyOf(answer, facts)}. ${otherwise}.` };
}

/** The same user as though the gate that stopped it had let it go. */
function without(reason: Stop['reason'], facts: ReleaseFacts, nowMs: number): ReleaseAnswer {
  const { policy } = facts;
  switch (reason) {
    case 'cancelled':
    case 'local_time_passed':
    case 'missed':
      return release({ ...facts, turn: null }, nowMs);
    case 'no_subscription':
      return release({ ...facts, deviceCount: 1 }, nowMs);
    case 'opted_out':
      return release({ ...facts, policy: { ...policy, preference: 'required' } }, nowMs);
    case 'capped':
      return release({ ...facts, capUses: null }, nowMs);
    case 'holdout':
    case 'experiment_inconclusive':
      return release({ ...facts, lot: null }, nowMs);
    case 'render_failed':
      return release({ ...facts, renderFailure: null }, nowMs);
    default:
      return release({ ...facts, policy: { ...policy, overrides: [...policy.overrides, 'quiet_hours'] } }, nowMs);
  }
}

function thenOf(answer: ReleaseAnswer, facts: ReleaseFacts, when: string): string {
  switch (answer.kind) {
    case 'go':
      return `${when}${inExperiment(facts)}, on ${devicesIn(facts)}`;
    case 'hold': {
      const why = answer.because === 'paused' ? 'the user has paused' : 'quiet hours';
      return `held until ${clockIn(facts.zone, answer.untilMs)} (${why}), then on ${devicesIn(facts)}`;
    }
    case 'stop':
      return `still not: ${whyOf(answer, facts)}`;
  }
}

/** Which variant it is, or that it waits for a test. */
function inExperiment({ lot = null }: ReleaseFacts): string {
  if (lot?.kind === 'variant') return `, as variant \`${lot.variant.key}\` of the experiment \`${lot.experimentKey}\``;
  if (lot?.kind !== 'waiting') return '';
  const unless = lot.mayStop ? ', unless nothing can be said then' : '';
  return `, once the test of the experiment \`${lot.experimentKey}\` is decided${unless}`;
}

function whyOf({ reason, detail }: Stop, facts: ReleaseFacts): string {
  const { pattern = '', sinceMs = 0, untilMs = 0, limit = 0, perSeconds = 0 } = detail;
  const { zone, type, deadlineAtMs } = facts;
  switch (reason) {
    case 'cancelled':
      return 'somebody called it off before it came to this user';
    case 'local_time_passed':
      return `it was accepted after its time in ${zone}, and leaves out whose time has passed`;
    case 'missed':
      return 'Bellhop could not send it while it was worth sending';
    case 'no_subscription':
      return 'the user has no active device';
    case 'opted_out':
      return detail.pattern === undefined
        ? `\`${type}\` goes only to those who asked for it, and the user did not`
        : `opted out of \`${pattern}\` on ${dayIn(zone, sinceMs)}`;
    case 'paused':
      return `the user has paused until ${clockIn(zone, untilMs)}, and it is worth sending until ${clockIn(zone, deadlineAtMs)} only`;
    case 'quiet_hours':
      return `quiet hours until ${clockIn(zone, untilMs)}, and the type drops what comes into them`;
    case 'quiet_hours_past_deadline':
      return `quiet hours until ${clockIn(zone, untilMs)}, and it is worth sending until ${clockIn(zone, deadlineAtMs)} only`;
    case 'capped':
      return `no more than ${limit} of \`${pattern}\` in ${spanOf(perSeconds)}, and there were as many since ${clockIn(zone, sinceMs)}; the next may go at ${clockIn(zone, untilMs)}`;
    case 'holdout':
      return `the experiment \`${detail.experiment}\` keeps ${detail.percent} % of its users without it, and this is one of them`;
    case 'experiment_inconclusive':
      return `the test of the experiment \`${detail.experiment}\` had no winner on ${clockIn(zone, sinceMs)}, and the others get nothing then`;
    case 'render_failed':
      return `the text in \`${detail.locale}\` could not be made (${detail.problem})`;
  }
}

/** In the largest unit that fits: `24 hours`, `90 minutes`. */
function spanOf(seconds: number): string {
  const [unit, size] = SPANS.find(([, each]) => seconds % each === 0) ?? ['second', 1];
  const count = seconds / size;
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
}

const SPANS = [
  ['hour', 3600],
  ['minute', 60],
] as const;

function devicesIn({ deviceCount }: ReleaseFacts): string {
  return deviceCount === 1 ? '1 device' : `${deviceCount} devices`;
}

/** For example `3 May 2026, 07:00 (Europe/Berlin)`. */
function clockIn(zone: string, atMs: number): string {
  const [, time = ''] = wallText(zone, atMs).split('T');
  return `${dayIn(zone, atMs)}, ${time.slice(0, 5)} (${zone})`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dayIn(zone: string, atMs: number): string {
  const [date = ''] = wallText(zone, atMs).split('T');
  const [year, month, day] = date.split('-').map(Number);
  return `${day} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}

function wallText(zone: string, atMs: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: a given instant is written out, and no clock is read.
  return new Date(wallClockMs(zone, atMs)).toISOString();
}
