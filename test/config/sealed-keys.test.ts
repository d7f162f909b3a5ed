import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepKeys, sealKeys, unsealKeys } from '../../src/config/sealed-keys.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';

const PASSPHRASE = 'correct horse battery';
const current = generateVapidKeys();
const older = generateVapidKeys();
const set = generateVapidKeys();

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellhop-sealed-'));
  writeFileSync(join(dataDir, 'vapid.json'), JSON.stringify({ ...current, older: [older] }), { mode: 0o600 });
  writeFileSync(join(dataDir, 'hmac-secret'), 'a secret of the service\n', { mode: 0o600 });
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const settings = () => ({ dataDir, vapidKeys: null, olderVapidKeys: [] });

describe('sealed keys', () => {
  it('are opened with their passphrase: every pair, and the API secret', async () => {
    const sealed = await sealKeys({ ...settings(), vapidKeys: set }, PASSPHRASE);
    for (const secret of [current.privateKey, set.privateKey, 'a secret of']) expect(sealed).not.toContain(secret);
    expect(JSON.parse(sealed).format).toBe('bellhop-keys-1');
    const files = await unsealKeys(sealed, PASSPHRASE);
    expect(files['hmac-secret']).toBe('a secret of the service\n');
    expect(JSON.parse(files['vapid.json'] ?? '')).toEqual({ ...set, older: [current, older] });
  });

  it('say so where the passphrase is another, or somebody changed them', async () => {
    const sealed = await sealKeys(settings(), PASSPHRASE);
    await expect(unsealKeys(sealed, `${PASSPHRASE}!`)).rejects.toThrow(/passphrase is not the one/);
    const parts = JSON.parse(sealed);
    const changed = JSON.stringify({ ...parts, sealed: Buffer.from('other').toString('base64') });
    await expect(unsealKeys(changed, PASSPHRASE)).rejects.toThrow(/passphrase is not the one/);
    await expect(unsealKeys(JSON.stringify({ ...parts, format: 'x' }), PASSPHRASE)).rejects.toThrow(/form/);
  });

  it('are not made with a passphrase that can be guessed, or of nothing', async () => {
    await expect(sealKeys(settings(), 'short')).rejects.toThrow(/fewer than 12/);
    rmSync(join(dataDir, 'vapid.json'));
    await expect(sealKeys(settings(), PASSPHRASE)).rejects.toThrow(/no VAPID key/);
  });

  it('are kept where there are none, for the owner alone, and over none that is there', async () => {
    const files = await unsealKeys(await sealKeys(settings(), PASSPHRASE), PASSPHRASE);
    const what = () => keepKeys(dataDir, files).map((kept) => kept.what);
    rmSync(join(dataDir, 'vapid.json'));
    expect(what()).toEqual(['written', 'same']);
    expect(statSync(join(dataDir, 'vapid.json')).mode & 0o777).toBe(0o600);
    writeFileSync(join(dataDir, 'hmac-secret'), 'another secret of a service');
    expect(what()).toEqual(['same', 'other']);
    expect(readFileSync(join(dataDir, 'hmac-secret'), 'utf8')).toBe('another secret of a service');
  });
});
