import type { WordedTerms } from '../domain/audience/fan-out.ts';
import { RenderError } from '../domain/content/rendering.ts';
import { type Composing, wordedTerms } from '../domain/content/worded-terms.ts';
import { lotOf, variantIn } from '../domain/experiment/lot.ts';
import { asVariant } from '../domain/experiment/variant-content.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Wordings } from './wordings.ts';

export type WordedPlanOptions = Composing & { readonly wordings: Pick<Wordings, 'rendererOf'> };

/** How users are planned for a notification, each by the variant that is theirs; null where its text is the same for all. */
export async function wordedPlan(
  options: WordedPlanOptions,
  notification: Notification,
  valuesOf: WordedTerms['valuesOf'],
): Promise<WordedTerms | null> {
  const { experiment } = notification.content;
  if (experiment === undefined) return planOf(options, notification, valuesOf);
  const plans = new Map<string, WordedTerms | null>();
  for (const { key } of experiment.variants)
    plans.set(key, await planOf(options, asVariant(notification, key), valuesOf));
  const failureFor: WordedTerms['failureFor'] = (member) => {
    const variant = variantIn(notification, lotOf(notification, member.userId));
    return plans.get(variant?.key ?? '')?.failureFor(member) ?? null;
  };
  return { valuesOf, failureFor };
}

/** How users are planned for what is said in one way; null where its text is the same for all. A wording that cannot be read suppresses everyone. */
async function planOf(
  options: WordedPlanOptions,
  notification: Notification,
  valuesOf: WordedTerms['valuesOf'],
): Promise<WordedTerms | null> {
  try {
    const renderer = await options.wordings.rendererOf(notification);
    return renderer === null ? null : wordedTerms(options, notification, renderer, valuesOf);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    const failure = { locale: error.locale, problem: error.message };
    return { valuesOf, failureFor: () => failure };
  }
}
