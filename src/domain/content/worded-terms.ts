import type { Member } from '../audience/audience.ts';
import type { WordedTerms } from '../audience/fan-out.ts';
import type { RenderFailure } from '../audience/release.ts';
import { MAX_PAYLOAD_OCTETS, type PayloadSource } from '../notification/notification.ts';
import { type Person, zoneOf } from '../user/person.ts';
import type { Compose, Recipient } from './compose.ts';
import { type Renderer, textFor } from './renderer.ts';
import { RenderError } from './rendering.ts';
import type { Values } from './wording.ts';

export type Composing = { readonly compose: Compose; readonly serverZone: string };

/** A device and its user as a payload depends on them. */
export function recipientOf(
  device: { readonly userId: string; readonly locale: string | null },
  person: Person,
  values: Values | null,
  serverZone: string,
): Recipient {
  const { userId, locale } = device;
  return {
    userId,
    values,
    deviceLocale: locale,
    userLocale: person.user?.locale ?? null,
    zone: zoneOf(person, serverZone),
  };
}

/** Why a payload cannot be made; null where it can. Fan-out, `explain` and each claim of a delivery ask this. */
export function renderFailureOf(
  compose: Compose,
  notification: PayloadSource,
  recipient: Recipient,
  renderer: Renderer,
): RenderFailure | null {
  try {
    const { octets } = compose(notification, recipient, renderer);
    if (octets <= MAX_PAYLOAD_OCTETS) return null;
    return { locale: textFor(renderer, recipient).locale, problem: `it would be ${octets} octets` };
  } catch (error) {
    if (error instanceof RenderError) return { locale: error.locale, problem: error.message };
    throw error;
  }
}

/** How a page of users is planned for a notification whose text is made for each recipient. */
export function wordedTerms(
  { compose, serverZone }: Composing,
  notification: PayloadSource,
  renderer: Renderer,
  valuesOf: WordedTerms['valuesOf'],
): WordedTerms {
  const failureFor = ({ devices, person, userId }: Member): RenderFailure | null => {
    let failure: RenderFailure | null = null;
    for (const device of devices) {
      const recipient = recipientOf(device, person, valuesOf(userId), serverZone);
      failure = renderFailureOf(compose, notification, recipient, renderer);
      if (failure === null) return null;
    }
    return failure;
  };
  return { valuesOf, failureFor };
}
