import { AppError } from '../domain/app-error.ts';
import type { ExperimentTerms } from '../domain/experiment/experiment.ts';
import { testAtMs } from '../domain/experiment/lot.ts';
import { experimentUse, termsText } from '../domain/experiment/terms.ts';
import { deadlineAtMs, type Notification } from '../domain/notification/notification.ts';
import type { ExperimentStore } from '../store/experiment-store.ts';

export type ExperimentCheckOptions = { readonly store: { readonly experiments: Pick<ExperimentStore, 'get'> } };

/** Throws `invalid_experiment`, and `experiment_key_used` where the key is another’s. */
export async function checkExperiment({ store }: ExperimentCheckOptions, notification: Notification): Promise<void> {
  const { content, sendAt } = notification;
  const { experiment, tracking = [] } = content;
  if (experiment === undefined) return;
  if (!tracking.includes(experiment.metric)) {
    const words = `Nobody will be told of it: devices are not asked to tell “${experiment.metric}”. TRACKING, the type and \`tracking\` say what they are asked for.`;
    throw refused('experiment.metric', words);
  }
  if (experiment.testPercent !== null) demandTime(experiment, notification);
  if (experiment.testPercent !== null && sendAt?.kind === 'local') {
    throw refused(
      'experiment.test_percent',
      'A test begins at one instant: send it at once or at a `send_at` that is one, or leave `test_percent` out.',
    );
  }
  const known = await store.experiments.get(experiment.key);
  const use = experimentUse(notification);
  if (known === null || use === null) return;
  const isSame = termsText(known.terms) === use.terms && known.notificationId === null && use.notificationId === null;
  if (!isSame) throw experimentUsed(notification);
}

/** The others get theirs before it is too late for everyone. */
function demandTime({ decideAfterSeconds }: ExperimentTerms, notification: Notification): void {
  const decidedAtMs = (testAtMs(notification) ?? notification.acceptedAtMs) + (decideAfterSeconds ?? 0) * 1000;
  if (decidedAtMs < deadlineAtMs(notification)) return;
  const words = `It is worth sending for ${notification.ttlSeconds} seconds, and so must be decided before.`;
  throw refused('experiment.decide_after_seconds', words);
}

/** Of a notification whose experiment has the key of another. */
export function experimentUsed({ content }: Notification): AppError {
  const { key, testPercent } = content.experiment ?? { key: '', testPercent: null };
  const why =
    testPercent === null
      ? 'was begun with other variants, weights, percentages or another metric, or with a test'
      : 'was begun already, and a test is of one notification';
  const words = `The experiment “${key}” ${why}. GET /v1/experiments/${key} shows it. Use another key.`;
  return new AppError('experiment_key_used', words, { experiment: key });
}

/** What a schedule sends again and again can be tested with no decision. Throws `invalid_experiment`. */
export function refuseTest({ content }: Notification): void {
  if ((content.experiment?.testPercent ?? null) === null) return;
  const words = 'A schedule sends again and again, and a test is decided once. Leave `test_percent` out.';
  throw refused('experiment.test_percent', words);
}

function refused(path: string, words: string): AppError {
  return new AppError('invalid_experiment', words, { path });
}
