import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SCOPES } from '../../src/access/api-keys.ts';
import { ConfigError } from '../../src/config/config.ts';
import { loadKeys, rotateVapidFile } from '../../src/config/key-files.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { readVapidPair } from '../../src/domain/push-service/vapid-key.ts';
import { buildForTest } from '../support/built.ts';

describe('loadKeys', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'bellhop-keys-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const nothingSet = () => ({
    dataDir: join(dataDir, 'data'),
    apiKeys: [],
    vapidKeys: null,
    olderVapidKeys: [],
    apiKeysFile: null,
    secretFiles: [],
    allowShortSecrets: false,
  });

  it('makes secrets at the first start, for the owner only, and reads the same ones later', () => {
    const first = loadKeys(nothingSet());
    expect(first.made).toHaveLength(2);
    expect(readVapidPair(first.vapid)).toEqual({ kind: 'pair', pair: first.vapid });
    for (const path of first.files) expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = loadKeys(nothingSet());
    expect(second).toEqual({ ...first, made: [], heldPublicKeys: second.heldPublicKeys, findVapid: second.findVapid });
  });

  it('warns of a file named by a setting that others can write to, and takes it', () => {
    const path = join(dataDir, 'secret');
    writeFileSync(path, 'x');
    for (const [mode, warns] of [
      [0o600, false],
      [0o644, false],
      [0o660, true],
      [0o606, true],
    ] as const) {
      chmodSync(path, mode);
      const { warnings } = loadKeys({ ...nothingSet(), secretFiles: [path] });
      expect(warnings.filter((each) => each.includes('can be written by other users'))).toHaveLength(warns ? 1 : 0);
    }
  });

  it('touches no file where the environment gives everything', () => {
    const vapidKeys = generateVapidKeys();
    const keys = loadKeys({
      ...nothingSet(),
      apiKeys: [{ id: 'a', secret: '0123456789abcdef0123456789abcdef', scopes: SCOPES }],
      vapidKeys,
    });
    expect(keys).toMatchObject({ files: [], made: [], vapid: vapidKeys });
    expect(() => statSync(join(dataDir, 'data'))).toThrow();
  });

  it('keeps the secret that was made when more keys come, until its file is deleted', () => {
    const made = loadKeys(nothingSet()).apiKeys;
    const shop = { id: 'shop', secret: '0123456789abcdef0123456789abcdef', scopes: SCOPES };
    expect(loadKeys({ ...nothingSet(), apiKeys: [shop] }).apiKeys).toEqual([shop, ...made]);
    rmSync(join(dataDir, 'data', 'hmac-secret'));
    expect(loadKeys({ ...nothingSet(), apiKeys: [shop] }).apiKeys).toEqual([shop]);
  });

  it('reads a vapid.json that another tool or editor wrote, and a secret with white space around it', () => {
    const pair = generateVapidKeys();
    const padded = JSON.stringify({ publicKey: `${pair.publicKey}=`, privateKey: ` ${pair.privateKey}=\n` });
    writeFileSync(join(dataDir, 'vapid.json'), `\ufeff${padded}\r\n`, { mode: 0o600 });
    writeFileSync(join(dataDir, 'hmac-secret'), ' \ufeff0123456789abcdef0123456789abcdef \r\n', { mode: 0o600 });
    const { vapid, apiKeys } = loadKeys({ ...nothingSet(), dataDir });
    expect(vapid).toEqual(pair);
    expect(apiKeys[0]?.secret).toBe('0123456789abcdef0123456789abcdef');
  });

  it.each(['', '{', '{}', '{"publicKey":1}', JSON.stringify({ publicKey: 'x', privateKey: 'y' })])(
    'refuses a damaged vapid.json (%s) and leaves it as it is',
    (text) => {
      const path = join(dataDir, 'vapid.json');
      writeFileSync(path, text, { mode: 0o600 });
      expect(() => loadKeys({ ...nothingSet(), dataDir })).toThrow(ConfigError);
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('refuses an empty secret', () => {
    writeFileSync(join(dataDir, 'hmac-secret'), '\n', { mode: 0o600 });
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

  it('tells of a secret in the folder that is live beside API_KEYS', () => {
    const path = join(dataDir, 'data', 'hmac-secret');
    expect(loadKeys(nothingSet()).warnings).toEqual([]);
    const shop = { id: 'shop', secret: '0123456789abcdef0123456789abcdef', scopes: SCOPES };
    expect(loadKeys({ ...nothingSet(), apiKeys: [shop] }).warnings).toEqual([
      expect.stringContaining(`${path} is live`),
    ]);
    const own = { id: 'default', secret: '0123456789abcdef0123456789abcdef', scopes: SCOPES };
    expect(loadKeys({ ...nothingSet(), apiKeys: [own] })).toMatchObject({ apiKeys: [own], warnings: [] });
  });

  it('refuses a secret that can be guessed from a token, unless that is allowed', () => {
    mkdirSync(join(dataDir, 'data'));
    writeFileSync(join(dataDir, 'data', 'hmac-secret'), '0123456789abcdef', { mode: 0o600 });
    expect(() => loadKeys(nothingSet())).toThrow(/hmac-secret has fewer than 32 characters: .*ALLOW_SHORT_SECRETS/);
    expect(loadKeys({ ...nothingSet(), allowShortSecrets: true }).apiKeys).toEqual([
      { id: 'default', secret: '0123456789abcdef', scopes: SCOPES },
    ]);
  });

  it.each(['hmac-secret', 'vapid.json'])(
    'refuses a %s that other users can write, and warns where they can read',
    (name) => {
      const path = loadKeys(nothingSet()).files.find((each) => each.endsWith(name)) ?? '';
      const text = readFileSync(path, 'utf8').trim();
      chmodSync(path, 0o602);
      expect(() => loadKeys(nothingSet())).toThrow(`${path} can be written by other users (mode 602)`);
      chmodSync(path, 0o660);
      expect(() => loadKeys(nothingSet())).toThrow(/mode 660/);
      chmodSync(path, 0o640);
      const { warnings } = loadKeys(nothingSet());
      expect(warnings).toEqual([expect.stringContaining(`${path} can be read by other users`)]);
      expect(warnings.join()).not.toContain(text);
    },
  );

  it('follows a link to a secret, as a mounted one is', () => {
    const secret = '0123456789abcdef0123456789abcdef';
    mkdirSync(join(dataDir, 'data'));
    writeFileSync(join(dataDir, 'mounted'), secret, { mode: 0o600 });
    symlinkSync(join(dataDir, 'mounted'), join(dataDir, 'data', 'hmac-secret'));
    expect(loadKeys(nothingSet()).apiKeys).toEqual([{ id: 'default', secret, scopes: SCOPES }]);
  });

  it('says what a link that leads nowhere keeps from working, and writes nothing through it', () => {
    mkdirSync(join(dataDir, 'data'));
    symlinkSync(join(dataDir, 'nowhere'), join(dataDir, 'data', 'hmac-secret'));
    expect(() => loadKeys(nothingSet())).toThrow(/hmac-secret is a link that leads nowhere/);
    rmSync(join(dataDir, 'data'), { recursive: true });
    symlinkSync(join(dataDir, 'nowhere'), join(dataDir, 'data'));
    expect(() => loadKeys(nothingSet())).toThrow(ConfigError);
    expect(readdirSync(dataDir)).toEqual(['data']);
  });

  it('writes no secret through a link that somebody planted', () => {
    mkdirSync(join(dataDir, 'data'));
    writeFileSync(join(dataDir, 'elsewhere'), '');
    for (const name of ['hmac-secret', 'vapid.json']) {
      symlinkSync(join(dataDir, 'elsewhere'), join(dataDir, 'data', `${name}.${process.pid}.new`));
    }
    loadKeys(nothingSet());
    rotateVapidFile(join(dataDir, 'data'));
    expect(readFileSync(join(dataDir, 'elsewhere'), 'utf8')).toBe('');
  });

  it('leaves no draft behind', () => {
    loadKeys(nothingSet());
    rotateVapidFile(join(dataDir, 'data'));
    expect(readdirSync(join(dataDir, 'data')).toSorted()).toEqual(['hmac-secret', 'vapid.json']);
  });

  // Two containers on one folder are both process 1; threads of one process have one id, too.
  it('gives two first starts at once with one process id the same secrets', async () => {
    const built = await buildForTest('config/key-files.ts');
    onTestFinished(() => built.remove());
    for (let round = 0; round < 20; round += 1) {
      const config = { ...nothingSet(), dataDir: join(dataDir, `round-${round}`) };
      const [one, other] = await startTogether(config, built.href);
      expect(one).toEqual(other);
    }
  }, 60_000);
});

/** Loads the keys in two threads that wait for each other right before. */
async function startTogether(config: object, built: string): Promise<unknown[]> {
  const barrier = new SharedArrayBuffer(4);
  const program = `
    const { workerData: { config, barrier, built }, parentPort } = require('node:worker_threads');
    import(built).then(({ loadKeys }) => {
      const here = new Int32Array(barrier);
      Atomics.add(here, 0, 1);
      while (Atomics.load(here, 0) < 2);
      try {
        const { apiKeys, vapid } = loadKeys(config);
        parentPort.postMessage({ apiKeys, vapid });
      } catch (error) {
        parentPort.postMessage({ error: String(error) + Math.random() });
      }
    });`;
  const threads = [0, 1].map(() => new Worker(program, { eval: true, workerData: { config, barrier, built } }));
  const answers = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0]));
  await Promise.all(threads.map((thread) => thread.terminate()));
  return answers;
}
