import type { Clock } from '../clock.ts';
import type { Events } from '../domain/events.ts';
import type { BackupStore } from '../store/backup-store.ts';
import { createLoop, type Loop } from './loop.ts';

export type BackupKeeperOptions = {
  readonly store: BackupStore;
  readonly events: Events;
  readonly clock: Clock;
  readonly everyMs: number;
  /** How many stay. */
  readonly keep: number;
  /** Keys and secrets that go with each, encrypted; null: none do. */
  readonly sealKeys: (() => Promise<string>) | null;
  readonly intervalMs?: number;
};

/** How often it is asked whether the newest one is old enough; also what is waited for after one that failed. */
const DEFAULT_INTERVAL_MS = 600_000;

export type BackupKeeper = Loop & { tick(): Promise<void> };

/** Makes a backup in the backup folder whenever the newest one there has its age, and removes the oldest. */
export function createBackupKeeper(options: BackupKeeperOptions): BackupKeeper {
  const { store, events, clock, everyMs, keep, sealKeys, intervalMs = DEFAULT_INTERVAL_MS } = options;
  let isNewestKnown = false;
  const tick = async (): Promise<void> => {
    const [newest] = await store.list();
    if (newest !== undefined && !isNewestKnown) {
      events.publish({ type: 'backup.found', name: newest.name, octets: newest.octets, madeAtMs: newest.madeAtMs });
    }
    isNewestKnown = true;
    const madeAtMs = clock.now();
    if (newest !== undefined && madeAtMs - newest.madeAtMs < everyMs) return;
    const { octets } = await store.make({ madeAtMs, sealedKeys: sealKeys === null ? null : await sealKeys() });
    const tookMs = Math.round(clock.now() - madeAtMs);
    events.publish({ type: 'backup.made', destination: 'folder', octets, madeAtMs, tookMs });
    await store.keepNewest(keep);
  };
  return { ...createLoop({ name: 'backup_keeper', intervalMs, clock, events, tick }), tick };
}
