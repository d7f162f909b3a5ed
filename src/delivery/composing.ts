import type { RenderFailure } from '../domain/audience/release.ts';
import { ANYONE, type Compose } from '../domain/content/compose.ts';
import { RenderError } from '../domain/content/rendering.ts';
import { recipientOf, renderFailureOf } from '../domain/content/worded-terms.ts';
import { asVariant } from '../domain/experiment/variant-content.ts';
import { withReceiptToken } from '../domain/receipt/receipt-token.ts';
import type { Claimed } from '../store/delivery-store.ts';
import type { Wordings } from '../store/wordings.ts';

/** What a claimed delivery says: made when it is asked for, or why it cannot be made. */
export type Composed = { readonly failure: RenderFailure | null; readonly payload: () => string };

export type ComposingOptions = {
  readonly compose: Compose;
  readonly wordings: Pick<Wordings, 'rendererOf'>;
  /** The zone of users who have none. */
  readonly serverZone: string;
  /** Of a delivery, by which its device tells what became of it; null where none can be made. */
  readonly receiptToken?: (deliveryId: string) => string | null;
};

/** The payload of a claimed delivery. A text that is the same for all costs no turn of the event loop. */
export function composeClaimed(options: ComposingOptions, given: Claimed): Composed | Promise<Composed> {
  const { variant } = given.before;
  const claimed =
    variant === undefined ? given : { ...given, notification: asVariant(given.notification, variant.key) };
  const { notification } = claimed;
  if (notification.content.worded !== undefined) return composeWorded(options, claimed);
  return { failure: null, payload: () => forDelivery(options, claimed, options.compose(notification, ANYONE).text) };
}

/** What devices share, with what this one alone has: nothing, where nothing is tracked. */
function forDelivery({ receiptToken }: ComposingOptions, { notification, before }: Claimed, text: string): string {
  if (notification.content.tracking === undefined) return text;
  return withReceiptToken(text, receiptToken?.(before.id) ?? '');
}

async function composeWorded(options: ComposingOptions, claimed: Claimed): Promise<Composed> {
  const { compose, wordings, serverZone } = options;
  const { notification, subscription, person, before } = claimed;
  if (subscription === null) return { failure: null, payload: () => '' };
  const recipient = recipientOf(subscription, person, before.values ?? null, serverZone);
  try {
    const renderer = await wordings.rendererOf(notification);
    if (renderer === null)
      return { failure: null, payload: () => forDelivery(options, claimed, compose(notification, recipient).text) };
    const failure = renderFailureOf(compose, notification, recipient, renderer);
    return { failure, payload: () => forDelivery(options, claimed, compose(notification, recipient, renderer).text) };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { failure: { locale: error.locale, problem: error.message }, payload: () => '' };
  }
}
