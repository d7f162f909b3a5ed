import { Buffer } from 'node:buffer';
import { MAX_PAYLOAD_OCTETS, type PayloadSource, SAFE_PAYLOAD_OCTETS } from '../notification/notification.ts';
import { TOKEN_PLACE } from '../receipt/receipt-token.ts';
import { declarativeForm } from './declarative-push.ts';
import { toldByLink } from './told-link.ts';

/** The JSON text that a device decrypts, and its size. */
export type Payload = { readonly text: string; readonly octets: number };

/**
 * What a device is sent: fields for a service worker, and beside them, where there is a `url` that can be made absolute,
 * the declarative form. That form is left out where it alone would take the payload across a limit: a message that reaches
 * every browser's worker is worth more than a message that some browsers show without a worker.
 * `siteUrl` is the origin that paths belong to, and `publicUrl` where browsers reach this service, without a slash at its end; null
 * where it is not known. The topic is the `tag`, so that a newer notification takes an older one's place on the screen, too.
 */
export function payloadOf(source: PayloadSource, siteUrl: string | null, publicUrl: string | null = null): Payload {
  const fields = workerFields(source);
  const plain = measured(JSON.stringify(fields));
  const declarative = declarativeForm(source, siteUrl);
  const untold = declarative === null ? plain : larger(plain, { ...declarative, ...fields });
  const { tracking = [] } = source.content;
  if (tracking.length === 0) return untold;
  const receipt = { token: TOKEN_PLACE, events: tracking };
  const hasDeclarative = declarative !== null && untold !== plain;
  const told = larger(untold, { ...(hasDeclarative && declarative), ...fields, receipt });
  const mayLead = hasDeclarative && siteUrl !== null && publicUrl !== null;
  if (!mayLead || told === untold || !tracking.includes('clicked')) return told;
  return larger(told, { ...toldByLink(declarative, siteUrl, publicUrl), ...fields, receipt });
}

/** With what is good to have beside it, where that crosses no limit. */
function larger(needed: Payload, whole: object): Payload {
  const payload = measured(JSON.stringify(whole));
  const limit = needed.octets <= SAFE_PAYLOAD_OCTETS ? SAFE_PAYLOAD_OCTETS : MAX_PAYLOAD_OCTETS;
  return payload.octets <= limit ? payload : needed;
}

/** The field that takes most of a payload, for an error a caller can act on. */
export function largestFieldOf(source: PayloadSource): string {
  const sizes = Object.entries({ ...source.content, topic: source.topic ?? undefined })
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => ({ field, octets: octetsOf(JSON.stringify(value)) }));
  return sizes.reduce((a, b) => (b.octets > a.octets ? b : a)).field;
}

/** `app_badge` is at the very place where the declarative form has it, too. */
function workerFields({ id, content, topic }: PayloadSource) {
  return {
    notification_id: id,
    type: content.type,
    title: content.title,
    body: content.body,
    icon: content.icon,
    image: content.image,
    badge: content.badge,
    url: content.url,
    open_in: content.openIn,
    actions: content.actions,
    tag: topic ?? undefined,
    locale: content.locale,
    dir: content.dir,
    require_interaction: content.requireInteraction,
    silent: content.silent,
    vibrate: content.vibrate,
    renotify: content.renotify,
    timestamp: content.timestampMs,
    app_badge: content.appBadge,
    data: content.data,
  };
}

function measured(text: string): Payload {
  return { text, octets: octetsOf(text) };
}

function octetsOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
