/** What a backup is told about itself. */
export type BackupNotes = {
  readonly madeAtMs: number;
  /** Keys and secrets, encrypted with a passphrase; null: the backup has none. */
  readonly sealedKeys: string | null;
};

/** One in the backup folder. */
export type Backup = { readonly name: string; readonly octets: number; readonly madeAtMs: number };

/** One that is handed on. It is gone once it was read, or once the reader stops. */
export type BackupStream = { readonly octets: number; readonly content: AsyncIterable<Uint8Array> };

/**
 * Whole copies of the store, made while it is in use, each one file that says of itself that it is a backup: a store that is
 * opened on it sends nothing before a person decides. A copy has all that was committed when it was asked for.
 *
 * One is made at a time: meanwhile both reject with AppError `backup_under_way`. They reject with `backup_unavailable` where the
 * store is backed up by other means, or has no backup folder; and with `store_unavailable` where the disk does not take it.
 */
export interface BackupStore {
  /** Makes one in the backup folder: the whole file is there under its name, or nothing is. */
  make(notes: BackupNotes): Promise<Backup>;
  /** Makes one to hand on. */
  take(notes: BackupNotes): Promise<BackupStream>;
  /** Those in the backup folder, newest first; none where there is no folder. */
  list(): Promise<readonly Backup[]>;
  /**
   * Removes what an upgrade kept of the store as it was before, unless the upgrade was part of this start. To be called once a
   * start went well. Returns whether there was one.
   */
  forgetUpgrade(): Promise<boolean>;
  /** Removes the oldest of them, and leaves so many. Returns the names of those removed. */
  keepNewest(count: number): Promise<readonly string[]>;
}
