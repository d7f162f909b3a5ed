import { deadlineAtMs, type Notification } from '../notification/notification.ts';
import type { ExperimentTerms, VariantCounts } from './experiment.ts';

/** What the commit that accepts a notification keeps of its experiment. */
export type ExperimentUse = {
  readonly key: string;
  /** JSON. Whoever uses the key again has to say the very same. */
  readonly terms: string;
  /** The notification whose test it is: nobody else may use the key then. Null without a test. */
  readonly notificationId: string | null;
  readonly atMs: number;
  readonly untilMs: number;
};

/** Null where the notification has no experiment. */
export function experimentUse(notification: Notification): ExperimentUse | null {
  const { id, content, acceptedAtMs: atMs } = notification;
  const { experiment } = content;
  if (experiment === undefined) return null;
  const notificationId = experiment.testPercent === null ? null : id;
  const untilMs = deadlineAtMs(notification);
  return { key: experiment.key, terms: termsText(experiment), notificationId, atMs, untilMs };
}

/** In one order of its fields, so that the same is known as the same. What variants say may differ from one notification to another. */
export function termsText(terms: ExperimentTerms): string {
  const { key, holdoutPercent, testPercent, variants, decideAfterSeconds, metric, ifInconclusive } = terms;
  const weighted = variants.map((variant) => ({ key: variant.key, weight: variant.weight }));
  return JSON.stringify({
    key,
    holdoutPercent,
    testPercent,
    variants: weighted,
    decideAfterSeconds,
    metric,
    ifInconclusive,
  } satisfies ExperimentTerms);
}

export function readTerms(text: string): ExperimentTerms {
  return JSON.parse(text) as ExperimentTerms;
}

export const NO_COUNTS: VariantCounts = { users: 0, delivered: 0, shown: 0, clicked: 0 };
