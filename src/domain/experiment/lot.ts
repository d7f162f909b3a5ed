import type { Notification } from '../notification/notification.ts';
import { comesAtMs } from '../notification/send-at.ts';
import { assign } from './assignment.ts';
import type { DeliveryVariant, ExperimentOutcome } from './experiment.ts';

/**
 * What the experiment of a notification has for a user. `waiting`: until its test is decided. `stopped`: nothing could be said when it
 * was, so those who waited get nothing.
 */
export type Lot =
  | { readonly kind: 'variant'; readonly experimentKey: string; readonly variant: DeliveryVariant }
  | { readonly kind: 'holdout'; readonly experimentKey: string; readonly percent: number }
  | { readonly kind: 'waiting'; readonly experimentKey: string; readonly mayStop: boolean }
  | { readonly kind: 'stopped'; readonly experimentKey: string; readonly sinceMs: number };

type InExperiment = Pick<Notification, 'content' | 'decided'>;

/** Null where the notification has no experiment. Fan-out, `explain` and the dry run ask this. */
export function lotOf({ content: { experiment }, decided }: InExperiment, userId: string): Lot | null {
  if (experiment === undefined) return null;
  const { key: experimentKey, holdoutPercent: percent, ifInconclusive } = experiment;
  const assignment = assign(experiment, userId);
  if (assignment.kind === 'holdout') return { kind: 'holdout', experimentKey, percent };
  if (assignment.kind === 'variant') {
    return { kind: 'variant', experimentKey, variant: { key: assignment.key, experimentKey } };
  }
  if (decided === undefined) return { kind: 'waiting', experimentKey, mayStop: ifInconclusive === 'stop' };
  if (decided.sends === null) return { kind: 'stopped', experimentKey, sinceMs: decided.atMs };
  return { kind: 'variant', experimentKey, variant: { key: decided.sends } };
}

/**
 * Which variant a user gets who is let go; null where there are none. Nobody who waits is let go by a fan-out: a dry run and `explain` take
 * the heaviest for what they will get.
 */
export function variantIn(notification: InExperiment, lot: Lot | null): DeliveryVariant | null {
  if (lot === null) return null;
  return lot.kind === 'variant' ? lot.variant : { key: heaviestOf(notification) };
}

/** The first of those with the most weight; of none, nothing. */
function heaviestOf({ content: { experiment } }: Pick<Notification, 'content'>): string {
  const variants = experiment?.variants ?? [];
  const most = Math.max(...variants.map(({ weight }) => weight));
  return variants.find(({ weight }) => weight === most)?.key ?? '';
}

/** When the test of a notification goes out; null where it has none. */
export function testAtMs({ content, sendAt, acceptedAtMs }: Notification): number | null {
  const { experiment } = content;
  if ((experiment?.testPercent ?? null) === null || sendAt?.kind !== 'instant') return null;
  return Math.max(sendAt.atMs, acceptedAtMs);
}

/** When the test of a notification is decided, as far as is known: some time after it began to go out. Null without one. */
export function decidesAtMs(notification: Notification): number | null {
  const testedAtMs = testAtMs(notification);
  if (testedAtMs === null) return null;
  const { dueAtMs, content, decided, cancelledAtMs } = notification;
  if (decided !== undefined) return decided.atMs;
  const isUnderWay = cancelledAtMs === null && dueAtMs !== null && dueAtMs > testedAtMs;
  return isUnderWay ? dueAtMs : testedAtMs + (content.experiment?.decideAfterSeconds ?? 0) * 1000;
}

/** When it comes, or came, to a user who lives by this zone: to those who wait for a test, once that is decided. */
export function comesToAtMs(notification: Notification, userId: string, zone: string, nowMs: number): number {
  const atMs = comesAtMs(notification, zone, nowMs);
  if (lotOf(notification, userId)?.kind !== 'waiting') return atMs;
  return Math.max(atMs, decidesAtMs(notification) ?? atMs);
}

/** Whether the wave that is due is that of those who wait, and nothing is decided yet. */
export function isToDecide(notification: Notification): boolean {
  const testedAtMs = testAtMs(notification);
  const { dueAtMs, decided } = notification;
  return testedAtMs !== null && decided === undefined && dueAtMs !== null && dueAtMs > testedAtMs;
}

/** What is decided of a test when its time has come: whoever waits gets the winner, or else what was asked for. */
export function outcomeOf(notification: Notification, winner: string | null, atMs: number): ExperimentOutcome {
  if (winner !== null) return { winner, sends: winner, atMs };
  const stops = notification.content.experiment?.ifInconclusive !== 'send_heaviest';
  return { winner, sends: stops ? null : heaviestOf(notification), atMs };
}
