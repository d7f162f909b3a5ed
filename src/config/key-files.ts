import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiKey, DEFAULT_KEY_ID } from '../access/api-keys.ts';
import { type VapidKeyPair, vapidKeyProblem } from '../domain/push-service/vapid-key.ts';
import { type Config, ConfigError } from './config.ts';
import { generateVapidKeys } from './vapid-key-maker.ts';

/** What is shorter can be guessed. */
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
  /** Paths of the secrets in use that live in the data folder; `made` are those that this start made. */
  readonly files: readonly string[];
  readonly made: readonly string[];
};

/**
 * Completes a configuration with the secrets it does not name: the first start makes them, owner-readable only, later
 * ones read them again. Throws ConfigError where a file is there but cannot be used; it is never overwritten.
 */
export function loadKeys(config: Pick<Config, 'dataDir' | 'apiKeys' | 'vapidKeys' | 'olderVapidKeys'>): Keys {
  const files: string[] = [];
  const made: string[] = [];
  const kept = (name: string, make: () => string): string => {
    const path = join(config.dataDir, name);
    const { text, isNew } = readOrMake(path, make);
    files.push(path);
    if (isNew) made.push(path);
    return text.trim();
  };
  const apiKeys = [...config.apiKeys];
  // A secret that callers may hold goes on working until its file is deleted, or HMAC_SECRET takes its place.
  const isWanted = apiKeys.length === 0 || existsSync(join(config.dataDir, 'hmac-secret'));
  if (isWanted && !apiKeys.some(({ id }) => id === DEFAULT_KEY_ID)) {
    apiKeys.push({ id: DEFAULT_KEY_ID, secret: kept('hmac-secret', makeSecret) });
  }
  const path = vapidFile(config.dataDir);
  const ring =
    config.vapidKeys === null
      ? parseVapidRing(kept('vapid.json', makeVapid), path)
      : { current: config.vapidKeys, older: readVapidRing(config.dataDir) };
  if (apiKeys.some(({ secret }) => secret.length < SHORTEST_SECRET)) {
    throw new ConfigError([
      `${join(config.dataDir, 'hmac-secret')} is damaged: restore it, or delete it to have a new one made.`,
    ]);
  }
  const olderVapid = withoutRepeats([...ring.older, ...config.olderVapidKeys], ring.current);
  return { apiKeys, vapid: ring.current, olderVapid, findVapid: finderIn(config.dataDir), files, made };
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

/** Written under another name and linked into place, so that a crash leaves the whole file or none. */
function readOrMake(path: string, make: () => string): { text: string; isNew: boolean } {
  try {
    return { text: readFileSync(path, 'utf8'), isNew: false };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      throw new ConfigError([`${path} cannot be read (${codeOf(error)}): check its owner and mode.`]);
  }
  const draft = `${path}.${process.pid}.new`;
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${make()}\n`, { mode: 0o600, flush: true });
    chmodSync(draft, 0o600);
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw new ConfigError([
        `DATA_DIR: ${path} cannot be written (${codeOf(error)}): give this user the right to, or name another folder.`,
      ]);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return { text: readFileSync(path, 'utf8'), isNew: true };
}

type VapidRing = { readonly current: VapidKeyPair; readonly older: readonly VapidKeyPair[] };

function vapidFile(dataDir: string): string {
  return join(dataDir, 'vapid.json');
}

/** Every pair in the data folder, the current one first; none where there is no file. Throws ConfigError for a damaged one. */
export function readVapidRing(dataDir: string): readonly VapidKeyPair[] {
  const path = vapidFile(dataDir);
  if (!existsSync(path)) return [];
  const { current, older } = parseVapidRing(readFileSync(path, 'utf8'), path);
  return [current, ...older];
}

/**
 * Puts a new pair in front of those in the data folder, which keep signing for their own. The file is replaced whole or
 * not at all. Gives the new public key. Throws ConfigError where the folder has no pair to rotate.
 */
export function rotateVapidFile(dataDir: string): { readonly publicKey: string; readonly path: string } {
  const path = vapidFile(dataDir);
  const older = readVapidRing(dataDir);
  if (older.length === 0) {
    throw new ConfigError([`${path} is not there: the first start makes the first pair. Nothing was changed.`]);
  }
  const current = generateVapidKeys();
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify({ ...current, older }, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    throw new ConfigError([`${path} cannot be written (${codeOf(error)}): run this as the user the service runs as.`]);
  } finally {
    rmSync(draft, { force: true });
  }
  return { publicKey: current.publicKey, path };
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
    ring = JSON.parse(text);
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
  const problem = vapidKeyProblem({ publicKey, privateKey });
  if (problem !== null) throw damaged(problem);
  return { publicKey, privateKey };
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? 'unknown');
}

/** The file is read once a second at most: a key that is not there is asked for by every push to its subscriptions. */
function finderIn(dataDir: string): (publicKey: string) => VapidKeyPair | null {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let ring: readonly VapidKeyPair[] = [];
  return (publicKey) => {
    const nowMs = performance.now();
    if (nowMs - readAtMs >= 1000) {
      readAtMs = nowMs;
      try {
        ring = readVapidRing(dataDir);
      } catch {
        // Half of a rotation, or a file damaged since the start: what was read before still holds.
      }
    }
    return ring.find((pair) => pair.publicKey === publicKey) ?? null;
  };
}
