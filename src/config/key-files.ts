import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ApiKey, DEFAULT_KEY_ID, SCOPES } from '../access/api-keys.ts';
import { readVapidPair, type VapidKeyPair } from '../domain/push-service/vapid-key.ts';
import { type Config, ConfigError } from './config.ts';
import { makeSecretFile, readSecretFile, replaceSecretFile, warnIfOpen } from './secret-file.ts';
import { SHORTEST_SAFE_SECRET } from './setting-parsers.ts';
import { generateVapidKeys } from './vapid-key-maker.ts';

/** A secret shorter than this is none, whatever is allowed. */
export const SHORTEST_SECRET = 16;

/** The live secrets, from the environment or the data folder, and where those of the folder are kept. */
export type Keys = {
  readonly apiKeys: readonly ApiKey[];
  /** Browsers subscribe with this one. */
  readonly vapid: VapidKeyPair;
  /** Earlier pairs: they go on signing for those who subscribed with them. */
  readonly olderVapid: readonly VapidKeyPair[];
  /** Looks for a pair that a rotation may have brought to the data folder since the start. */
  readonly findVapid: (publicKey: string) => VapidKeyPair | null;
  /** The public halves of all pairs held at this moment, the current one first: those of the data folder with them. */
  readonly heldPublicKeys: HeldPublicKeys;
  /** Paths of the secrets in use that live in the data folder; `made` are those that this start made. */
  readonly files: readonly string[];
  readonly made: readonly string[];
  /** What an operator should mend about them, though they work. Holds no secret. */
  readonly warnings: readonly string[];
};

type HeldPublicKeys = () => readonly [string, ...string[]];

type KeySettings = Pick<
  Config,
  'dataDir' | 'apiKeys' | 'vapidKeys' | 'olderVapidKeys' | 'apiKeysFile' | 'secretFiles' | 'allowShortSecrets'
>;

/**
 * Completes a configuration with the secrets it does not name: the first start makes them, owner-readable only, later
 * ones read them again. Throws ConfigError where a file is there but cannot be used; it is never overwritten.
 */
export function loadKeys(config: KeySettings): Keys {
  const folder = openKeyFolder(config.dataDir);
  // Read with the configuration; here it is asked who else can read or write it.
  for (const path of config.secretFiles) warnIfOpen(path, folder.warn);
  if (config.apiKeysFile !== null) readSecretFile(config.apiKeysFile, folder.warn);
  const apiKeys = [...config.apiKeys, ...keptApiKeys(config, folder)];
  const ring =
    config.vapidKeys === null
      ? parseVapidRing(folder.readOrMake('vapid.json', makeVapid), vapidFile(config.dataDir))
      : { current: config.vapidKeys, older: readVapidRing(config.dataDir, folder.warn) };
  const olderVapid = withoutRepeats([...ring.older, ...config.olderVapidKeys], ring.current);
  const { files, made, warnings } = folder;
  const readRing = ringReader(config.dataDir);
  return {
    apiKeys,
    vapid: ring.current,
    olderVapid,
    findVapid: (publicKey) => readRing().find((pair) => pair.publicKey === publicKey) ?? null,
    heldPublicKeys: () => [
      ring.current.publicKey,
      ...withoutRepeats([...olderVapid, ...readRing()], ring.current).map(({ publicKey }) => publicKey),
    ],
    files,
    made,
    warnings,
  };
}

/** A secret that callers may hold goes on working until its file is deleted, or HMAC_SECRET takes its place. */
function keptApiKeys({ dataDir, apiKeys, allowShortSecrets }: KeySettings, folder: KeyFolder): readonly ApiKey[] {
  if (apiKeys.some(({ id }) => id === DEFAULT_KEY_ID)) return [];
  const path = join(dataDir, 'hmac-secret');
  const secret = (
    apiKeys.length === 0 ? folder.readOrMake('hmac-secret', makeSecret) : folder.read('hmac-secret')
  )?.trim();
  if (secret === undefined) return [];
  if (apiKeys.length > 0)
    folder.warn(`${path} is live as the key “${DEFAULT_KEY_ID}” beside API_KEYS: delete it once nobody uses it`);
  if (secret.length < SHORTEST_SECRET)
    throw new ConfigError([`${path} is damaged: restore it, or delete it to have a new one made.`]);
  if (secret.length < SHORTEST_SAFE_SECRET && !allowShortSecrets) {
    throw new ConfigError([
      `${path} has fewer than ${SHORTEST_SAFE_SECRET} characters: put the output of \`openssl rand -hex 32\` there, or set ALLOW_SHORT_SECRETS=true until your programs use a longer one.`,
    ]);
  }
  return [{ id: DEFAULT_KEY_ID, secret, scopes: SCOPES }];
}

/** The API keys that are there already: none is made. Throws ConfigError for a file that cannot be read. */
export function heldApiKeys({ dataDir, apiKeys }: Pick<Config, 'dataDir' | 'apiKeys'>): readonly ApiKey[] {
  if (apiKeys.some(({ id }) => id === DEFAULT_KEY_ID)) return apiKeys;
  const secret = readSecretFile(join(dataDir, 'hmac-secret'), () => {})?.trim() ?? '';
  return secret === '' ? apiKeys : [...apiKeys, { id: DEFAULT_KEY_ID, secret, scopes: SCOPES }];
}

type KeyFolder = Pick<Keys, 'files' | 'made' | 'warnings'> & {
  readonly read: (name: string) => string | null;
  readonly readOrMake: (name: string, make: () => string) => string;
  readonly warn: (problem: string) => void;
};

function openKeyFolder(dataDir: string): KeyFolder {
  const files: string[] = [];
  const made: string[] = [];
  const warnings: string[] = [];
  const warn = (problem: string): void => void warnings.push(problem);
  const read = (name: string): string | null => {
    const path = join(dataDir, name);
    const text = readSecretFile(path, warn);
    if (text !== null) files.push(path);
    return text;
  };
  const readOrMake = (name: string, make: () => string): string => {
    const text = read(name);
    if (text !== null) return text;
    const path = join(dataDir, name);
    if (makeSecretFile(path, `${make()}\n`)) made.push(path);
    // Another process on this folder may have been first: what stands there is the secret of both.
    return read(name) ?? '';
  };
  return { files, made, warnings, warn, read, readOrMake };
}

/** The public halves of the pairs held, the current one first. */
export function publicKeysOf({ vapid, olderVapid }: Keys): readonly [string, ...string[]] {
  return [vapid.publicKey, ...olderVapid.map(({ publicKey }) => publicKey)];
}

function makeSecret(): string {
  return randomBytes(32).toString('hex');
}

function makeVapid(): string {
  return JSON.stringify(generateVapidKeys(), null, 2);
}

type RotatedVapidKey = { readonly publicKey: string; readonly path: string };
type VapidRing = { readonly current: VapidKeyPair; readonly older: readonly VapidKeyPair[] };

function vapidFile(dataDir: string): string {
  return join(dataDir, 'vapid.json');
}

/**
 * Every pair in the data folder, the current one first; none where there is no file. `warn` hears of a file that others can
 * read. Throws ConfigError for a damaged one.
 */
export function readVapidRing(dataDir: string, warn: (problem: string) => void = () => {}): readonly VapidKeyPair[] {
  const path = vapidFile(dataDir);
  const text = readSecretFile(path, warn);
  if (text === null) return [];
  const { current, older } = parseVapidRing(text, path);
  return [current, ...older];
}

/**
 * Puts a new pair in front of those in the data folder, which keep signing for their own. The file is replaced whole or
 * not at all. Gives the new public key. Where the first pair is another than that in use, it waits for a restart: it is the new
 * one, and none is made. Throws ConfigError where the folder has no pair to rotate.
 */
export function rotateVapidFile(dataDir: string, keyInUse: string | null = null): RotatedVapidKey {
  const path = vapidFile(dataDir);
  const older = readVapidRing(dataDir);
  const [first] = older;
  if (first !== undefined && keyInUse !== null && first.publicKey !== keyInUse)
    return { publicKey: first.publicKey, path };
  if (older.length === 0) {
    throw new ConfigError([`${path} is not there: the first start makes the first pair. Nothing was changed.`]);
  }
  const current = generateVapidKeys();
  replaceSecretFile(path, `${JSON.stringify({ ...current, older }, null, 2)}\n`);
  return { publicKey: current.publicKey, path };
}

/**
 * Puts a pair behind those in the data folder, to sign for the subscriptions that were made with it. False where it is among
 * them already. Throws ConfigError where the folder has no pair yet: this one would become the current one unasked.
 */
export function addOlderVapidPair(dataDir: string, pair: VapidKeyPair): boolean {
  const path = vapidFile(dataDir);
  const [current, ...older] = readVapidRing(dataDir);
  if (current === undefined) throw new ConfigError([`${path} is not there: start Bellhop first. Nothing was changed.`]);
  if ([current, ...older].some(({ publicKey }) => publicKey === pair.publicKey)) return false;
  replaceSecretFile(path, `${JSON.stringify({ ...current, older: [...older, pair] }, null, 2)}\n`);
  return true;
}

function withoutRepeats(pairs: readonly VapidKeyPair[], current: VapidKeyPair): readonly VapidKeyPair[] {
  const byKey = new Map(pairs.map((pair) => [pair.publicKey, pair]));
  byKey.delete(current.publicKey);
  return [...byKey.values()];
}

function parseVapidRing(text: string, path: string): VapidRing {
  const damaged = (why: string): ConfigError =>
    new ConfigError([
      `${path} is damaged (${why}): restore it. With a new key pair every browser must subscribe again.`,
    ]);
  let ring: unknown;
  try {
    // Trimmed of a byte order mark, which some editors put first.
    ring = JSON.parse(text.trim());
  } catch {
    throw damaged('it is not JSON');
  }
  const { older = [], ...current } = Object(ring) as { older?: unknown };
  if (!Array.isArray(older)) throw damaged('older is not a list');
  return { current: parsePair(current, damaged), older: older.map((pair) => parsePair(pair, damaged)) };
}

function parsePair(pair: unknown, damaged: (why: string) => ConfigError): VapidKeyPair {
  const { publicKey, privateKey } = Object(pair) as Partial<Record<string, unknown>>;
  if (typeof publicKey !== 'string' || typeof privateKey !== 'string') throw damaged('a key is missing');
  const reading = readVapidPair({ publicKey, privateKey });
  if (reading.kind === 'problem') throw damaged(reading.problem);
  return reading.pair;
}

/** The file is read once a second at most: a key that is not there is asked for by every push to its subscriptions. */
function ringReader(dataDir: string): () => readonly VapidKeyPair[] {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let ring: readonly VapidKeyPair[] = [];
  return () => {
    const nowMs = performance.now();
    if (nowMs - readAtMs >= 1000) {
      readAtMs = nowMs;
      try {
        ring = readVapidRing(dataDir);
      } catch {
        // Half of a rotation, or a file damaged since the start: what was read before still holds.
      }
    }
    return ring;
  };
}
