import { MAX_PAYLOAD_OCTETS, type PayloadSource } from '../notification/notification.ts';
import type { Reader } from './locale-choice.ts';
import { type Payload, payloadOf } from './payload.ts';
import { type Renderer, renderText, textFor } from './renderer.ts';
import type { Values } from './wording.ts';

/** What a payload may depend on: what a person reads, where they live, and their own values of the notification’s variables. */
export type Recipient = Reader & {
  readonly userId: string;
  readonly zone: string;
  readonly values: Values | null;
};

/**
 * Makes the payload of a notification for one recipient: the one way to a payload, to send it or to measure it. `renderer` is that
 * of a notification whose text is made for each recipient, and null for all others. Throws `RenderError`.
 */
export type Compose = (notification: PayloadSource, recipient: Recipient, renderer?: Renderer | null) => Payload;

/** A recipient of whom nothing is known: a notification is measured before its recipients are looked up. */
export const ANYONE: Recipient = { userId: '', deviceLocale: null, userLocale: null, zone: 'UTC', values: null };

/** A payload has 4 KB at most. More notifications than this are seldom sent side by side. */
const MOST_KEPT = 256;

/**
 * Composes payloads, and keeps the newest, so that what recipients share is made once: for all devices of a notification, or
 * for all that read the same locale, and for its measurement at acceptance. `siteUrl` and `publicUrl` as for `payloadOf`.
 */
export function createComposer(siteUrl: string | null, publicUrl: string | null = null): Compose {
  const kept = new Map<string, Payload>();
  const keptOr = (key: string, make: () => Payload): Payload => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const payload = make();
    // A payload that is too large is refused: nobody asks for it again, and its size has no bound.
    if (payload.octets > MAX_PAYLOAD_OCTETS) return payload;
    if (kept.size >= MOST_KEPT) kept.delete(oldestOf(kept));
    kept.set(key, payload);
    return payload;
  };
  return (notification, recipient, renderer = null) => {
    const id = sourceIdOf(notification);
    if (renderer === null) return keptOr(id, () => payloadOf(notification, siteUrl, publicUrl));
    const { userId, zone, values } = recipient;
    const text = textFor(renderer, recipient);
    const key = [id, text.locale, text.isZoned ? zone : '', values === null ? '' : userId].join('\n');
    return keptOr(key, () =>
      payloadOf(
        { ...notification, content: renderText(renderer, text, notification.content, values, zone) },
        siteUrl,
        publicUrl,
      ),
    );
  };
}

/** What makes a content known: of a notification, or of one of its variants. No id and no key has a space. */
export function sourceIdOf({ id, content: { variant } }: Pick<PayloadSource, 'id' | 'content'>): string {
  return variant === undefined ? id : `${id} ${variant}`;
}

function oldestOf(kept: ReadonlyMap<string, Payload>): string {
  const [oldest = ''] = kept.keys();
  return oldest;
}
