import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { Backup, BackupStore, BackupStream } from '../store/backup-store.ts';

export type BackupsOptions = {
  readonly store: BackupStore;
  readonly events: Events;
  readonly clock: Clock;
  /** How many stay in the backup folder. */
  readonly keep: number;
};

/** Backups as callers ask for them. `sealedKeys`: keys and secrets, encrypted by the caller; null: the backup has none. */
export type Backups = {
  /** Those in the backup folder, newest first. */
  list(): Promise<readonly Backup[]>;
  /** Makes one in the backup folder, of which the oldest go. */
  make(sealedKeys: string | null): Promise<Backup>;
  /** Makes one for the caller. */
  take(sealedKeys: string | null): Promise<BackupStream>;
};

export function createBackups({ store, events, clock, keep }: BackupsOptions): Backups {
  const timed = async <Made extends { readonly octets: number }>(
    destination: 'folder' | 'answer',
    make: (madeAtMs: number) => Promise<Made>,
  ): Promise<Made> => {
    const madeAtMs = clock.now();
    const made = await make(madeAtMs);
    events.publish({
      type: 'backup.made',
      destination,
      octets: made.octets,
      madeAtMs,
      tookMs: Math.round(clock.now() - madeAtMs),
    });
    return made;
  };
  return {
    list: () => store.list(),
    async make(sealedKeys) {
      const made = await timed('folder', (madeAtMs) => store.make({ madeAtMs, sealedKeys }));
      await store.keepNewest(keep);
      return made;
    },
    take: (sealedKeys) => timed('answer', (madeAtMs) => store.take({ madeAtMs, sealedKeys })),
  };
}
