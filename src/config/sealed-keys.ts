import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { join } from 'node:path';
import type { VapidKeyPair } from '../domain/push-service/vapid-key.ts';
import { SHORTEST_PASSPHRASE } from './backup-policy.ts';
import { type Config, ConfigError } from './config.ts';
import { readVapidRing } from './key-files.ts';
import { makeSecretFile, readSecretFile } from './secret-file.ts';

/*
 * Keys in a backup, as docs/backup.md documents them: JSON with `format` "bellhop-keys-1"; `salt`, `iv`, `tag` and `sealed` in
 * base64. The key is scrypt(passphrase in UTF-8, salt, N = 2^15, r = 8, p = 3), 32 octets; `sealed` is AES-256-GCM over the
 * UTF-8 of a JSON object of texts by file name, with `format` as additional data.
 */

const FORMAT = 'bellhop-keys-1';
const KEY_OCTETS = 32;
/** 32 MiB and a third of a second a guess: one of OWASP’s choices for scrypt, which small containers have room for. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
type KeySettings = Pick<Config, 'dataDir' | 'vapidKeys' | 'olderVapidKeys'>;

type Files = Readonly<Record<string, string>>;

/**
 * The VAPID pairs, and the API secret where the data folder has it, encrypted. Throws ConfigError for a passphrase that is too
 * short, and where the keys cannot be read.
 */
export async function sealKeys(config: KeySettings, passphrase: string): Promise<string> {
  demandPassphrase(passphrase);
  const [current, ...older] = heldPairs(config);
  if (current === undefined) throw new ConfigError([`There is no VAPID key, neither set nor in ${config.dataDir}.`]);
  const secret = readSecretFile(join(config.dataDir, 'hmac-secret'), () => {});
  const files: Files = {
    'vapid.json': `${JSON.stringify({ ...current, older }, null, 2)}\n`,
    ...(secret === null ? {} : { 'hmac-secret': secret }),
  };
  return seal(files, passphrase);
}

/** Every VAPID pair that is here, the current one first. Throws ConfigError for a damaged file. */
export function heldPairs({ dataDir, vapidKeys, olderVapidKeys }: KeySettings): readonly VapidKeyPair[] {
  const pairs = [...(vapidKeys === null ? [] : [vapidKeys]), ...readVapidRing(dataDir), ...olderVapidKeys];
  return [...new Map(pairs.map((pair) => [pair.publicKey, pair])).values()];
}

/** Throws ConfigError for one that can be guessed. */
function demandPassphrase(passphrase: string): void {
  if (passphrase.length >= SHORTEST_PASSPHRASE) return;
  throw new ConfigError([
    `The passphrase for the keys has fewer than ${SHORTEST_PASSPHRASE} characters: use a longer one.`,
  ]);
}

async function seal(files: Files, passphrase: string): Promise<string> {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt), iv).setAAD(Buffer.from(FORMAT));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(files), 'utf8'), cipher.final()]);
  const parts = { salt, iv, tag: cipher.getAuthTag(), sealed };
  const texts = Object.entries(parts).map(([name, octets]) => [name, octets.toString('base64')]);
  return JSON.stringify({ format: FORMAT, ...Object.fromEntries(texts) });
}

/** The files by name. Throws ConfigError for another passphrase, and for what is not sealed in this form. */
export async function unsealKeys(text: string, passphrase: string): Promise<Files> {
  const { format, salt, iv, tag, sealed } = JSON.parse(text) as Record<string, string>;
  if (format !== FORMAT)
    throw new ConfigError(['The keys in this backup have a form that this Bellhop does not know.']);
  const octets = (part: string | undefined): Buffer => Buffer.from(part ?? '', 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', await keyOf(passphrase, octets(salt)), octets(iv), {
      authTagLength: 16,
    });
    decipher.setAAD(Buffer.from(FORMAT)).setAuthTag(octets(tag));
    return JSON.parse(Buffer.concat([decipher.update(octets(sealed)), decipher.final()]).toString('utf8')) as Files;
  } catch {
    throw new ConfigError(['The passphrase is not the one that the keys in this backup were encrypted with.']);
  }
}

/** Off the event loop: it takes long on purpose. */
function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY_OCTETS, SCRYPT, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** What a restore did with one file of the keys. */
export type KeptKey = { readonly path: string; readonly what: 'written' | 'same' | 'other' };

const KEY_FILES = ['vapid.json', 'hmac-secret'];

/** Writes the files into the data folder, over none that is there. Throws ConfigError where it cannot be written. */
export function keepKeys(dataDir: string, files: Files): readonly KeptKey[] {
  return KEY_FILES.flatMap((name): readonly KeptKey[] => {
    const text = files[name];
    if (text === undefined) return [];
    const path = join(dataDir, name);
    if (makeSecretFile(path, text)) return [{ path, what: 'written' }];
    const isSame = readSecretFile(path, () => {})?.trim() === text.trim();
    return [{ path, what: isSame ? ('same' as const) : ('other' as const) }];
  });
}
