import { createHmac, timingSafeEqual } from 'node:crypto';
import type { LiveApiKeys } from './api-keys.ts';

/** Text that a browser keeps for this server: signed, so that a browser cannot make one up. */
export type ValueSigner = {
  /** The text, a dot and 43 characters of base64url. */
  sign(text: string): string;
  /** The text; null where no live secret signed it, for this purpose. */
  verify(signed: string): string | null;
};

/** Signs with a key that is derived from an API secret for one purpose, so that it is good for nothing else. */
export function createValueSigner(keys: LiveApiKeys, purpose: string): ValueSigner {
  const macOf = (secret: string, text: string): string => {
    const derived = createHmac('sha256', secret).update(`bellhop value ${purpose}`).digest();
    return createHmac('sha256', derived).update(text).digest('base64url');
  };
  return {
    sign(text) {
      const [key] = keys();
      if (key === undefined) throw new Error('there is no API key to sign with');
      return `${text}.${macOf(key.secret, text)}`;
    },
    verify(signed) {
      const dot = signed.lastIndexOf('.');
      if (dot === -1) return null;
      const [text, mac] = [signed.slice(0, dot), Buffer.from(signed.slice(dot + 1))];
      const isSigned = keys().some(({ secret }) => {
        const expected = Buffer.from(macOf(secret, text));
        return expected.length === mac.length && timingSafeEqual(expected, mac);
      });
      return isSigned ? text : null;
    },
  };
}
