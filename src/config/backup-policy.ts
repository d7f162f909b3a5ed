import type { SettingValues } from './settings.ts';

const HOUR_MS = 3_600_000;

/** Whoever has a backup can try guesses in peace. */
export const SHORTEST_PASSPHRASE = 12;

/** Of the embedded store. */
export type BackupPolicy = {
  readonly folder: string;
  readonly everyMs: number;
  readonly keep: number;
  readonly withKeys: boolean;
};

/** Null: backups are made only when asked for. What does not go together is added to the problems. */
export function backupsOf(values: SettingValues, problems: string[]): BackupPolicy | null {
  const { BACKUP_DIR: folder, BACKUP_EVERY_HOURS: hours, BACKUP_KEEP: keep, MONGODB_URL } = values;
  if ((values.BACKUP_PASSPHRASE?.length ?? SHORTEST_PASSPHRASE) < SHORTEST_PASSPHRASE)
    problems.push(`BACKUP_PASSPHRASE has fewer than ${SHORTEST_PASSPHRASE} characters: use a longer one.`);
  if (folder === null) return null;
  if (MONGODB_URL !== null)
    problems.push('BACKUP_DIR is for the embedded store, and MONGODB_URL is set: unset BACKUP_DIR, and use mongodump.');
  const withKeys = values.BACKUP_WITH_KEYS;
  if (withKeys && values.BACKUP_PASSPHRASE === null)
    problems.push(
      'BACKUP_WITH_KEYS needs BACKUP_PASSPHRASE, with which the keys are encrypted: set it, or unset BACKUP_WITH_KEYS.',
    );
  return { folder, everyMs: hours * HOUR_MS, keep, withKeys };
}
