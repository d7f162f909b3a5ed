import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  RECEIPT_MAC_LENGTH,
  readReceiptToken,
  signedTextOf,
  writeReceiptToken,
} from '../domain/receipt/receipt-token.ts';
import type { ApiKey, LiveApiKeys } from './api-keys.ts';

/** Tokens by which a device tells what became of a delivery. */
export type ReceiptTokens = {
  /** Null where no API key of this server may send. */
  make(deliveryId: string): string | null;
  /** The delivery that a token is of; null where no live secret made it. */
  verify(token: string): string | null;
};

/** More secrets are seldom live at once. */
const MOST_DERIVED = 64;

/**
 * Signs with a key that is derived from the newest secret of a key that may send, so that it is good for nothing else. While a
 * secret is rotated, tokens of the former one go on counting; after that, what they tell is dropped.
 */
export function createReceiptTokens(keys: LiveApiKeys): ReceiptTokens {
  const derived = new Map<string, Buffer>();
  const derivedOf = ({ secret }: ApiKey): Buffer => {
    const known = derived.get(secret);
    if (known !== undefined) return known;
    const made = createHmac('sha256', secret).update('bellhop receipt').digest();
    if (derived.size >= MOST_DERIVED) derived.clear();
    derived.set(secret, made);
    return made;
  };
  const macOf = (key: ApiKey, deliveryId: string): string =>
    createHmac('sha256', derivedOf(key))
      .update(signedTextOf(deliveryId))
      .digest('base64url')
      .slice(0, RECEIPT_MAC_LENGTH);
  const mayMake = ({ scopes }: ApiKey): boolean => scopes.includes('send');
  return {
    make(deliveryId) {
      const key = keys().find(mayMake);
      return key === undefined ? null : writeReceiptToken(deliveryId, macOf(key, deliveryId));
    },
    verify(token) {
      const read = readReceiptToken(token);
      if (read === null) return null;
      const given = Buffer.from(read.mac);
      const isMade = keys().some((key) => {
        const made = Buffer.from(macOf(key, read.deliveryId));
        return mayMake(key) && made.length === given.length && timingSafeEqual(made, given);
      });
      return isMade ? read.deliveryId : null;
    },
  };
}
