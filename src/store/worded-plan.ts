import type { WordedTerms } from '../domain/audience/fan-out.ts';
import { RenderError } from '../domain/content/rendering.ts';
import { type Composing, wordedTerms } from '../domain/content/worded-terms.ts';
import type { Notification } from '../domain/notification/notification.ts';
import type { Wordings } from './wordings.ts';

export type WordedPlanOptions = Composing & { readonly wordings: Pick<Wordings, 'rendererOf'> };

/** How users are planned for a notification; null where its text is the same for all. A wording that cannot be read suppresses everyone. */
export async function wordedPlan(
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
