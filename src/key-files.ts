import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.ts';
import { type ApiKey, DEFAULT_KEY_ID } from './intake/access.ts';
import { generateVapidKeys, type VapidKeyPair, vapidKeyProblem } from './push/vapid.ts';

/** The live secrets, from the environment or the data folder, and where those of the folder are kept. */
export type Keys = {
  readonly apiKeys: readonly ApiKey[];
  readonly vapid: VapidKeyPair;
  /** Paths of the secrets in use that live in the data folder; `made` are those that this start made. */
  readonly files: readonly string[];
  readonly made: readonly string[];
};

/**
 * Completes a configuration with the secrets it does not name: the first start makes them, owner-readable only, later
 * ones read them again. Throws ConfigError where a file is there but cannot be used; it is never overwritten.
 */
export function loadKeys(config: Pick<Config, 'dataDir' | 'apiKeys' | 'vapidKeys'>): Keys {
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
  const vapid = config.vapidKeys ?? parseVapid(kept('vapid.json', makeVapid), join(config.dataDir, 'vapid.json'));
  if (apiKeys.some(({ secret }) => secret.length < 16)) {
    throw new ConfigError([
      `${join(config.dataDir, 'hmac-secret')} is damaged: restore it, or delete it to have a new one made.`,
    ]);
  }
  return { apiKeys, vapid, files, made };
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

function parseVapid(text: string, path: string): VapidKeyPair {
  const damaged = (why: string): ConfigError =>
    new ConfigError([
      `${path} is damaged (${why}): restore it. With a new key pair every browser must subscribe again.`,
    ]);
  let pair: unknown;
  try {
    pair = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  const { publicKey, privateKey } = Object(pair) as Partial<Record<string, unknown>>;
  if (typeof publicKey !== 'string' || typeof privateKey !== 'string') throw damaged('a key is missing');
  const problem = vapidKeyProblem({ publicKey, privateKey });
  if (problem !== null) throw damaged(problem);
  return { publicKey, privateKey };
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? 'unknown');
}
