import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError, parseConfig } from '../config/config.ts';
import { checkDataFolder } from '../config/data-folder.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { readVapidRing } from '../config/key-files.ts';
import { AppError } from '../domain/app-error.ts';
import { printable } from '../domain/printable-text.ts';
import { type Restorable, restoreStore } from '../store/sqlite/restore.ts';

/** `file`: `-` is standard input. */
export type RestoreCall = { readonly file: string; readonly mayMissLog: boolean };

const MONGODB =
  'Documents are in MongoDB: restore them with mongorestore, and call bellhop pause before Bellhop is started on them (docs/backup.md).';

/** Puts a backup where the store is to be, paused. Nothing that is there is written over. Gives the exit code. */
export async function runRestore({ file, mayMissLog }: RestoreCall): Promise<number> {
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
    confirm: async () => {},
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

/** Which VAPID keys the subscriptions need, and whether they are here. */
function keyLines(
  { subscriptionsByKey }: Restorable,
  { dataDir, vapidKeys, olderVapidKeys }: Config,
): readonly string[] {
  const held = new Set(
    [...(vapidKeys === null ? [] : [vapidKeys]), ...olderVapidKeys, ...readVapidRing(dataDir)].map(
      ({ publicKey }) => publicKey,
    ),
  );
  return [...subscriptionsByKey].map(([key, count]) =>
    held.has(key)
      ? `${count} active subscriptions use the VAPID key ${key}, which is here.`
      : `${count} active subscriptions use the VAPID key ${key}, WHICH IS NOT HERE: put its vapid.json into ${dataDir}, or set VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY, before you start Bellhop.`,
  );
}

function waitingLine({ waitingDeliveries, unfinishedNotifications }: Restorable): string {
  return `${waitingDeliveries} deliveries were waiting, and ${unfinishedNotifications} notifications whose deliveries were not all made. What was sent after the backup is not known to be sent.`;
}
