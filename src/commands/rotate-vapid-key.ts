import { parseConfig } from '../config/config.ts';
import { checkDataFolder } from '../config/data-folder.ts';
import { readEnvironment, readText } from '../config/environment.ts';
import { rotateVapidFile } from '../config/key-files.ts';
import { generateVapidKeys } from '../config/vapid-key-maker.ts';
import { printable } from '../domain/printable-text.ts';

/**
 * Makes a new VAPID pair the current one. In the data folder it is done at once; a pair in the environment can only be
 * changed there, so the settings to put there are written out. Rejects with ConfigError where there is nothing to rotate.
 */
export async function rotateVapidKey(): Promise<number> {
  const config = parseConfig(readEnvironment(), readText);
  const { vapidKeys, olderVapidKeys } = config;
  if (vapidKeys === null) {
    checkDataFolder(config.dataDir);
    const { publicKey, path } = rotateVapidFile(config.dataDir);
    process.stdout.write(`A new VAPID key is in ${printable(path)}: ${publicKey}\n${WHAT_NOW}`);
    return 0;
  }
  const { publicKey, privateKey } = generateVapidKeys();
  const older = [vapidKeys, ...olderVapidKeys].map((pair) => `${pair.publicKey}:${pair.privateKey}`);
  process.stdout.write(
    [
      'The pair is set by the environment, so change it there, in every process at once:',
      '',
      `VAPID_PUBLIC_KEY=${publicKey}`,
      `VAPID_PRIVATE_KEY=${privateKey}`,
      `VAPID_OLD_KEYS=${older.join(',')}`,
      '',
      WHAT_NOW,
    ].join('\n'),
  );
  return 0;
}

const WHAT_NOW = `Restart Bellhop now. Who subscribed with an earlier key goes on receiving; pages subscribe with the new one on their
next visit. GET /v1/push/vapid-keys tells how far that has come. Keep the earlier pairs until it has come far enough.
`;
