import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { type Keys, publicKeysOf } from '../config/key-files.ts';
import { VAPID_KEYS_PATH } from '../http/v1/vapid-keys.ts';
import { createAuditLog } from '../intake/audit-log.ts';
import type { Store } from '../store/store.ts';

export type StartCheckOptions = {
  readonly config: Config;
  readonly keys: Keys;
  readonly log: Logger;
  readonly store: Pick<Store, 'facts' | 'subscriptions' | 'audit'>;
  readonly clock: Clock;
};

/**
 * Browsers subscribed to one key, and push services refuse any other. A pair that was made beside a store that knows
 * another is a mistake: a folder lost, or not shared between processes. A pair that was set is somebody's decision.
 */
export async function checkVapidKeys({ config, keys, log, store, clock }: StartCheckOptions): Promise<void> {
  const { publicKey } = keys.vapid;
  const known = await store.facts.keep('vapid_public_key', publicKey);
  const ring = publicKeysOf(keys);
  if (config.vapidKeys === null && !ring.includes(known)) {
    throw new ConfigError([
      `The VAPID key pair in ${config.dataDir} is not the one that this store's browsers subscribed to: put the right vapid.json there, or let all processes share one DATA_DIR, or set VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY.`,
    ]);
  }
  const counts = await store.subscriptions.countByVapidKey(Number.MAX_SAFE_INTEGER);
  const lost = [...counts].filter(([key]) => !ring.includes(key)).reduce((sum, [, count]) => sum + count, 0);
  if (lost > 0 && !config.allowLostVapidKeys) {
    throw new ConfigError([
      `${lost} active subscriptions were made with a VAPID key that is not held, so nothing could be sent to them: add the pair to VAPID_OLD_KEYS. If it is lost for good, set ALLOW_LOST_VAPID_KEYS=true; their browsers must subscribe again.`,
    ]);
  }
  if (known === publicKey) return;
  const left = [...counts].filter(([key]) => key !== publicKey).reduce((sum, [, count]) => sum + count, 0);
  log.warn(
    { public_key: publicKey, left },
    `the VAPID key was rotated: ${left} active subscriptions still use an earlier one (GET ${VAPID_KEYS_PATH})`,
  );
  // Here, since the command may run beside no store; and before it counts, as every change.
  const entry = {
    by: 'command',
    who: 'start',
    action: 'rotateVapidKey',
    target: publicKey,
    from: '',
    requestId: '',
  } as const;
  await createAuditLog(store.audit).record({ ...entry, atMs: clock.now(), refusal: null });
  await store.facts.replace('vapid_public_key', publicKey);
}

/** When this was written: a clock that says less is wrong, and push services would refuse every token signed by it. */
const EARLIEST_SANE_MS = Date.UTC(2026, 0, 1);

/** Throws ConfigError where the clock cannot be right. */
export function checkClock(nowMs: number): void {
  if (nowMs >= EARLIEST_SANE_MS) return;
  throw new ConfigError([
    `This machine’s clock says ${new Date(nowMs).toISOString()}: set it right (NTP). Push services refuse every push signed at a wrong time.`,
  ]);
}
