import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../../src/access/api-keys.ts';
import { createReceiptTokens } from '../../src/access/receipt-tokens.ts';
import { TOKEN_PLACE, withReceiptToken } from '../../src/domain/receipt/receipt-token.ts';
import { sampleDelivery, sampleNotification, sampleSubscription } from '../support/samples.ts';

const key = (secret: string, scopes: ApiKey['scopes'] = ['send']): ApiKey => ({ id: 'default', secret, scopes });
const delivery = () => sampleDelivery(sampleNotification(), sampleSubscription()).id;

describe('receipt tokens', () => {
  it('say their delivery to whoever has the secret, also while it is rotated', () => {
    let keys = [key('first secret')];
    const tokens = createReceiptTokens(() => keys);
    const id = delivery();
    const old = tokens.make(id) ?? '';
    expect(tokens.verify(old)).toBe(id);
    keys = [key('second secret'), ...keys];
    expect([tokens.verify(old), tokens.verify(tokens.make(id) ?? '')]).toEqual([id, id]);
    keys = [key('second secret')];
    expect(tokens.verify(old)).toBeNull();
  });

  it('are made and taken with keys that may send alone', () => {
    const reader = createReceiptTokens(() => [key('a secret', ['read'])]);
    const sender = createReceiptTokens(() => [key('a secret')]);
    expect(reader.make(delivery())).toBeNull();
    expect(reader.verify(sender.make(delivery()) ?? '')).toBeNull();
  });

  it('are good for nothing when anything of them is changed, cut or made up', () => {
    const tokens = createReceiptTokens(() => [key('a secret')]);
    const token = tokens.make(delivery()) ?? '';
    const foreign = createReceiptTokens(() => [key('another secret')]).make(delivery()) ?? '';
    expect(tokens.verify(foreign)).toBeNull();
    const [version, , mac] = token.split('.');
    expect(tokens.verify(`${version}.${delivery().slice(4)}.${mac}`)).toBeNull();
    for (let cut = 0; cut < token.length; cut += 1) expect(tokens.verify(token.slice(0, cut))).toBeNull();
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        const changed = `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
        expect(tokens.verify(changed)).toBe(changed === token ? tokens.verify(token) : null);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => tokens.verify(text) === null));
  });

  it('are as long as the place that a payload keeps for one', () => {
    const token = createReceiptTokens(() => [key('a secret')]).make(delivery()) ?? '';
    expect(token).toHaveLength(TOKEN_PLACE.length);
    expect(withReceiptToken(`{"a":"${TOKEN_PLACE}"}`, token)).toBe(`{"a":"${token}"}`);
  });
});
