import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { checkDataFolder } from '../config/data-folder.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { heldPairs, keepKeys, unsealKeys } from '../config/sealed-keys.ts';
import { AppError } from '../domain/app-error.ts';
import { printable } from '../domain/printable-text.ts';
import { type Restorable, restoreStore } from '../store/sqlite/restore.ts';
import { hasPassphrase, readPassphrase } from './passphrase.ts';

/** `file`: `-` is standard input. */
export type RestoreCall = {
  readonly file: string;
  readonly mayMissLog: boolean;
  readonly passphraseFile: string | undefined;
};

const MONGODB =
  'Documents are in MongoDB: restore them with mongorestore, and call bellhop pause before Bellhop is started on them (docs/backup.md).';

/** Puts a backup where the store is to be, paused. Nothing that is there is written over. Gives the exit code. */
export async function runRestore({ file, mayMissLog, passphraseFile }: RestoreCall): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  if (config.mongodbUrl !== null) throw new AppError('backup_unavailable', MONGODB);
  checkDataFolder(config.dataDir);
  const path = join(config.dataDir, 'bellhop.db');
  const say = (text: string): void => void process.stdout.write(`${printable(text)}\n`);
  const found = await restoreStore({
    content: contentOf(file),
    path,
    nowMs: Date.now(),
    mayMissLog,
    confirm: async ({ sealedKeys, subscriptionsByKey }) => {
      if (sealedKeys === null) return;
      const isHere = [...subscriptionsByKey.keys()].every((key) => heldKeys(config).has(key));
      for (const line of await bringKeys(config, { sealedKeys, isHere, passphraseFile })) say(line);
    },
  });
  const made =
    found.madeAtMs === null
      ? 'a copy that bellhop backup did not make'
      : `the backup of ${new Date(found.madeAtMs).toISOString()}`;
  say(`${path} is ${made}.`);
  for (const line of keyLines(found, config)) say(line);
  say(waitingLine(found));
  say(
    'Start Bellhop now: it accepts and keeps what comes, and sends nothing before you decide what becomes of what waits:',
  );
  say('  bellhop resume --waiting=send    what waits is sent, unless its deadline has passed');
  say('  bellhop resume --waiting=drop    what waits is never sent');
  return 0;
}

async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  if (file === '-' && process.stdin.isTTY === true)
    throw new ConfigError(['Standard input is a terminal: bellhop restore - < FILE']);
  try {
    yield* file === '-' ? process.stdin : createReadStream(file);
  } catch (error) {
    throw new ConfigError([`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`]);
  }
}

type Bringing = {
  readonly sealedKeys: string;
  /** Whether every VAPID key that is needed is here already. */
  readonly isHere: boolean;
  readonly passphraseFile: string | undefined;
};

/** Puts the keys of the backup into the data folder, before the store. What is there stays as it is. */
async function bringKeys(config: Config, { sealedKeys, isHere, passphraseFile }: Bringing): Promise<readonly string[]> {
  const source = { set: config.backupPassphrase, file: passphraseFile };
  if (isHere && !hasPassphrase(source))
    return ['The keys in the backup are left there: those that are needed are here.'];
  const files = await unsealKeys(sealedKeys, await readPassphrase(source));
  return keepKeys(config.dataDir, files).map(({ path, what }) => WHAT_OF_KEY[what](path));
}

const WHAT_OF_KEY = {
  written: (path: string) => `${path} is as it was in the backup.`,
  same: (path: string) => `${path} is the one in the backup.`,
  other: (path: string) => `${path} is there already, and is another than the one in the backup: it stays.`,
};

function heldKeys(config: Config): ReadonlySet<string> {
  return new Set(heldPairs(config).map(({ publicKey }) => publicKey));
}

/** Which VAPID keys the subscriptions need, and whether they are here. */
function keyLines({ subscriptionsByKey }: Restorable, config: Config): readonly string[] {
  const held = heldKeys(config);
  return [...subscriptionsByKey].map(([key, count]) =>
    held.has(key)
      ? `${count} active subscriptions use the VAPID key ${key}, which is here.`
      : `${count} active subscriptions use the VAPID key ${key}, WHICH IS NOT HERE: put its vapid.json into ${config.dataDir}, or set VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY, before you start Bellhop.`,
  );
}

function waitingLine({ waitingDeliveries, unfinishedNotifications }: Restorable): string {
  return `${waitingDeliveries} deliveries were waiting, and ${unfinishedNotifications} notifications whose deliveries were not all made. What was sent after the backup is not known to be sent.`;
}
