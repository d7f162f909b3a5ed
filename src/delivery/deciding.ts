import type { Events } from '../domain/events.ts';
import { decide } from '../domain/experiment/decision.ts';
import { isToDecide, outcomeOf } from '../domain/experiment/lot.ts';
import { resultsOf } from '../domain/experiment/results.ts';
import type { ExperimentStore } from '../store/experiment-store.ts';
import type { FanOut } from '../store/fan-out-store.ts';

export type DecidingOptions = {
  readonly store: { readonly experiments: Pick<ExperimentStore, 'counts' | 'decide'> };
  readonly events: Pick<Events, 'publish'>;
};

/**
 * A fan-out once the test of its notification is decided, if that is due: by what the store has counted until now. Of several who come to it
 * the first decides. Null where it was called off meanwhile.
 */
export async function decidedFanOut(
  { store, events }: DecidingOptions,
  fanOut: FanOut,
  nowMs: number,
): Promise<FanOut | null> {
  const { notification } = fanOut;
  const { experiment } = notification.content;
  if (experiment === undefined || notification.dueAtMs === null || !isToDecide(notification)) return fanOut;
  const decision = decide(resultsOf(experiment, await store.experiments.counts(experiment.key)));
  const winner = decision.kind === 'winner' ? decision.key : null;
  const found = await store.experiments.decide({
    experimentKey: experiment.key,
    notificationId: notification.id,
    waveAtMs: notification.dueAtMs,
    outcome: outcomeOf(notification, winner, nowMs),
  });
  if (found === null) return null;
  const { outcome, isNew } = found;
  const about = { experimentKey: experiment.key, notificationId: notification.id };
  if (isNew) events.publish({ type: 'experiment.decided', ...about, winner: outcome.winner, sends: outcome.sends });
  return { ...fanOut, notification: { ...notification, decided: outcome } };
}
