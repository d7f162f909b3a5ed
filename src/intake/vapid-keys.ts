import { AppError } from '../domain/app-error.ts';
import type { SubscriptionStore } from '../store/subscription-store.ts';

/** How many active subscriptions one VAPID key has. */
type VapidKeyUse = {
  readonly publicKey: string;
  /** Browsers subscribe with this one now. */
  readonly isCurrent: boolean;
  /** False: nothing can be sent to the subscriptions of this key. */
  readonly hasPrivateKey: boolean;
  readonly activeSubscriptions: number;
};

/** `movedPercent`: how many of all active subscriptions are on the current key, from 0 to 100, rounded down. */
type VapidKeyProgress = {
  readonly movedPercent: number;
  readonly keys: readonly VapidKeyUse[];
  /** The key that waits for a restart; null where none does. */
  readonly nextPublicKey: string | null;
};

/** Where the pair can be changed. It is read at a start alone: whatever is made waits for the next one. */
type VapidRotation = {
  /** The public key that the next start would take. */
  readonly next: () => string;
  /** Makes a pair, but where one waits already, and gives the public key of the one that waits. */
  readonly make: () => string;
};

export type VapidKeys = {
  /** The current key first, then the others by how much they are used. */
  progress(): Promise<VapidKeyProgress>;
  /** False where the pair is set where processes are started. */
  readonly canRotate: boolean;
  /** Makes a new key, which browsers subscribe with from the next start on. Repeated before that, it gives the same one. */
  rotate(): { readonly publicKey: string; readonly nextPublicKey: string };
};

export type VapidKeysOptions = {
  readonly store: Pick<SubscriptionStore, 'countByVapidKey'>;
  /** The public halves of the pairs that this process has at this moment, the current one first. */
  readonly publicKeys: () => readonly [string, ...string[]];
  /** Null where the pair is set where processes are started. */
  readonly rotation: VapidRotation | null;
};

const SET_ELSEWHERE =
  'The VAPID pair is set where the processes are started: `bellhop rotate-vapid-key` on the server writes out what to put there.';

/** How far a rotation has come, and the next one. */
export function createVapidKeys({ store, publicKeys: heldKeys, rotation }: VapidKeysOptions): VapidKeys {
  const waiting = (inUse: string): string | null => {
    const next = rotation?.next() ?? inUse;
    return next === inUse ? null : next;
  };
  return {
    canRotate: rotation !== null,
    rotate() {
      if (rotation === null) throw new AppError('vapid_key_set_elsewhere', SET_ELSEWHERE);
      const [publicKey] = heldKeys();
      return { publicKey, nextPublicKey: rotation.make() };
    },
    async progress() {
      const publicKeys = heldKeys();
      const counts = await store.countByVapidKey();
      const keys = [...new Set([...publicKeys, ...counts.keys()])].map(
        (publicKey): VapidKeyUse => ({
          publicKey,
          isCurrent: publicKey === publicKeys[0],
          hasPrivateKey: publicKeys.includes(publicKey),
          activeSubscriptions: counts.get(publicKey) ?? 0,
        }),
      );
      const all = keys.reduce((sum, { activeSubscriptions }) => sum + activeSubscriptions, 0);
      const moved = counts.get(publicKeys[0]) ?? 0;
      const byUse = keys.toSorted(
        (one, other) =>
          Number(other.isCurrent) - Number(one.isCurrent) || other.activeSubscriptions - one.activeSubscriptions,
      );
      const movedPercent = all === 0 ? 100 : Math.floor((100 * moved) / all);
      return { movedPercent, keys: byUse, nextPublicKey: waiting(publicKeys[0]) };
    },
  };
}
