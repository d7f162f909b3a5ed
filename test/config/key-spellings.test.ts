import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { noFile, problemsOf } from './problems-of.ts';

describe('keys and secrets as other tools write them', () => {
  it('reads a VAPID pair in the forms of other tools, and keeps one form', () => {
    const vapid = generateVapidKeys();
    const [point, scalar] = [Buffer.from(vapid.publicKey, 'base64url'), Buffer.from(vapid.privateKey, 'base64url')];
    const spellings = [
      [`${vapid.publicKey}=`, `${vapid.privateKey}=`],
      [point.toString('base64'), scalar.toString('base64')],
      [point.toString('hex'), scalar.toString('hex')],
    ] as const;
    for (const [publicKey, privateKey] of spellings) {
      const own = { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey };
      expect(parseConfig({ ...own, VAPID_OLD_KEYS: `${publicKey} : ${privateKey},` }, noFile)).toMatchObject({
        vapidKeys: vapid,
        olderVapidKeys: [vapid],
      });
    }
  });

  it('tells the public key that belongs to a private key alone', () => {
    const vapid = generateVapidKeys();
    const [problem] = problemsOf({ VAPID_PRIVATE_KEY: vapid.privateKey });
    expect(problem).toContain(`VAPID_PUBLIC_KEY is missing`);
    expect(problem).toContain(vapid.publicKey);
    expect(problem).not.toContain(vapid.privateKey);
  });

  it('takes API secrets without the white space around them', () => {
    const secret = '0123456789abcdef0123456789abcdef';
    const file = `\ufeffboard : ${secret}b \r\n`;
    const environment = { HMAC_SECRET: ` ${secret}\n`, API_KEYS: `shop : ${secret}a\t,`, API_KEYS_FILE: '/keys' };
    const { apiKeys } = parseConfig(environment, () => file);
    expect(apiKeys.map((key) => [key.id, key.secret])).toEqual([
      ['default', secret],
      ['shop', `${secret}a`],
      ['board', `${secret}b`],
    ]);
  });

  it('reads a PEM from the file that VAPID_PRIVATE_KEY_FILE names', () => {
    const vapid = generateVapidKeys();
    const point = Buffer.from(vapid.publicKey, 'base64url');
    const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
    const key = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d: vapid.privateKey }, format: 'jwk' });
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const environment = { VAPID_PUBLIC_KEY: vapid.publicKey, VAPID_PRIVATE_KEY_FILE: '/run/secrets/vapid.pem' };
    expect(parseConfig(environment, () => pem).vapidKeys).toEqual(vapid);
  });
});
