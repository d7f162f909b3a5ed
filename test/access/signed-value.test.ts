import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ApiKey, SCOPES } from '../../src/access/api-keys.ts';
import { createValueSigner } from '../../src/access/signed-value.ts';

const key = (secret: string): ApiKey => ({ id: 'default', secret, scopes: SCOPES });
const [OLD, NEW] = [key('the-old-secret-the-old-secret-xx'), key('the-new-secret-the-new-secret-xx')];

describe('a signed value', () => {
  it('is read as it was given', () => {
    const signer = createValueSigner(() => [NEW], 'test');
    for (const text of ['', 'a', 'a.b.c', 'ü']) expect(signer.verify(signer.sign(text))).toBe(text);
  });

  it('holds as long as the secret that signed it is live', () => {
    let keys = [OLD];
    const signer = createValueSigner(() => keys, 'test');
    const signed = signer.sign('a');
    keys = [NEW, OLD];
    expect(signer.verify(signed)).toBe('a');
    keys = [NEW];
    expect(signer.verify(signed)).toBeNull();
  });

  it('is good for its purpose alone', () => {
    const signed = createValueSigner(() => [NEW], 'one').sign('a');
    expect(createValueSigner(() => [NEW], 'other').verify(signed)).toBeNull();
    expect(signed).not.toContain(createHmac('sha256', NEW.secret).update('a').digest('base64url'));
  });

  it.each(['', 'a', 'a.', '.', 'a.x', `a.${'A'.repeat(43)}`])('is not %j', (text) => {
    expect(createValueSigner(() => [NEW], 'test').verify(text)).toBeNull();
  });

  it('needs a key', () => {
    expect(() => createValueSigner(() => [], 'test').sign('a')).toThrow(/no API key/);
  });
});
