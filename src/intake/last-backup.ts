import type { Events } from '../domain/events.ts';
import type { FactStore } from '../store/fact-store.ts';

/** When the newest backup was made that is known of: in the backup folder, or handed on to a caller. */
export type LastBackup = { atMs(): Promise<number | null> };

/** The fact under which it is kept. */
const LAST_BACKUP_FACT = 'last_backup';

/** Notes each backup as it is announced. Where that fails, the next one is noted, and this process knows it all the same. */
export function createLastBackup(store: Pick<FactStore, 'find' | 'replace'>, events: Events): LastBackup {
  let knownAtMs = 0;
  events.subscribe((event) => {
    if (event.type !== 'backup.made' && event.type !== 'backup.found') return;
    if (event.madeAtMs <= knownAtMs) return;
    knownAtMs = event.madeAtMs;
    void store
      .replace(LAST_BACKUP_FACT, String(event.madeAtMs))
      .catch((error: unknown) => events.publish({ type: 'part.failed', part: 'store', error }));
  });
  return {
    async atMs() {
      const kept = Number((await store.find(LAST_BACKUP_FACT)) ?? 0);
      const latest = Math.max(knownAtMs, Number.isFinite(kept) ? kept : 0);
      return latest === 0 ? null : latest;
    },
  };
}
