import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { makeCertificate } from '../../src/emulator/certificates.ts';

describe('parseConfig', () => {
  it.each(['no PEM', '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n'])(
    'refuses a CA file that holds no usable certificate: %j',
    (text) => {
      expect(() => parseConfig({ PUSH_CA_FILE: '/ca.pem' }, () => text)).toThrow(/no PEM certificate/);
    },
  );

  it('refuses a CA file whose last certificate is cut off', async () => {
    const { caPem } = await makeCertificate();
    const text = caPem + caPem.slice(0, 200);
    expect(() => parseConfig({ PUSH_CA_FILE: '/ca.pem' }, () => text)).toThrow(/one that is damaged/);
  });
});
