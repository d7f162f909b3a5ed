import { setTimeout } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { addOlderVapidPair, readVapidRing } from '../../config/key-files.ts';
import { readVapidPublicKey, type VapidKeyPair } from '../../domain/push-service/vapid-key.ts';
import { UnreadableFile } from './entry.ts';
import type { ImportOptions } from './options.ts';
import { readVapidKeyFile } from './vapid-key-file.ts';

/** A running service looks for new pairs once a second. */
const UNTIL_SEEN_MS = 1100;

export type ImportKeys = {
  /** For the lines that name no key; null where nobody said which it was. */
  readonly byDefault: string | null;
  /** What stands in, in a dry run, for the key that is yet to be brought along. */
  readonly standIn: { readonly for: string; readonly is: string } | null;
};

/**
 * Brings the key pair of the old system along, but in a dry run, and says which public key the lines have that name none. Throws
 * UnreadableFile where the pair is none, or must be set in the environment.
 */
export async function bringKeys(
  { vapidKey, vapidKeyFile, isDryRun }: Pick<ImportOptions, 'vapidKey' | 'vapidKeyFile' | 'isDryRun'>,
  config: Config,
): Promise<ImportKeys> {
  const pair = vapidKeyFile === null ? null : readVapidKeyFile(vapidKeyFile);
  const ring = [...(config.vapidKeys === null ? [] : [config.vapidKeys]), ...readVapidRing(config.dataDir)];
  const held = [...ring, ...config.olderVapidKeys].map(({ publicKey }) => publicKey);
  const [current] = held;
  const isMissing = pair !== null && !held.includes(pair.publicKey);
  if (isMissing && !isDryRun) await add(pair, config);
  const named = vapidKey === 'current' ? current : readVapidPublicKey(vapidKey ?? '');
  return {
    byDefault: named ?? pair?.publicKey ?? null,
    standIn: isMissing && isDryRun && current !== undefined ? { for: pair.publicKey, is: current } : null,
  };
}

async function add(pair: VapidKeyPair, config: Config): Promise<void> {
  if (config.vapidKeys !== null) throw new UnreadableFile(toBeSet([pair, ...config.olderVapidKeys]));
  addOlderVapidPair(config.dataDir, pair);
  await setTimeout(UNTIL_SEEN_MS);
}

/** As `rotate-vapid-key` does, the setting is written out: it can only be changed where it is set. */
function toBeSet(older: readonly VapidKeyPair[]): string {
  return [
    'The pairs are set by the environment, so add this one there, in every process, restart, and import again:',
    '',
    `VAPID_OLD_KEYS=${older.map(({ publicKey, privateKey }) => `${publicKey}:${privateKey}`).join(',')}`,
  ].join('\n');
}
