import { ID_PREFIXES, isDeliveryId } from '../ids.ts';

/** Of the form of a token: another form gets another number, and this one is understood as long as its pushes may come. */
const VERSION = 'r1';
/** 128 bits of an HMAC-SHA256, in base64url. */
export const RECEIPT_MAC_LENGTH = 22;
const DELIVERY_PART_LENGTH = 53;
const TOKEN_LENGTH = VERSION.length + DELIVERY_PART_LENGTH + RECEIPT_MAC_LENGTH + 2;

/**
 * Stands in a payload for the token of a delivery. It is as long as a token, so that a payload is measured, and kept, once for all
 * devices.
 */
export const TOKEN_PLACE = `${VERSION}.`.padEnd(TOKEN_LENGTH, '~');

/** The text whose MAC a token has: of its own version, so that a later one cannot pass for this. */
export function signedTextOf(deliveryId: string): string {
  return `${VERSION} ${deliveryId}`;
}

/** The token of a delivery. */
export function writeReceiptToken(deliveryId: string, mac: string): string {
  return `${VERSION}.${deliveryId.slice(ID_PREFIXES.delivery.length)}.${mac}`;
}

/** What a token says; null where it has not the form of one. Nothing is verified. */
export function readReceiptToken(token: string): { readonly deliveryId: string; readonly mac: string } | null {
  if (token.length !== TOKEN_LENGTH) return null;
  const [version, delivery, mac, ...rest] = token.split('.');
  if (version !== VERSION || delivery === undefined || mac?.length !== RECEIPT_MAC_LENGTH || rest.length > 0)
    return null;
  const deliveryId = `${ID_PREFIXES.delivery}${delivery}`;
  return isDeliveryId(deliveryId) ? { deliveryId, mac } : null;
}

/** The payload of one delivery, from that which all devices share. An empty token where there is none to give. */
export function withReceiptToken(text: string, token: string): string {
  return text.replaceAll(TOKEN_PLACE, token);
}
