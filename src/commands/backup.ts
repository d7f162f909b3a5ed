import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { sealKeys } from '../config/sealed-keys.ts';
import { AppError } from '../domain/app-error.ts';
import { printable } from '../domain/printable-text.ts';
import { takeFromClosed } from '../store/sqlite/closed-store.ts';
import { writeNew, writeWhole } from '../store/sqlite/file/backup-folder.ts';
import { askOwnService } from './own-service.ts';
import { readPassphrase } from './passphrase.ts';

type Taken = { readonly octets: number; readonly content: AsyncIterable<Uint8Array> };

/** `file`: `-` is standard output. */
export type BackupCall = {
  readonly file: string;
  readonly withKeys: boolean;
  readonly passphraseFile: string | undefined;
};

/** Writes a backup to a file, which is there whole or not at all, or to standard output. Gives the exit code. */
export async function runBackup({ file, withKeys, passphraseFile }: BackupCall): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  if (config.mongodbUrl !== null) throw new AppError('backup_unavailable', MONGODB);
  const path = file === '-' ? null : resolve(file);
  if (path !== null) checkTarget(path, config);
  const source = { set: config.backupPassphrase, file: passphraseFile };
  const sealedKeys = withKeys ? await sealKeys(config, await readPassphrase(source)) : null;
  const { octets, content } = await take(config, sealedKeys);
  if (path === null) await pipeline(checked(content, octets), process.stdout, { end: false });
  else await writeWhole(path, (unfinished) => writeNew(unfinished, checked(content, octets)));
  process.stderr.write(`${path === null ? 'The backup' : printable(path)} is whole: ${octets} octets.\n`);
  return 0;
}

const MONGODB = 'Documents are in MongoDB, so back that up: mongodump, or its snapshots (docs/backup.md).';

/** The names that the service itself uses are no place for a backup. */
function checkTarget(path: string, { dataDir }: Config): void {
  const inside = realOf(dirname(path)) === realOf(resolve(dataDir)) && basename(path).startsWith('bellhop.db');
  if (inside) throw new ConfigError([`${path} is the store itself: name another file for the backup.`]);
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new ConfigError([`${path} is a folder: name a file in it.`]);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function take(config: Config, sealedKeys: string | null): Promise<Taken> {
  const body = { destination: 'answer', ...(sealedKeys === null ? {} : { sealed_keys: sealedKeys }) };
  const answer = await askOwnService(config, { path: '/v1/backups', body });
  if (answer === null) {
    process.stderr.write('No Bellhop runs here, so the backup is made of the file itself.\n');
    return takeFromClosed(join(config.dataDir, 'bellhop.db'), { madeAtMs: Date.now(), sealedKeys });
  }
  return { octets: Number(answer.headers['content-length']), content: answer.body };
}

/** Throws where less comes than was announced. */
async function* checked(content: AsyncIterable<Uint8Array>, octets: number): AsyncGenerator<Uint8Array> {
  let come = 0;
  for await (const chunk of content) {
    come += chunk.length;
    yield chunk;
  }
  if (come !== octets) throw new AppError('store_unavailable', `Only ${come} of ${octets} octets came: try again.`);
}
