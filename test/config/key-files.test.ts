import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config.ts';
import { loadKeys, rotateVapidFile } from '../../src/config/key-files.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { vapidKeyProblem } from '../../src/domain/push-service/vapid-key.ts';

describe('loadKeys', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'bellhop-keys-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const nothingSet = () => ({ dataDir: join(dataDir, 'data'), apiKeys: [], vapidKeys: null, olderVapidKeys: [] });

  it('makes secrets at the first start, for the owner only, and reads the same ones later', () => {
    const first = loadKeys(nothingSet());
    expect(first.made).toHaveLength(2);
    expect(vapidKeyProblem(first.vapid)).toBeNull();
    for (const path of first.files) expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = loadKeys(nothingSet());
    expect(second).toEqual({ ...first, made: [], findVapid: second.findVapid });
  });

  it('touches no file where the environment gives everything', () => {
    const vapidKeys = generateVapidKeys();
    const keys = loadKeys({ ...nothingSet(), apiKeys: [{ id: 'a', secret: '0123456789abcdef' }], vapidKeys });
    expect(keys).toMatchObject({ files: [], made: [], vapid: vapidKeys });
    expect(() => statSync(join(dataDir, 'data'))).toThrow();
  });

  it('keeps the secret that was made when more keys come, until its file is deleted', () => {
    const made = loadKeys(nothingSet()).apiKeys;
    const shop = { id: 'shop', secret: '0123456789abcdef' };
    expect(loadKeys({ ...nothingSet(), apiKeys: [shop] }).apiKeys).toEqual([shop, ...made]);
    rmSync(join(dataDir, 'data', 'hmac-secret'));
    expect(loadKeys({ ...nothingSet(), apiKeys: [shop] }).apiKeys).toEqual([shop]);
  });

  it.each(['', '{', '{}', '{"publicKey":1}', JSON.stringify({ publicKey: 'x', privateKey: 'y' })])(
    'refuses a damaged vapid.json (%s) and leaves it as it is',
    (text) => {
      const path = join(dataDir, 'vapid.json');
      writeFileSync(path, text);
      expect(() => loadKeys({ ...nothingSet(), dataDir })).toThrow(ConfigError);
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('refuses an empty secret', () => {
    writeFileSync(join(dataDir, 'hmac-secret'), '\n');
    expect(() => loadKeys({ ...nothingSet(), dataDir })).toThrow(/hmac-secret is damaged/);
  });

  it('says which folder cannot be written', () => {
    const path = join(dataDir, 'a-file');
    writeFileSync(path, '');
    expect(() => loadKeys({ ...nothingSet(), dataDir: join(path, 'data') })).toThrow(/DATA_DIR|cannot be read/);
  });

  it('rotates: a new pair in front, the earlier ones behind it, for the owner only', () => {
    const first = loadKeys(nothingSet());
    const { publicKey, path } = rotateVapidFile(join(dataDir, 'data'));
    const second = loadKeys(nothingSet());
    expect(second.vapid.publicKey).toBe(publicKey);
    expect(second.olderVapid).toEqual([first.vapid]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    rotateVapidFile(join(dataDir, 'data'));
    expect(loadKeys(nothingSet()).olderVapid).toEqual([second.vapid, first.vapid]);
  });

  it('finds a pair that a rotation brought after the start', () => {
    const running = loadKeys(nothingSet());
    const { publicKey } = rotateVapidFile(join(dataDir, 'data'));
    expect(running.findVapid(publicKey)?.publicKey).toBe(publicKey);
    expect(running.findVapid('BElsewhere')).toBeNull();
  });

  it('takes earlier pairs from folder and environment, each once', () => {
    const made = loadKeys(nothingSet()).vapid;
    const [current, older] = [generateVapidKeys(), generateVapidKeys()];
    const config = { ...nothingSet(), vapidKeys: current, olderVapidKeys: [older, made, current] };
    expect(loadKeys(config)).toMatchObject({ vapid: current, olderVapid: [made, older] });
  });

  it('refuses a ring with a damaged pair in it', () => {
    loadKeys(nothingSet());
    const { path } = rotateVapidFile(join(dataDir, 'data'));
    const ring = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...ring, older: [{ publicKey: 'x', privateKey: 'y' }] }));
    expect(() => loadKeys(nothingSet())).toThrow(ConfigError);
    expect(() => rotateVapidFile(join(dataDir, 'data'))).toThrow(/damaged/);
    expect(readFileSync(path, 'utf8')).toContain(ring.publicKey);
  });
});
